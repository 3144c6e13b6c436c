"""What a layout finds in a source, and the registry of layouts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from vidense.errors import UserError
from vidense.registry import Registry
from vidense.seeding import derive

__all__ = [
    "LAYOUTS",
    "VIDEO_ENDINGS",
    "Entry",
    "LayoutOptions",
    "Listing",
    "assign_splits",
    "is_video",
    "require_folder",
    "require_split_1",
]

VIDEO_ENDINGS = frozenset({
    ".3gp", ".asf", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".vob",
    ".webm", ".wmv",
})  # fmt: skip
"""File endings, in lower case, that layouts which list folders take for videos."""

TEST_SHARE = 0.2
"""Part of each class that becomes test videos where the source names no split."""


@dataclass(frozen=True)
class Entry:
    """One video of a source.

    Attributes:
        path: relative to the listing's root, with forward slashes.
        class_name: its class.
        split: ``"train"`` or ``"test"``.
        group: where it was cut from; clips of one group resemble each other and never straddle a validation split.
    """

    path: str
    class_name: str
    split: str
    group: str

    def __post_init__(self) -> None:
        # Names in another encoding reach Python with surrogates, which no index could hold.
        if any("\ud800" <= letter <= "\udfff" for letter in self.path):
            raise UserError(f"the file name {self.path!a} is not UTF-8; rename the file")
        path = Path(self.path)
        if path.is_absolute() or path.drive or ".." in path.parts:
            # A store that is passed on would hold a file that nobody meant to pass on.
            raise UserError(
                f"the video {self.path!r} is outside its source folder; write paths relative to it, below it"
            )


@dataclass(frozen=True)
class Listing:
    """All videos of a source.

    Attributes:
        name: the layout's name.
        root: the folder that paths are relative to.
        class_names: a label is a position in this tuple.
        entries: the videos, in the order they are stored.
        flip: whether each stored clip is mirrored with a probability of one half, as the dataset's published loader
            does; False wherever labels might depend on direction.
        crop_size: the size in pixels at which frames are cropped rather than squashed unless told otherwise.
        frames: frames in a clip unless told otherwise.
        size: side of a frame in pixels unless told otherwise.
        sampling: distance in frames of the video between two frames of a clip, or the name of the rule of
            :data:`~vidense.data.sampling.RULES` that takes one clip of each video; unless told otherwise.
        expected: how many training and test videos the complete dataset has, where that is known.
        notes: sentences for the report.
    """

    name: str
    root: Path
    class_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    flip: bool = False
    crop_size: int | None = None
    frames: int = 16
    size: int = 112
    sampling: int | str = 4
    expected: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayoutOptions:
    """What a layout may be asked.

    Attributes:
        split: number of the split, from 1, of datasets that name several.
        seed: decides the split of sources that name none.
    """

    split: int = 1
    seed: int = 0


LAYOUTS: Registry[Callable[[Path, LayoutOptions], Listing]] = Registry("layout")
"""Layouts by name: functions from a source and options to a listing; they raise ``UserError`` if it does not fit."""


def is_video(path: Path) -> bool:
    """Tell whether a file's name says that it is a video (hidden files are not); a link to nothing is a missing one."""
    named = path.suffix.lower() in VIDEO_ENDINGS and not path.name.startswith(".")
    return named and (path.is_file() or (path.is_symlink() and not path.exists()))


def assign_splits(entries: Iterable[Entry], seed: int) -> tuple[Entry, ...]:
    """Make a split for a source that has none: a fifth of each class, by whole groups, becomes test videos.

    Groups are ordered by a hash of their name and the seed, the same in every class, so that adding a class leaves the
    others as they were. Groups are taken until a fifth is reached; a class with a single group has no test videos.

    Args:
        entries: videos whose ``split`` is ignored.
        seed: another seed gives another split.

    Returns:
        The same videos in the same order with their splits.
    """
    entries = tuple(entries)
    members: dict[str, dict[str, int]] = {}
    for entry in entries:
        groups = members.setdefault(entry.class_name, {})
        groups[entry.group] = groups.get(entry.group, 0) + 1
    tested: set[tuple[str, str]] = set()
    for class_name, groups in members.items():
        ordered = sorted(groups, key=lambda group: (derive(seed, "split", group), group))
        wanted, taken = TEST_SHARE * sum(groups.values()), 0
        for group in ordered[:-1]:
            if taken >= wanted:
                break
            tested.add((class_name, group))
            taken += groups[group]
    return tuple(
        replace(entry, split="test" if (entry.class_name, entry.group) in tested else "train") for entry in entries
    )


def require_folder(source: Path, layout: str) -> None:
    """Raise ``UserError`` unless ``source`` is a folder."""
    if not source.is_dir():
        raise UserError(f"{str(source)!r} is not a folder; layout {layout!r} reads a folder, so give its path")


def require_split_1(options: LayoutOptions, layout: str) -> None:
    """Raise ``UserError`` unless the first split is asked for, of a layout that has no other."""
    if options.split != 1:
        raise UserError(f"split={options.split} does not exist: layout {layout!r} has one split; leave it at 1")
