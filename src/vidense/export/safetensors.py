"""Format ``safetensors``: ``clips.safetensors``, all clips decoded, and ``load_clips.py``, which needs no vidense."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from vidense.condensed import CondensedDataset
from vidense.export.base import FORMATS
from vidense.records import replacing

__all__ = ["FILE", "LOADER", "write_tensors"]

FILE, LOADER = "clips.safetensors", "load_clips.py"


@FORMATS.register("safetensors")
def write_tensors(dataset: CondensedDataset, folder: Path) -> Iterator[str]:
    """Write exactly what :func:`vidense.load` gives, so that its bits come back.

    ``clips`` ``[N, T, 3, H, W]`` are uint8 pixels where :meth:`~vidense.data.spec.ClipSpec.normalise` makes every bit
    of the clips of them (real ones that were chosen, say), and otherwise the normalised float32 numbers. ``labels``
    are int64 ``[N]``, ``soft_labels`` float32 ``[N, C]`` where there are some.
    """
    spec, count = dataset.spec, len(dataset)
    as_pixels = all(_are_pixels(dataset, number) for number in range(count))
    clips = np.empty((count, *spec.shape), np.uint8 if as_pixels else np.float32)
    for number in range(count):
        clip, _ = dataset[number]
        clips[number] = spec.denormalise(clip) if as_pixels else clip
        yield FILE
    tensors = {"clips": clips, "labels": dataset.labels.numpy()}
    if dataset.soft_labels is not None:
        tensors["soft_labels"] = dataset.soft_labels.numpy()
    with replacing(folder / FILE) as temporary:
        save_file(tensors, temporary)
    shutil.copyfile(Path(__file__).with_name(LOADER), folder / LOADER)


def _are_pixels(dataset: CondensedDataset, number: int) -> bool:
    clip, _ = dataset[number]
    return bool((dataset.spec.normalise(dataset.spec.denormalise(clip)) == clip).all())
