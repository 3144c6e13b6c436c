"""Where the lists and videos of a dataset lie: archives unpack into folders of folders, and people move them."""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from vidense.data.layouts.base import VIDEO_ENDINGS
from vidense.errors import UserError, a_few

__all__ = [
    "DEPTH",
    "class_root",
    "find_file",
    "in_no_list",
    "list_lines",
    "locate",
    "look_for",
    "unlisted_in_classes",
    "walk",
]

DEPTH = 2
"""How many folders deep lists and class folders are looked for."""

VIDEO_DEPTH = 4
"""How many folders deep videos are looked for where any folder may hold them."""


def walk(source: Path, depth: int = DEPTH) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield a folder and those up to ``depth`` below it, each with the names of its files.

    In the order of their names, a folder before those in it. Hidden names are left out, links are followed, and a
    folder that must not be read (``lost+found``) counts as empty.
    """
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(source) as found:
            for child in found:
                if not child.name.startswith("."):
                    (folders if child.is_dir() else files).append(child.name)
    except PermissionError:
        return
    yield source, tuple(sorted(files))
    if depth:
        for name in sorted(folders):
            yield from walk(source / name, depth - 1)


def find_file(source: Path, names: Sequence[str], advice: str) -> Path:
    """Return the first file of one of these names in a folder or up to :data:`DEPTH` folders below.

    Raises:
        UserError: if there is none; ``advice`` says what to do.
    """
    if found := look_for(source, names):
        return found
    raise UserError(f"{' or '.join(names)} is neither in {str(source)!r} nor up to {DEPTH} folders below; {advice}")


def look_for(source: Path, names: Sequence[str]) -> Path | None:
    """Return what :func:`find_file` does, or None."""
    return next((folder / name for folder, files in walk(source) for name in names if name in files), None)


def class_root(source: Path, classes: Sequence[str], archive: str) -> Path:
    """Return the folder that holds the class folders: the source, or one up to :data:`DEPTH` folders below.

    Raises:
        UserError: if one of the classes has no folder there; ``archive`` names what holds them.
    """
    best = max((folder for folder, _ in walk(source)), key=lambda top: sum((top / name).is_dir() for name in classes))
    if absent := [name for name in classes if not (best / name).is_dir()]:
        raise UserError(
            f"{len(absent)} of {len(classes)} class folders, such as {absent[0]!r}, are not in {str(best)!r}; unpack "
            f"{archive} there"
        )
    return best


def list_lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a list that are not empty, stripped, each with its number from 1; no byte order mark.

    Raises:
        UserError: if the list cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise UserError(f"the list {str(file)!r} cannot be read ({error.strerror}); put it there again") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.strip()


def locate(
    source: Path, stems: Sequence[str], ending: str, unused: Iterable[str] = ()
) -> tuple[list[str], tuple[str, ...]]:
    """Find the videos of a dataset in whichever folders they lie, up to :data:`VIDEO_DEPTH` below the source.

    Args:
        source: the folder.
        stems: names of files without their ending, as the lists name them.
        ending: of the file that is asked for where none of a name is there.
        unused: names that are on a list which is not read.

    Returns:
        Paths relative to the source with forward slashes, one a name, and the note of :func:`in_no_list`.

    Raises:
        UserError: if none is there.
    """
    on_disk: dict[str, str] = {}
    for folder, files in walk(source, VIDEO_DEPTH):
        above = folder.relative_to(source)
        for name in files:
            stem, dot, kind = name.rpartition(".")
            if dot + kind.lower() in VIDEO_ENDINGS:
                on_disk.setdefault(stem, (above / name).as_posix())
    if on_disk.keys().isdisjoint(stems):
        raise UserError(
            f"none of the {len(stems)} videos of the lists, such as {stems[0] + ending!r}, is in {str(source)!r} or up "
            f"to {VIDEO_DEPTH} folders below; put them there under their official names"
        )
    extra = on_disk.keys() - set(stems) - set(unused)
    return [on_disk.get(stem, stem + ending) for stem in stems], in_no_list(on_disk[stem] for stem in extra)


def unlisted_in_classes(root: Path, classes: Iterable[str], listed: Collection[str]) -> tuple[str, ...]:
    """Return the note of :func:`in_no_list` about videos in class folders; ``listed`` are paths below ``root``."""
    on_disk = (
        f"{name}/{file}"
        for name in classes
        for _, files in walk(root / name, 0)
        for file in files
        if Path(file).suffix.lower() in VIDEO_ENDINGS
    )
    return in_no_list(path for path in on_disk if path not in listed)


def in_no_list(extra: Iterable[str]) -> tuple[str, ...]:
    """Return a note, or none, that names videos on disk which no list of the dataset names."""
    names = sorted(extra)
    return (f"videos on disk that no list names were left out: {a_few(names)}",) if names else ()
