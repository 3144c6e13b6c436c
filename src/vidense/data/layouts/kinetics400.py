"""Layout ``kinetics400``: tables of YouTube clips, and those clips that could be downloaded."""

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from vidense.data.layouts.base import LAYOUTS, Entry, LayoutOptions, Listing, require_folder, require_split_1
from vidense.data.layouts.places import find_file, locate, look_for
from vidense.errors import UserError

__all__ = ["has_tables", "scan"]

TRAIN, TEST, UNLABELLED = ("train.csv",), ("validate.csv", "val.csv"), ("test.csv",)
"""Names of the tables; the labels of the last one were held back, so its clips are not used."""

_COLUMNS = ("youtube_id", "time_start", "time_end")
_ADVICE = "unpack the annotations of the Kinetics-400 site there"


@LAYOUTS.register("kinetics400")
def scan(source: Path, options: LayoutOptions) -> Listing:
    """List Kinetics-400: ``<youtube_id>_<start>_<end>.mp4`` by ``train.csv`` and ``validate.csv`` (or ``val.csv``).

    The tables have the columns ``label``, ``youtube_id``, ``time_start`` and ``time_end`` (seconds, six digits each in
    the names of files) and may lie in the source or up to two folders below; the clips may lie in folders of classes,
    of splits, of both or of neither. The official validation part becomes the test part, as in the papers. Clips that
    are not there, since YouTube no longer has them, are reported as missing. A group is a video of YouTube.

    Raises:
        UserError: if a table is missing or cannot be read, none of its clips is there, or ``options.split`` is not 1.
    """
    require_folder(source, "kinetics400")
    require_split_1(options, "kinetics400")
    tables = {"train": find_file(source, TRAIN, _ADVICE), "test": find_file(source, TEST, _ADVICE)}
    rows = [(split, stem, row) for split, table in tables.items() for stem, row in _rows(table, labelled=True)]
    if not rows:
        raise UserError(f"{str(tables['train'])!r} names no clip; download the annotations again")
    unlabelled = look_for(source, UNLABELLED)
    unused = [stem for stem, _ in _rows(unlabelled, labelled=False)] if unlabelled else []
    paths, notes = locate(source, [stem for _, stem, _ in rows], ".mp4", unused)
    entries = [
        Entry(path, row["label"], split, row["youtube_id"]) for path, (split, _, row) in zip(paths, rows, strict=True)
    ]
    class_names = tuple(sorted({entry.class_name for entry in entries}))
    return Listing(
        "kinetics400", source, class_names, tuple(entries), frames=8, size=64, sampling="middle", notes=notes
    )


def has_tables(folder: Path, names: Collection[str]) -> bool:
    """Tell whether a folder with files of these names holds the tables of Kinetics."""
    if not set(names) & set(TRAIN) or not set(names) & set(TEST):
        return False
    with (folder / TRAIN[0]).open(encoding="utf-8-sig", errors="replace") as file:
        # Mirrors of the tables quote what they hold.
        return set(_COLUMNS) <= {name.strip('"') for name in file.readline().strip().split(",")}


def _rows(table: Path, labelled: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of a table, each with the name that its clip should have, without the ending."""
    columns = ("label", *_COLUMNS) if labelled else _COLUMNS
    try:
        with table.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            if absent := [name for name in columns if name not in (reader.fieldnames or ())]:
                raise UserError(f"{str(table)!r} has no column {absent[0]!r}; use the official annotations")
            for row in reader:
                try:
                    start, end = (int(float(row[name])) for name in _COLUMNS[1:])
                except (TypeError, ValueError, OverflowError):
                    raise UserError(
                        f"{table}, line {reader.line_num} has the times {row['time_start']!r} and {row['time_end']!r}; "
                        "they should be seconds"
                    ) from None
                if labelled and not row["label"]:
                    raise UserError(f"{table}, line {reader.line_num} has no label; use the official annotations")
                yield f"{row['youtube_id']}_{start:06}_{end:06}", row
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise UserError(f"{str(table)!r} cannot be read as UTF-8 CSV ({error}); download it again") from None
