"""The log of a run: one JSON object a line, cut back to a step on resume. Needs no torch."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vidense.errors import UserError
from vidense.records import replacing

__all__ = ["RunLog", "read_log"]


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a log in order; a torn last line (the process was killed) is left out.

    Raises:
        UserError: naming the first whole line that is no entry.
    """
    if not path.exists():
        return
    # As bytes: a line is only decoded once it is known to be whole.
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            yield _entry(path, number, line)


def _entry(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict) or type(entry.get("step")) is not int:
        raise UserError(
            f"line {number} of {str(path)!r} is no log entry with a step; the log is damaged: "
            "delete that line, or start over with --fresh"
        )
    return entry


class RunLog:
    """Appends entries, each with a ``step``, to a JSONL file."""

    def __init__(self, path: Path, *, resume_at: int = 0) -> None:
        """Open the log; entries of steps at or after ``resume_at`` are dropped, because they will be run again."""
        kept = [entry for entry in read_log(path) if entry["step"] < resume_at]
        with replacing(path) as temporary:
            temporary.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
        self._file = path.open("a", encoding="utf-8")

    def append(self, entry: dict[str, Any]) -> None:
        """Write one entry."""
        self._file.write(json.dumps(entry) + "\n")

    def flush(self) -> None:
        """Hand what was appended to the operating system (called before each checkpoint)."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
