"""What ``prepare`` has to say when it is done."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vidense.config import first_mistake
from vidense.data.layouts import Listing
from vidense.data.settings import PrepareSettings
from vidense.data.store_index import hash_of_content
from vidense.errors import UserError, a_few
from vidense.records import read_json, write_json

__all__ = ["REPORT", "BadFile", "PrepareReport", "make_report"]

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
            return TypeAdapter(cls).validate_python({**value, "store": str(out), "reused": True})
        except ValidationError as error:
            problem = ": ".join(first_mistake(error))
        except (UserError, TypeError) as error:
            problem = str(error)
        raise UserError(f"the report in {str(out)!r} is gone or damaged ({problem}); prepare it fresh")


def make_report(
    out: Path,
    listing: Listing,
    settings: PrepareSettings,
    videos: list[dict[str, Any]],
    failures: list[dict[str, Any]],
) -> PrepareReport:
    """Return the report of a preparation.

    Args:
        out: the store's folder.
        listing: all videos.
        settings: of the store.
        videos: records of those that were stored.
        failures: of those that gave no clips.

    Raises:
        UserError: if a class has no training video that can be read.
    """
    counts = {name: {"train": 0, "test": 0} for name in listing.class_names}
    for row in videos:
        counts[listing.class_names[row["label"]]][row["split"]] += 1
    if bare := [name for name, count in counts.items() if not count["train"]]:
        reasons = Counter(row["reason"] for row in failures if row["class"] == bare[0] and row["split"] == "train")
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        raise UserError(f"class {bare[0]!r} has no training video that can be read ({why}); repair or replace them")
    copies: dict[str, list[dict[str, Any]]] = {}
    for row in videos:
        copies.setdefault(row["sha256"], []).append(row)
    duplicates = [rows for rows in copies.values() if len(rows) > 1]
    return PrepareReport(
        store=str(out),
        layout=listing.name,
        content_hash=hash_of_content(settings.spec, list(listing.class_names), settings.resize, videos),
        videos=len(videos),
        counts=counts,
        bad_files=[BadFile(row["path"], row["reason"], row["detail"]) for row in failures],
        duplicates=[[row["path"] for row in rows] for rows in duplicates],
        notes=list(listing.notes),
        warnings=[*_missing(failures), *_warnings(listing, settings, counts, duplicates)],
    )


def _missing(failures: list[dict[str, Any]]) -> list[str]:
    paths = [row["path"] for row in failures if row["reason"] == "missing"]
    return [f"videos that are listed but missing: {a_few(paths)}"] if paths else []


def _warnings(
    listing: Listing,
    settings: PrepareSettings,
    counts: dict[str, dict[str, int]],
    duplicates: list[list[dict[str, Any]]],
) -> list[str]:
    warnings = []
    if settings.frames < 8 or not (43 <= settings.size <= 64 or 107 <= settings.size <= 170):
        warnings.append(
            f"{settings.frames} frames of {settings.size}x{settings.size} do not suit minic3d, which takes at least 8 "
            "frames of 43-64 or 107-170 pixels"
        )
    if untested := [name for name, count in counts.items() if not count["test"]]:
        warnings.append(f"classes without a test video: {', '.join(untested[:8])}")
    found = tuple(sum(count[split] for count in counts.values()) for split in ("train", "test"))
    if listing.expected is not None and found != listing.expected:
        whole = " / ".join(str(count) for count in listing.expected)
        warnings.append(f"{found[0]} train / {found[1]} test videos; the complete {listing.name} has {whole}")
    straddling = sum(len({row["split"] for row in rows}) > 1 for rows in duplicates)
    if straddling:
        warnings.append(f"{straddling} videos are in both the training and the test part, byte by byte")
    return warnings
