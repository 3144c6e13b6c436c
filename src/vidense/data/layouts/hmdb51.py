"""Layouts ``hmdb51`` and ``hmdb51_official``: the archive's class folders, and a list of each class and split."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from vidense.data.layouts.base import LAYOUTS, Entry, LayoutOptions, Listing, require_folder
from vidense.data.layouts.places import DEPTH, class_root, list_lines, unlisted_in_classes, walk
from vidense.errors import UserError

__all__ = ["has_lists", "scan_hmdb51", "scan_hmdb51_official"]

UNUSED = "unused"
"""What the lists call a clip that is neither trained on nor tested."""

_LIST = re.compile(r"(?P<class>.+)_test_split(?P<split>[1-9])\.txt")
_LINE = re.compile(r"(?P<name>\S.*\.avi)\s+(?P<use>[012])", re.IGNORECASE)
_USES = {"0": UNUSED, "1": "train", "2": "test"}
# Every split takes 70 clips of each class for training and 30 for testing, and leaves 1666 of all 6766 out.
_EXPECTED = {"hmdb51": (5236, 1530), "hmdb51_official": (3570, 1530)}


@LAYOUTS.register("hmdb51")
def scan_hmdb51(source: Path, options: LayoutOptions) -> Listing:
    """List HMDB51 as the papers on video condensation do: every clip that is not tested is trained on, 5236 of them.

    Otherwise as :func:`scan_hmdb51_official`. The official split leaves 1666 clips out so that no film is in both
    parts; trained on, some of them come from the films of the test part, and a note counts these.
    """
    return _scan("hmdb51", source, options)


@LAYOUTS.register("hmdb51_official")
def scan_hmdb51_official(source: Path, options: LayoutOptions) -> Listing:
    """List HMDB51: ``<class>/<clip>.avi`` by the 51 lists ``<class>_test_split<N>.txt`` of split N.

    A line of a list is the name of a clip and 1 for training, 2 for testing, 0 for neither: 3570 and 1530 clips. The
    lists (from the archive ``test_train_splits.rar``) and the class folders (from ``hmdb51_org.rar``, which holds an
    archive of each class) may lie in the source or up to two folders below. A group is the film that clips were cut
    from, the part of their names in front of the class.

    Raises:
        UserError: if lists or class folders are missing or a list cannot be read.
    """
    return _scan("hmdb51_official", source, options)


def has_lists(names: Iterable[str]) -> bool:
    """Tell whether names of files are those of HMDB51's lists."""
    return any(_LIST.fullmatch(name) for name in names)


def _scan(name: str, source: Path, options: LayoutOptions) -> Listing:
    require_folder(source, name)
    folder, lists = _find_lists(source, options.split)
    named = [entry for class_name, file in lists.items() for entry in _read(file, class_name)]
    kept = [entry for entry in named if entry.split != UNUSED]
    if not kept:
        raise UserError(f"the lists of split {options.split} in {str(folder)!r} name no video; download them again")
    notes = [f"split {options.split} was read from {len(lists)} lists in {str(folder)!r}"]
    if name == "hmdb51":
        films = {entry.group for entry in kept if entry.split == "test"}
        shared = sum(entry.split == UNUSED and entry.group in films for entry in named)
        added = len(named) - len(kept)
        notes.append(
            f"{added} clips that the official split leaves out are trained on, as papers do; {shared} of them come "
            "from films of the test part (layout 'hmdb51_official' leaves them out)"
        )
        kept = [Entry(e.path, e.class_name, "train" if e.split == UNUSED else e.split, e.group) for e in named]
    root = class_root(source, tuple(lists), "the archive 'hmdb51_org.rar' of the HMDB51 site, and those in it,")
    return Listing(
        name,
        root,
        tuple(lists),
        tuple(kept),
        flip=True,
        crop_size=112,
        expected=_EXPECTED[name],
        notes=(*notes, *unlisted_in_classes(root, lists, {entry.path for entry in named})),
    )


def _find_lists(source: Path, split: int) -> tuple[Path, dict[str, Path]]:
    """Return the folder with the lists of a split, and the lists by class, sorted."""
    for folder, files in walk(source):
        matches = [match for match in map(_LIST.fullmatch, files) if match and int(match["split"]) == split]
        if matches:
            return folder, {match["class"]: folder / match[0] for match in sorted(matches, key=lambda m: m["class"])}
    raise UserError(
        f"no list such as 'brush_hair_test_split{split}.txt' is in {str(source)!r} or up to {DEPTH} folders below; "
        "unpack the archive 'test_train_splits.rar' of the HMDB51 site there (splits 1 to 3 exist)"
    )


def _read(file: Path, class_name: str) -> Iterator[Entry]:
    for number, line in list_lines(file):
        match = _LINE.fullmatch(line)
        if match is None:
            raise UserError(
                f"{file}, line {number} is {line!r}; it should read 'clip.avi 1', with 0, 1 or 2 at the end"
            )
        name = match["name"]
        # Behind the class stand attributes only, so its last mention is the one that ends the film's name.
        film = name.rpartition(f"_{class_name}_")[0]
        yield Entry(f"{class_name}/{name}", class_name, _USES[match["use"]], film or name)
