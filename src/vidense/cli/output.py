"""What the commands print: tables, sentences, one JSON object. Names in it may come from strangers."""

import json
import logging
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from vidense.printable import printable

__all__ = ["Warnings", "print_json", "print_table", "say"]


def say(text: str = "", *, file: TextIO | None = None) -> None:
    """Print lines that a terminal shows and does not obey, to stdout unless told otherwise."""
    print("\n".join(map(printable, text.split("\n"))), file=file or sys.stdout, flush=file is not None)


class Warnings(logging.Handler):
    """Says what the library warns of, to stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say one."""
        try:
            say(record.getMessage(), file=sys.stderr)
        except Exception:  # a warning that cannot be written must not end the work
            self.handleError(record)


def print_json(value: Any) -> None:
    """Print one JSON object."""
    print(json.dumps(value, indent=1, allow_nan=False))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """Print aligned columns; the first ``left`` of them are text, the others are set flush right."""
    # Of the text as it is printed.
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, ["-" * width for width in widths], *rows):
        cells = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())
