"""Format ``webdataset``: tar files ``train-000000.tar`` of samples ``00000.mp4``, ``00000.cls``, ``00000.json``."""

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from vidense.condensed import CondensedDataset
from vidense.data.mp4 import write_mp4
from vidense.export.base import FORMATS, labels_of
from vidense.export.mp4 import FRAMES_PER_SECOND

__all__ = ["write_shards"]

# Large enough to be read at full speed, small enough for several workers to share a dataset.
SHARD_BYTES = 256 * 2**20


@FORMATS.register("webdataset")
def write_shards(dataset: CondensedDataset, folder: Path) -> Iterator[str]:
    """Write samples in order, each with its video, its label in digits, and label, class and soft labels as JSON.

    A tar file takes samples up to :data:`SHARD_BYTES`. Equal datasets give equal bytes.
    """
    names, shard, name = (f"train-{number:06}.tar" for number in count()), None, ""
    with ExitStack() as shards:
        for number in range(len(dataset)):
            files = _files(dataset, number, folder / "clip.mp4")
            size = sum(map(len, files.values()))
            if shard is None or shard.offset + size > SHARD_BYTES:
                shards.close()
                name = next(names)
                shard = shards.enter_context(tarfile.open(folder / name, "w", format=tarfile.USTAR_FORMAT))
            for ending, data in files.items():
                # Whatever a member does not say of itself (owner, time) is zero.
                member = tarfile.TarInfo(f"{number:05}.{ending}")
                member.size = len(data)
                shard.addfile(member, io.BytesIO(data))
            yield name


def _files(dataset: CondensedDataset, number: int, scratch: Path) -> dict[str, bytes]:
    """Return the files of a sample by ending; ``scratch`` is where its video lies for a moment."""
    write_mp4(scratch, dataset.pictures(number), FRAMES_PER_SECOND)
    video = scratch.read_bytes()
    scratch.unlink()
    labels = labels_of(dataset, number)
    return {"mp4": video, "cls": str(labels["label"]).encode(), "json": json.dumps(labels).encode()}
