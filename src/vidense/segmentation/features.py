"""A folder of features as MS-TCN and its successors read it (50Salads, GTEA, Breakfast and any other of that form).

``features/VIDEO.npy`` holds ``[D, T]`` floats, ``groundTruth/VIDEO.txt`` a class name for each of T frames,
``mapping.txt`` a line ``ID NAME`` for each class, ``splits/train.splitK.bundle`` and ``splits/test.splitK.bundle`` a
line ``VIDEO.txt`` for each video.
"""

from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vidense.errors import UserError, suggest
from vidense.records import content_hash, file_hash

__all__ = ["PARTS", "FeatureFolder", "FeatureVideos"]

PARTS = ("train", "test")
"""Halves of a split."""

# Features of half a split up to this many bytes as float32 are read once and kept; larger ones are read video by video.
KEPT_BYTES = 2**31
LONGEST_NUMBER = 9


class FeatureFolder:
    """A folder of features; videos are read when asked for.

    Attributes:
        path: the folder.
        class_names: names by id.
        splits: numbers of the splits that have both bundles.
    """

    def __init__(self, path: str | Path) -> None:
        """Open a folder.

        Raises:
            UserError: if it lacks a part of the layout, or the mapping is not one.
        """
        self.path = Path(path)
        for name in ("features", "groundTruth", "mapping.txt", "splits"):
            if not (self.path / name).exists():
                raise UserError(
                    f"{str(self.path)!r} has no {name!r}; give a folder with features/, groundTruth/, mapping.txt and "
                    "splits/, as MS-TCN reads it"
                )
        self.class_names = _read_mapping(self.path / "mapping.txt")
        names = {part: {file.name for file in (self.path / "splits").glob(f"{part}.split*.bundle")} for part in PARTS}
        numbers = {name.removeprefix("train.split").removesuffix(".bundle") for name in names["train"]}
        # As they are written again when a split is read: neither 01 nor a digit of another script.
        plain = [number for number in numbers if number.isdecimal() and str(int(number)) == number]
        both = [number for number in plain if f"test.split{number}.bundle" in names["test"]]
        self.splits = tuple(sorted(map(int, both)))
        if not self.splits:
            raise UserError(
                f"{str(self.path / 'splits')!r} has no train.split1.bundle with a test.split1.bundle; add both"
            )

    def videos(self, part: str, split: int, subsample: int = 1) -> "FeatureVideos":
        """Return the videos of one half of a split.

        Args:
            part: ``train`` or ``test``.
            split: one of :attr:`splits`.
            subsample: keep every n-th frame (2 for 50Salads, whose features are 30 a second and are used at 15).

        Raises:
            UserError: as of :meth:`names`, if no frame is kept, a file is missing, or features and classes do not fit.
        """
        names = self.names(part, split)
        if subsample < 1:
            raise UserError(f"subsample={subsample} keeps no frame; give an integer of at least 1")
        return FeatureVideos(self.path, names, self.class_names, subsample)

    def names(self, part: str, split: int) -> list[str]:
        """Return the names of the videos of one half of a split, whether their files are there or not.

        Raises:
            UserError: if there is no such split, a bundle of it is none, or a video is in both halves.
        """
        if split not in self.splits:
            raise UserError(f"split {split} is not there{suggest(str(split), map(str, self.splits))}")
        halves = {name: _read_bundle(self.path / "splits" / f"{name}.split{split}.bundle") for name in PARTS}
        if both := sorted(set.intersection(*map(set, halves.values()))):
            raise UserError(
                f"split {split} of {str(self.path)!r} trains and tests on {both[0]!r}; take it out of one bundle"
            )
        return halves[part]


