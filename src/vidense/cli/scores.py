"""An evaluation as a table, with its finding in plain words."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidense.budget import format_bytes
from vidense.cli.output import print_table, say
from vidense.report.findings import Row, Table, group_rows
from vidense.report.verdicts import sentences
from vidense.report.wording import interval_text, percent, spread
from vidense.tasks import TASKS

if TYPE_CHECKING:
    from vidense.evaluation import EvaluationRecord

__all__ = ["print_record", "print_scores"]

GALLERIES = {
    "in_train": "training videos",
    "in_test": "other test videos",
    "other_sources": "test videos of other sources",
}


def print_scores(*evaluations: dict[str, Any]) -> None:
    """Print one table for each specification, for numbers of different ones must not be ranked together."""
    for table in group_rows(evaluations):
        say(f"\n{table.title}")
        print_table(
            ("trained on", "videos", "frames", "float32 MiB", table.metric, "std sets", "std nets", "95 % interval"),
            [
                (
                    row.title,
                    str(row.videos),
                    f"{row.frames:.4g}",
                    f"{row.float32_mib:.3g}",
                    row.figure,
                    spread(row.summary, "std_condensation"),
                    spread(row.summary, "std_networks"),
                    interval_text(row.interval_over_sets),
                )
                for row in table.rows
            ],
        )
        for sentence in sentences(table):
            say(sentence)


def print_record(record: "EvaluationRecord", run: Path) -> None:
    """Print what an evaluation of the run found, and where it was written."""
    print_scores(record.to_json())
    if record.task == "retrieve":
        for table in group_rows([record.to_json()]):
            _print_recall(table)
    if record.teacher is not None:
        told = "labels by {network}, {scale} scale: {top1:.1%} of the test videos right, {bytes} beside the videos"
        say("\n" + told.format_map({**record.teacher, "bytes": format_bytes(record.teacher["bytes"])}))
    command = shlex.join(["vidense", "report", str(run), "-o", "report.html"])
    following = f"; next: {command}" if record.task == "classify" else ""
    say(f"\nwritten to {run / TASKS[record.task].file}{following}")


def _print_recall(table: Table) -> None:
    """Print Recall@K of every row of one network among each gallery, means over all of its trainings."""
    from vidense.evaluation.retrieval import RANKS

    rows = [row for row in table.rows if row.results]
    for key, gallery in GALLERIES.items():
        chance = [row.results[0][key]["chance"] for row in rows[:1]]
        say(f"\n{table.network}, among {gallery}")
        print_table(
            ("trained on", *(f"R@{rank} %" for rank in RANKS)),
            [
                *((row.title, *_recalls(row, key)) for row in rows),
                *(("chance", *map(percent, values)) for values in chance),
            ],
        )


def _recalls(row: Row, key: str) -> list[str]:
    """Return a row's recalls; none where a network diverged, for the others alone would flatter."""
    shown = _means([result[key]["recall"] for result in row.results])
    return [percent(None)] * len(shown) if row.diverged else shown


def _means(recalls: Sequence[Sequence[float | None]]) -> list[str]:
    columns = [[value for value in column if value is not None] for column in zip(*recalls, strict=True)]
    return [percent(sum(column) / len(column) if column else None) for column in columns]
