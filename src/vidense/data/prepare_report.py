"""What ``prepare`` has to say when it is done."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vidense.errors import UserError
from vidense.records import read_json, write_json

__all__ = ["REPORT", "BadFile", "PrepareReport"]

REPORT = "report.json"


@dataclass(frozen=True)
class BadFile:
    """A file that gave no clips; ``reason`` is one of :data:`vidense.data.decode.REASONS`."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class PrepareReport:
    """The outcome of a preparation, kept in the store as ``report.json``.

    Attributes:
        store: the store's folder.
        layout: the layout's name.
        content_hash: of the store.
        videos: stored videos.
        counts: class name to ``{"train": n, "test": n}``, stored videos only.
        bad_files: files that were skipped.
        duplicates: groups of paths whose files are equal byte by byte; all of them are stored.
        notes: how the source was read, for instance which layout was detected.
        warnings: what may spoil results.
        reused: True where the store was found finished and nothing was done.
    """

    store: str
    layout: str
    content_hash: str
    videos: int
    counts: dict[str, dict[str, int]]
    bad_files: list[BadFile] = field(default_factory=list)
    duplicates: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reused: bool = False

    def write(self, out: Path) -> None:
        """Write the report into the store's folder."""
        write_json(out / REPORT, asdict(self))

    @classmethod
    def read(cls, out: Path) -> "PrepareReport":
        """Read the report of a finished store, marked as reused.

        Raises:
            UserError: if it is missing or damaged.
        """
        try:
            value: dict[str, Any] = read_json(out / REPORT)
            bad_files = [BadFile(**row) for row in value.pop("bad_files")]
            return cls(**{**value, "bad_files": bad_files, "store": str(out), "reused": True})
        except (UserError, LookupError, AttributeError, TypeError) as error:
            raise UserError(f"the report in {str(out)!r} is gone or damaged ({error}); prepare it fresh") from None
