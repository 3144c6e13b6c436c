"""Layout ``folder``: ``class/clip.ext``, optionally below ``train/`` and ``test/``."""

from collections.abc import Iterator
from pathlib import Path

from vidense.data.layouts.base import (
    LAYOUTS,
    VIDEO_ENDINGS,
    Entry,
    LayoutOptions,
    Listing,
    assign_splits,
    is_video,
    require_folder,
)
from vidense.errors import UserError

__all__ = ["scan"]


@LAYOUTS.register("folder")
def scan(source: Path, options: LayoutOptions) -> Listing:
    """List the videos of a folder of class folders.

    With ``train/`` and ``test/`` on top, these are the splits. Without, a fifth of each class becomes test videos
    (:func:`~vidense.data.layouts.base.assign_splits`). A video directly in its class folder is a group of its own;
    videos in a folder below the class folder (``class/person1/clip.mp4``) form one group.

    Raises:
        UserError: if there are no videos, only one of the two split folders, or ``options.split`` is not 1.
    """
    require_folder(source, "folder")
    if options.split != 1:
        raise UserError(f"split={options.split} does not exist: a folder has one split; leave it at 1 or use a csv")
    tops = [folder for folder in ("train", "test") if _has_classes(source / folder)]
    if len(tops) == 1:
        other = "test" if tops == ["train"] else "train"
        raise UserError(
            f"{str(source)!r} has {tops[0]}/ but no {other}/ with class folders; add it, or move the class folders up "
            "for a split to be made"
        )
    if tops:
        entries = tuple(entry for top in tops for entry in _entries(source, source / top, top))
    else:
        entries = assign_splits(_entries(source, source, "train"), options.seed)
    if not entries:
        raise UserError(
            f"{str(source)!r} holds no class folder with videos ({' '.join(sorted(VIDEO_ENDINGS))}); put each video in "
            "a folder named after its class"
        )
    class_names = tuple(sorted({entry.class_name for entry in entries}))
    return Listing("folder", source, class_names, entries, notes=_notes(source, tops))


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))


def _has_classes(top: Path) -> bool:
    # A class may itself be called "train": then its videos lie directly in it.
    return any(_videos(folder) for folder in _folders(top)) and not any(is_video(child) for child in top.iterdir())


def _videos(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if is_video(path))


def _entries(root: Path, top: Path, split: str) -> Iterator[Entry]:
    for folder in _folders(top):
        for path in _videos(folder):
            own = path.relative_to(root).as_posix()
            group = own if path.parent == folder else path.parent.relative_to(root).as_posix()
            yield Entry(own, folder.name, split, group)


def _notes(source: Path, tops: list[str]) -> tuple[str, ...]:
    notes = []
    if not tops:
        notes.append("no train/ and test/ folders: a fifth of each class was chosen for testing")
    loose = sum(is_video(child) for child in source.iterdir())
    if loose:
        notes.append(f"{loose} videos outside any class folder were left out")
    expected = [source / top for top in tops] or [source]
    bare = [folder.name for top in expected for folder in _folders(top) if not _videos(folder)]
    if bare:
        notes.append(f"folders without videos were left out: {', '.join(bare[:8])}{' ...' if len(bare) > 8 else ''}")
    if tops and (more := [folder.name for folder in _folders(source) if folder.name not in tops]):
        notes.append(f"folders beside train/ and test/ were left out: {', '.join(more[:8])}")
    return tuple(notes)
