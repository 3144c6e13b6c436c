"""The record and the log of a run: one JSON object, and one a line, cut back to a step on resume. Needs no torch."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from vidense.errors import UserError
from vidense.records import open_file, read_json_of, replacing
from vidense.run_files import RECORD

__all__ = ["FORMAT", "VERSION", "LogReader", "RunLog", "read_log", "read_record"]

FORMAT, VERSION = "vidense-run", 1


def read_record(path: Path, *, whole: bool = True) -> dict[str, Any]:
    """Return ``run.json`` of a run folder; unless it must be ``whole``, it need only be of our format.

    Raises:
        UserError: if the folder is no run, or its record is damaged.
    """
    if not (path / RECORD).exists():
        raise UserError(f"{str(path)!r} is no run: it has no {RECORD}; give the folder that `vidense condense` wrote")
    record = read_json_of(path / RECORD, FORMAT, VERSION, "give another folder")
    if whole and not (isinstance(record.get("status"), str) and isinstance(record.get("settings"), dict)):
        raise UserError(f"{str(path / RECORD)!r} is damaged (it lacks its status or settings); start over with --fresh")
    return record


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a log in order; a torn last line (the process was killed) is left out.

    Raises:
        UserError: naming the first whole line that is no entry.
    """
    _, entries = LogReader(path).read()
    yield from entries


class LogReader:
    """Reads a log that is still being written: each time only what came since."""

    def __init__(self, path: Path) -> None:
        """Start at the top. The file need not exist yet."""
        self._path = path
        self._offset, self._lines, self._last = 0, 0, b""

    def read(self) -> tuple[bool, Iterator[dict[str, Any]]]:
        """Return whether the log began anew since the last call, and the entries that this reader has not yielded.

        A log begins anew when its run resumes from a checkpoint or starts over; then all its entries come again. A
        last line that is not whole is left for the next call.

        Raises:
            UserError: if the file cannot be read; while entries are taken, naming the first whole line that is none.
        """
        try:
            file = open_file(self._path)
        except FileNotFoundError:
            return self._rewind(), iter(())
        except OSError as error:
            raise UserError(f"{str(self._path)!r} cannot be read ({error}); check the file") from None
        anew = not self._still_there(file) and self._rewind()
        return anew, self._new(file)

    def _still_there(self, file: BinaryIO) -> bool:
        # Where the last line that was read still stands, so do those before it: a log that is run again has other
        # times in it. Names and sizes of files would not tell, since a new file may take both over.
        file.seek(self._offset - len(self._last))
        return file.read(len(self._last)) == self._last

    def _rewind(self) -> bool:
        read_before = self._offset > 0
        self._offset, self._lines, self._last = 0, 0, b""
        return read_before

    def _new(self, file: BinaryIO) -> Iterator[dict[str, Any]]:
        with file:
            file.seek(self._offset)
            # As bytes: a line is only decoded once it is known to be whole.
            for line in file:
                if not line.endswith(b"\n"):
                    return
                entry = _entry(self._path, self._lines + 1, line)
                self._offset, self._lines, self._last = self._offset + len(line), self._lines + 1, line
                yield entry


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
        # Line by line, so that whoever watches the run sees each iteration when it is done.
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def append(self, entry: dict[str, Any]) -> None:
        """Write one entry and hand it to the operating system."""
        self._file.write(json.dumps(entry) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
