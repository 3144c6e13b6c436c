"""The outcome of a preparation, printed."""

from typing import TextIO

from vidense.cli.output import print_table, say
from vidense.data.prepare_report import PrepareReport

__all__ = ["print_prepared", "print_remarks"]

# More lines than this of one kind hide the others; the report in the store has all of them.
SHOWN = 10


def print_prepared(found: PrepareReport) -> None:
    """Print what is in the store, and what to know about it."""
    print_table(
        ("class", "train", "test"),
        [(name, str(count["train"]), str(count["test"])) for name, count in found.counts.items()],
    )
    print_remarks(found)
    done = "was prepared before" if found.reused else "is ready"
    say(f"{found.videos} videos of {len(found.counts)} classes; store {found.store} {done} ({found.content_hash})")


def print_remarks(found: PrepareReport, file: TextIO | None = None) -> None:
    """Print what to know about a store, to stdout unless a ``file`` is given."""
    for note in found.notes:
        say(f"note: {note}", file=file)
    for warning in found.warnings:
        say(f"warning: {warning}", file=file)
    for bad in found.bad_files[:SHOWN]:
        say(f"skipped {bad.path}: {bad.reason} ({bad.detail})", file=file)
    for group in found.duplicates[:SHOWN]:
        say(f"equal files, kept: {', '.join(group)}", file=file)
    hidden = max(len(found.bad_files) - SHOWN, 0) + max(len(found.duplicates) - SHOWN, 0)
    if hidden:
        say(f"... and {hidden} more in {found.store}/report.json", file=file)
