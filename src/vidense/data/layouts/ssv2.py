"""Layout ``ssv2``: Something-Something V2, lists as JSON and videos named by numbers."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from vidense.data.layouts.base import LAYOUTS, Entry, LayoutOptions, Listing, require_folder, require_split_1
from vidense.data.layouts.places import find_file, locate, look_for
from vidense.errors import UserError
from vidense.records import read_json

__all__ = ["has_lists", "scan"]

PARTS = ("train", "validation", "labels", "test")
"""What the lists are of; the last one names videos without labels, which are not used."""

_ADVICE = "unpack the labels of the Something-Something V2 site there"
_EXPECTED = (168_913, 24_777)


@LAYOUTS.register("ssv2")
def scan(source: Path, options: LayoutOptions) -> Listing:
    """List Something-Something V2: ``<id>.webm`` by the lists of its training and validation parts.

    The lists are called ``something-something-v2-train.json``, ``-validation.json`` and ``-labels.json``, or in later
    releases ``train.json``, ``validation.json`` and ``labels.json``, and may lie in the source or up to two folders
    below; the videos may lie in any folder up to four below. A video's class is its template without the square
    brackets, its label the number that the labels give this. The validation part becomes the test part, as in the
    papers. Every video is a group of its own: the lists do not say who filmed it.

    Raises:
        UserError: if a list is missing or cannot be read, none of its videos is there, or ``options.split`` is not 1.
    """
    require_folder(source, "ssv2")
    require_split_1(options, "ssv2")
    train, validation, labels = (find_file(source, _names(part), _ADVICE) for part in PARTS[:3])
    class_names = _classes(labels)
    by_template = {name.lower(): name for name in class_names}
    rows = [
        (split, row, file)
        for split, file in (("train", train), ("test", validation))
        for row in _rows(file, ("id", "template"))
    ]
    unlabelled = look_for(source, _names("test"))
    unused = [row["id"] for row in _rows(unlabelled, ("id",))] if unlabelled else []
    paths, notes = locate(source, [row["id"] for _, row, _ in rows], ".webm", unused)
    entries = []
    for path, (split, row, file) in zip(paths, rows, strict=True):
        # The two lists do not agree everywhere on capitals.
        class_name = by_template.get(row["template"].replace("[", "").replace("]", "").lower())
        if class_name is None:
            raise UserError(f"{file} gives video {row['id']} the template {row['template']!r}, which {labels} lacks")
        entries.append(Entry(path, class_name, split, row["id"]))
    return Listing(
        "ssv2",
        source,
        class_names,
        tuple(entries),
        frames=8,
        size=64,
        sampling="spread",
        expected=_EXPECTED,
        notes=notes,
    )


def has_lists(folder: Path, names: Collection[str]) -> bool:
    """Tell whether a folder with files of these names holds the lists of Something-Something V2."""
    found = [next((name for name in _names(part) if name in names), None) for part in PARTS[:3]]
    if found[0] is None or None in found:
        return False
    # The short names could be anybody's.
    with (folder / found[0]).open(encoding="utf-8", errors="replace") as file:
        return '"template"' in file.read(10_000)


def _names(part: str) -> tuple[str, str]:
    return f"something-something-v2-{part}.json", f"{part}.json"


def _classes(file: Path) -> tuple[str, ...]:
    """Return the templates in the order of their numbers."""
    labels = read_json(file)
    advice = "it should map templates to the numbers from 0"
    if not isinstance(labels, dict) or not all(isinstance(number, str | int) for number in labels.values()):
        raise UserError(f"{str(file)!r} is not a table of labels; {advice}")
    numbers = {str(number): name for name, number in labels.items()}
    if numbers.keys() != {str(number) for number in range(len(labels))}:
        raise UserError(f"{str(file)!r} numbers its {len(labels)} labels {sorted(numbers)[:5]} ...; {advice}")
    return tuple(numbers[str(number)] for number in range(len(labels)))


def _rows(file: Path, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the rows of a list, in which these keys hold text; numbers of videos are made text."""
    rows = read_json(file)
    if not isinstance(rows, list) or not rows:
        raise UserError(f"{str(file)!r} is not a list of videos; download it again")
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or not all(isinstance(row.get(key), str | int) for key in keys):
            raise UserError(f"{str(file)!r}, entry {number} lacks {' or '.join(map(repr, keys))}; download it again")
    return [{key: str(row[key]) for key in keys} for row in rows]
