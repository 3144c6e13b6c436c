"""What goes to stdout: tables, sentences, one JSON object."""

import json
from collections.abc import Sequence
from typing import Any

__all__ = ["print_json", "print_table"]


def print_json(value: Any) -> None:
    """Print one JSON object."""
    print(json.dumps(value, indent=1, allow_nan=False))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """Print aligned columns; the first ``left`` of them are text, the others are set flush right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, ["-" * width for width in widths], *rows):
        cells = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
