"""Layout ``csv``: a table of paths with labels, and perhaps splits and groups."""

import csv
from dataclasses import dataclass
from pathlib import Path

from vidense.data.layouts.base import LAYOUTS, Entry, LayoutOptions, Listing, assign_splits
from vidense.errors import UserError

__all__ = ["DEFAULT_NAME", "scan"]

DEFAULT_NAME = "splits.csv"
"""The table that is looked for where the source is a folder."""


@dataclass(frozen=True)
class _Table:
    file: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    """Line number in the file, and the row by column."""


@LAYOUTS.register("csv")
def scan(source: Path, options: LayoutOptions) -> Listing:
    """List the videos of a CSV file, or of ``splits.csv`` in a folder.

    Columns: ``path`` (against the table's folder), ``class`` and ``label`` (either or both; whole-number labels give
    the order of the classes, otherwise they are sorted by name), the split ``split1`` for split 1 and so on or
    ``split`` (without either a fifth of each class becomes test videos), ``group``. Other columns do no harm. Rows
    whose split is neither ``train`` nor ``test`` are left out and counted in the notes.

    Raises:
        UserError: for a missing table, column or split, a repeated path, or labels and classes that contradict.
    """
    table = _read(source / DEFAULT_NAME if source.is_dir() else source)
    notes: list[str] = []
    column = _split_column(table, options.split)
    entries: list[Entry] = []
    orders: dict[str, set[str]] = {}
    others: dict[str, int] = {}
    seen: dict[str, int] = {}
    for line, row in table.rows:
        path, class_name = row["path"], row.get("class") or row.get("label", "")
        if not path or not class_name:
            raise UserError(f"{table.file}, line {line}: every row needs a path and a class or label; fill it in")
        if path in seen:
            raise UserError(f"{table.file}, line {line} repeats {path!r} of line {seen[path]}; keep one of them")
        seen[path] = line
        orders.setdefault(class_name, set()).add(row.get("label", ""))
        split = row[column].lower() if column else "train"
        if split in ("train", "test"):
            entries.append(Entry(path, class_name, split, row.get("group") or path))
        else:
            others[split] = others.get(split, 0) + 1
    if not entries:
        if not others:
            raise UserError(f"{table.file} names no video; add a row for each")
        raise UserError(
            f"{table.file} names no video for training or testing (column {column!r} holds {sorted(others)}); "
            "write train or test there"
        )
    notes += [f"{count} rows of split {split!r} were left out" for split, count in sorted(others.items())]
    if column is None:
        entries = list(assign_splits(entries, options.seed))
        notes.append("no split column: a fifth of each class was chosen for testing")
    used = {entry.class_name for entry in entries}
    class_names = _class_order(table, {name: labels for name, labels in orders.items() if name in used})
    return Listing("csv", table.file.parent, class_names, tuple(entries), notes=tuple(notes))


def _read(file: Path) -> _Table:
    try:
        # A spreadsheet may have put a byte order mark in front.
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.reader(lines)
            columns = tuple(name.strip().lower() for name in next(reader, []))
            rows = tuple(
                (reader.line_num, dict(zip(columns, (cell.strip() for cell in cells), strict=False)))
                for cells in reader
                if any(cells)
            )
    except FileNotFoundError:
        raise UserError(f"{str(file)!r} does not exist; give a CSV file or a folder with a {DEFAULT_NAME}") from None
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise UserError(f"{str(file)!r} cannot be read as UTF-8 CSV ({error}); save it again as such") from None
    if "path" not in columns or not {"class", "label"} & set(columns):
        raise UserError(
            f"{str(file)!r} has the columns {list(columns)}; it needs path, and class or label, separated by commas"
        )
    for line, row in rows:
        if len(row) < len(columns):
            raise UserError(f"{file}, line {line} has {len(row)} cells for {len(columns)} columns; complete the row")
    return _Table(file, columns, rows)


def _split_column(table: _Table, split: int) -> str | None:
    numbered = sorted(name for name in table.columns if name.startswith("split") and name != "split")
    if f"split{split}" in table.columns:
        return f"split{split}"
    if split == 1 and "split" in table.columns:
        return "split"
    if split == 1 and not numbered:
        return None
    known = numbered + ["split (which is split 1)"] * ("split" in table.columns)
    raise UserError(f"{str(table.file)!r} has no column split{split}; it has {', '.join(known) or 'no split column'}")


def _class_order(table: _Table, labels: dict[str, set[str]]) -> tuple[str, ...]:
    if "label" not in table.columns:
        return tuple(sorted(labels))
    taken: dict[str, str] = {}
    for name, found in labels.items():
        if len(found) > 1:
            raise UserError(f"{table.file} gives class {name!r} the labels {sorted(found)}; a class has one label")
        (label,) = found
        if taken.setdefault(label, name) != name:
            raise UserError(f"{table.file} gives label {label!r} to {taken[label]!r} and {name!r}; use one for each")
    if all(label.isdecimal() for label in taken):
        return tuple(taken[label] for label in sorted(taken, key=int))
    return tuple(sorted(labels))
