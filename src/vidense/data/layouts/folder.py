"""Layouts ``folder`` (``class/clip.ext``) and ``frames`` (``class/clip/image``), perhaps below train/ and test/."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vidense.data.frame_folder import IMAGE_ENDINGS, is_image
from vidense.data.layouts.base import (
    LAYOUTS,
    VIDEO_ENDINGS,
    Entry,
    LayoutOptions,
    Listing,
    assign_splits,
    is_video,
    require_folder,
    require_split_1,
)
from vidense.data.layouts.places import DEPTH, walk
from vidense.errors import UserError

__all__ = ["holds_frames", "scan", "scan_frames"]


@dataclass(frozen=True)
class _Kind:
    """What is taken for a video: ``is_one`` tells of a path, ``below`` lists those in a class folder, in order."""

    layout: str
    words: str
    is_one: Callable[[Path], bool]
    below: Callable[[Path], list[Path]]


@LAYOUTS.register("folder")
def scan(source: Path, options: LayoutOptions) -> Listing:
    """List the videos of a folder of class folders.

    With ``train/`` and ``test/`` on top, these are the splits. Without, a fifth of each class becomes test videos
    (:func:`~vidense.data.layouts.base.assign_splits`). A video directly in its class folder is a group of its own;
    videos in a folder below the class folder (``class/person1/clip.mp4``) form one group.

    Raises:
        UserError: if there are no videos, only one of the two split folders, or ``options.split`` is not 1.
    """
    return _scan(source, options, _FILES)


@LAYOUTS.register("frames")
def scan_frames(source: Path, options: LayoutOptions) -> Listing:
    """List the videos of a folder of class folders, where each video is a folder of images in natural order.

    Splits, groups and errors are those of :func:`scan`; ``class/person1/clip/1.jpg`` may go two folders deep.
    """
    return _scan(source, options, _IMAGES)


def holds_frames(source: Path) -> bool:
    """Tell whether a folder holds folders of images where :func:`scan_frames` looks for them, and no video file."""
    found = False
    for folder, files in walk(source, DEPTH + 2):
        if any(Path(name).suffix.lower() in VIDEO_ENDINGS for name in files):
            return False
        found = found or (len(folder.relative_to(source).parts) > 1 and any(map(is_image, files)))
    return found


def _scan(source: Path, options: LayoutOptions, kind: _Kind) -> Listing:
    require_folder(source, kind.layout)
    require_split_1(options, kind.layout)
    tops = [folder for folder in ("train", "test") if _has_classes(source / folder, kind)]
    if len(tops) == 1:
        other = "test" if tops == ["train"] else "train"
        raise UserError(
            f"{str(source)!r} has {tops[0]}/ but no {other}/ with class folders; add it, or move the class folders up "
            "for a split to be made"
        )
    if tops:
        entries = tuple(entry for top in tops for entry in _entries(source, source / top, top, kind))
    else:
        entries = assign_splits(_entries(source, source, "train", kind), options.seed)
    if not entries:
        raise UserError(
            f"{str(source)!r} holds no class folder with {kind.words}; put each video in a folder named after its class"
        )
    class_names = tuple(sorted({entry.class_name for entry in entries}))
    return Listing(kind.layout, source, class_names, entries, notes=_notes(source, tops, kind))


def _video_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if is_video(path))


def _image_folders(folder: Path) -> list[Path]:
    return sorted(path for path, files in walk(folder) if path != folder and any(map(is_image, files)))


def _is_image_folder(path: Path) -> bool:
    return path.is_dir() and any(is_image(child.name) for child in path.iterdir())


_FILES = _Kind("folder", f"videos ({' '.join(sorted(VIDEO_ENDINGS))})", is_video, _video_files)
_IMAGES = _Kind("frames", f"folders of images ({' '.join(sorted(IMAGE_ENDINGS))})", _is_image_folder, _image_folders)


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))


def _has_classes(top: Path, kind: _Kind) -> bool:
    # A class may itself be called "train": then its videos lie directly in it.
    return any(kind.below(folder) for folder in _folders(top)) and not any(
        kind.is_one(child) for child in top.iterdir()
    )


def _entries(root: Path, top: Path, split: str, kind: _Kind) -> Iterator[Entry]:
    for folder in _folders(top):
        for path in kind.below(folder):
            own = path.relative_to(root).as_posix()
            group = own if path.parent == folder else path.parent.relative_to(root).as_posix()
            yield Entry(own, folder.name, split, group)


def _notes(source: Path, tops: list[str], kind: _Kind) -> tuple[str, ...]:
    notes = []
    if not tops:
        notes.append("no train/ and test/ folders: a fifth of each class was chosen for testing")
    loose = sum(kind.is_one(child) for child in source.iterdir())
    if loose:
        notes.append(f"{loose} videos outside any class folder were left out")
    expected = [source / top for top in tops] or [source]
    bare = [folder.name for top in expected for folder in _folders(top) if not kind.below(folder)]
    if bare:
        notes.append(f"folders without videos were left out: {', '.join(bare[:8])}{' ...' if len(bare) > 8 else ''}")
    if tops and (more := [folder.name for folder in _folders(source) if folder.name not in tops]):
        notes.append(f"folders beside train/ and test/ were left out: {', '.join(more[:8])}")
    return tuple(notes)