class FeatureVideos:
    """Some videos of a feature folder; satisfies :class:`vidense.segmentation.sequences.LabelledSequences`.

    Attributes:
        names: of the videos.
        class_names: C names.
        dimension: D.
        subsample: every n-th frame is used.
    """

    def __init__(self, path: Path, names: Sequence[str], class_names: Sequence[str], subsample: int) -> None:
        """Check shapes and classes of all videos; numbers are read later.

        Raises:
            UserError: as of :meth:`FeatureFolder.videos`.
        """
        self.path, self.names, self.class_names = path, tuple(names), tuple(class_names)
        self.subsample = subsample
        shapes = [_open(self._file(name)).shape for name in self.names]
        self.dimension = int(shapes[0][0])
        self._truth = [_read_classes(path / "groundTruth" / f"{name}.txt", self.class_names) for name in self.names]
        for name, (dimension, frames), truth in zip(self.names, shapes, self._truth, strict=True):
            if dimension != self.dimension:
                raise UserError(
                    f"{str(self._file(name))!r} has {dimension} features a frame, {self.names[0]!r} has "
                    f"{self.dimension}; make both with the same network"
                )
            if frames != len(truth):
                raise UserError(
                    f"{str(self._file(name))!r} has {frames} frames, its groundTruth has {len(truth)}; "
                    "features are [D, T] with as many frames as lines: make one of them again"
                )
        numbers = sum(len(truth) for truth in self._truth) * self.dimension / subsample
        self._kept: dict[int, Tensor] | None = {} if 4 * numbers <= KEPT_BYTES else None

    def _file(self, name: str) -> Path:
        return self.path / "features" / f"{name}.npy"

    def __len__(self) -> int:
        return len(self.names)

    def features(self, index: int) -> Tensor:
        """Return float32 ``[D, T]`` of a video at the subsampled rate.

        Raises:
            UserError: if the file holds NaN or infinity, or can no longer be read.
        """
        if self._kept is not None and index in self._kept:
            return self._kept[index]
        file = self._file(self.names[index])
        # A copy, for torch does not take arrays that must not be written to.
        found = torch.from_numpy(np.array(_open(file)[:, :: self.subsample], dtype=np.float32))
        if not bool(found.isfinite().all()):
            frame = int((~found.isfinite()).any(0).nonzero()[0]) * self.subsample
            raise UserError(f"{str(file)!r} holds NaN or infinity at frame {frame}; make the features again")
        if self._kept is not None:
            self._kept[index] = found
        return found

    def labels(self, index: int) -> Tensor:
        """Return int64 ``[T]`` of a video at the subsampled rate."""
        return self._truth[index][:: self.subsample]

    def truth(self, index: int) -> Tensor:
        """Return the class of every frame as annotated, int64 ``[T]``."""
        return self._truth[index]

    @property
    def content_hash(self) -> str:
        """Hash of all files that the videos are read from, and of how they are read; reads them all."""
        files = [file for name in self.names for file in (self._file(name), self.path / "groundTruth" / f"{name}.txt")]
        return content_hash([self.class_names, self.subsample, self.names, [file_hash(file) for file in files]])


def _open(file: Path) -> NDArray[np.floating]:
    try:
        # Mapped, not read: only the shape is needed before a video's turn comes.
        found = np.load(file, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise UserError(f"{str(file)!r} does not exist, though a split names the video; add it") from None
    except (OSError, ValueError, EOFError, TypeError, OverflowError, TokenError) as error:
        raise UserError(f"{str(file)!r} is no readable .npy file ({error}); make the features again") from None
    if (
        not isinstance(found, np.ndarray)
        or found.ndim != 2
        or not found.size
        or not np.issubdtype(found.dtype, np.floating)
    ):
        kind = f"{found.dtype} {list(found.shape)}" if isinstance(found, np.ndarray) else "an archive of arrays"
        raise UserError(f"{str(file)!r} holds {kind}; features are floats [D, T]")
    return found


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{str(file)!r} does not exist; add it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{str(file)!r} is no readable text ({error}); write it again") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _read_mapping(file: Path) -> tuple[str, ...]:
    names: dict[int, str] = {}
    for line in _lines(file):
        number, _, name = line.partition(" ")
        # Python refuses to read numbers of thousands of digits.
        if not number.isdecimal() or len(number) > LONGEST_NUMBER or not name.strip() or int(number) in names:
            raise UserError(f"{str(file)!r}, line {line!r}: write a number that stands once, and a class name")
        names[int(number)] = name.strip()
    if sorted(names) != list(range(len(names))) or not names or len(set(names.values())) < len(names):
        raise UserError(f"{str(file)!r} does not number different classes 0, 1, 2 and so on; write it again")
    return tuple(names[number] for number in range(len(names)))


def _read_bundle(file: Path) -> list[str]:
    names = [line.removesuffix(".txt") for line in _lines(file)]
    # A split from a stranger must not name files elsewhere.
    for name in names:
        if Path(name).name != name or name in ("", ".", ".."):
            raise UserError(f"{str(file)!r} names the video {name!r}; a name has no folder in it")
    if not names or len(set(names)) < len(names):
        raise UserError(f"{str(file)!r} must name at least one video, and none twice; write it again")
    return names


def _read_classes(file: Path, class_names: Sequence[str]) -> Tensor:
    ids = {name: number for number, name in enumerate(class_names)}
    lines = _lines(file)
    for number, name in enumerate(lines, start=1):
        if name not in ids:
            raise UserError(f"{str(file)!r}, line {number}: unknown class {name!r}{suggest(name, ids)}")
    return torch.tensor([ids[name] for name in lines], dtype=torch.int64)
