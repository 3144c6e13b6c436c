"""The store: what ``prepare`` leaves on disk, opened without decoding anything.

A folder with ``index.json`` and uint8 shards such as ``train-00000.npy`` of shape ``[n, windows, T, 3, H, W]``.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vidense.data.originals import Original
from vidense.data.real import RealClips
from vidense.data.spec import ClipSpec
from vidense.data.store_index import INDEX, read_store_index
from vidense.errors import UserError
from vidense.records import content_hash

__all__ = ["ClipStore", "StoredVideo"]


@dataclass(frozen=True)
class StoredVideo:
    """One video of a store.

    Attributes:
        path: relative to :attr:`ClipStore.source`.
        sha256: of the source file.
        label: position in the class names.
        split: ``"train"`` or ``"test"``.
        group: which source it was cut from.
        length: frames in the whole video.
        windows: frame indices of each stored clip.
        flips: which stored clips are mirrored.
    """

    path: str
    sha256: str
    label: int
    split: str
    group: str
    length: int
    windows: tuple[tuple[int, ...], ...]
    flips: tuple[bool, ...]

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "StoredVideo":
        """Read a row of the index; other keys are ignored."""
        values = {name: row[name] for name in ("path", "sha256", "label", "split", "group", "length")}
        windows = tuple(tuple(window) for window in row["windows"])
        return cls(**values, windows=windows, flips=tuple(row["flips"]))


@contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """Do not look for garbage inside the block: a large index is millions of small objects, and none of them is."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class ClipStore:
    """A prepared dataset.

    Attributes:
        path: its folder.
        source: the folder that the videos were read from.
        spec: shape and normalisation of the clips.
        class_names: a label is a position in this tuple.
        videos: one record per stored video; those of a split are in the order of :attr:`train` and :attr:`test`.
        content_hash: equal for stores of equal clips, wherever they lie.
        settings: what ``prepare`` was asked for.
        train: the training clips.
        test: the test clips.
    """

    def __init__(self, path: Path, index: dict[str, Any]) -> None:
        """Open the shards an index names; use :meth:`open`, which explains what is wrong with a damaged store."""
        self.path, self.source = path, Path(index["source"])
        self.spec = ClipSpec.from_json(index["spec"])
        self.class_names: tuple[str, ...] = tuple(index["class_names"])
        self.videos = tuple(StoredVideo.from_json(row) for row in index["videos"])
        self.content_hash: str = index["content_hash"]
        self.settings: dict[str, Any] = index["settings"]
        self.train = self._view(index["shards"], "train")
        self.test = self._view(index["shards"], "test")

    @classmethod
    def open(cls, path: Path | str) -> "ClipStore":
        """Open the store at ``path`` and check that its shards are there and have the right size.

        Raises:
            UserError: if it is missing, unfinished, of another version, or damaged.
        """
        path = Path(path)
        if not (path / INDEX).is_file():
            state = "was not prepared to the end" if (path / "parts").is_dir() else f"is no store (it has no {INDEX})"
            raise UserError(f"{str(path)!r} {state}; run prepare with it as the output")
        with _nothing_is_garbage():
            index = read_store_index(path)
            try:
                return cls(path, index)
            except (UserError, ValueError, OSError) as error:
                told = f"{type(error).__name__}: {error}"
                raise UserError(f"{str(path)!r} is damaged ({told}); prepare it fresh") from error

    @property
    def cache(self) -> Path:
        """A folder for what is computed once per store; whoever writes there creates it."""
        return self.path / "cache"

    @property
    def one_clip(self) -> bool:
        """Whether a rule took one clip of each video, so that every pass over them sees the same."""
        return "sampling" in self.settings

    def _view(self, shards: list[dict[str, Any]], split: str) -> RealClips:
        own = [shard for shard in shards if shard["split"] == split]
        arrays = [self._shard(shard) for shard in own]
        videos = [video for video in self.videos if video.split == split]
        # Before they are listed: a stranger's shard of no windows may claim any number of them.
        if (found := sum(map(len, arrays))) != len(videos):
            raise ValueError(f"{found} {split} rows for {len(videos)} videos")
        rows = [(number, row) for number, array in enumerate(arrays) for row in range(len(array))]
        labels = torch.tensor([video.label for video in videos], dtype=torch.int64)
        groups = [video.group for video in videos]
        content = content_hash([self.content_hash, split])
        crop = self.settings.get("resize") == "crop"
        originals = [Original(self.source, v.path, v.sha256, self._stride(v), crop) for v in videos]
        return RealClips(self.spec, self.class_names, labels, groups, arrays, rows, content, originals)

    def _stride(self, video: StoredVideo) -> int:
        """Return what distance between frames was asked for, or under a rule the one that it led to."""
        if not self.one_clip:
            return int(self.settings.get("stride", 1))
        window = video.windows[0]
        return max(1, (window[-1] - window[0]) // max(1, len(window) - 1))

    def _shard(self, shard: dict[str, Any]) -> NDArray[np.uint8]:
        name, file = shard["file"], self.path / shard["file"]
        if (found := file.stat().st_size) != shard["bytes"]:
            raise ValueError(f"{name} has {found} bytes instead of {shard['bytes']}")
        try:
            array: NDArray[np.uint8] = np.load(file, mmap_mode="r", allow_pickle=False)
        except Exception as error:  # whatever the parser of the header meets
            raise ValueError(f"{name} is no array: {error}") from None
        shape = list(array.shape)
        # A shard of no windows may claim any number of rows.
        if (
            shape != shard["shape"]
            or array.shape[2:] != self.spec.shape
            or array.dtype != np.uint8
            or (shape[0] and not shape[1])
        ):
            raise ValueError(f"{name} holds {array.dtype} {array.shape}")
        return array
