"""An evaluation as a table, with its finding in plain words."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidense.budget import format_bytes
from vidense.cli.output import print_table
from vidense.report.findings import group_rows, sentences
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
ROLES = {
    "random_equal_vpc": ", equal videos",
    "random_equal_bytes": ", equal bytes",
    "random_coded": ", equal bytes coded",
}


def print_scores(*evaluations: dict[str, Any]) -> None:
    """Print one table for each specification, for numbers of different ones must not be ranked together."""
    for table in group_rows(evaluations):
        print(f"\n{table.title}")
        print_table(
            ("trained on", "videos", "frames", "float32 MiB", table.metric, "std sets", "std nets", "95 % interval"),
            [
                (
                    row.title,
                    str(row.videos),
                    f"{row.frames:.4g}",
                    f"{row.float32_mib:.3g}",
                    percent(row.mean),
                    spread(row.summary, "std_condensation"),
                    spread(row.summary, "std_networks"),
                    interval_text(row.interval),
                )
                for row in table.rows
            ],
        )
        for sentence in sentences(table):
            print(sentence)


def print_record(record: "EvaluationRecord", run: Path) -> None:
    """Print what an evaluation of the run found, and where it was written."""
    print_scores(record.to_json())
    if record.task == "retrieve":
        _print_recall(record.rows)
    if record.teacher is not None:
        told = "labels by {network}, {scale} scale: {top1:.1%} of the test videos right, {bytes} beside the videos"
        print("\n" + told.format_map({**record.teacher, "bytes": format_bytes(record.teacher["bytes"])}))
    following = f"; next: vidense report {run} -o report.html" if record.task == "classify" else ""
    print(f"\nwritten to {run / TASKS[record.task].file}{following}")


def _print_recall(rows: Sequence[dict[str, Any]]) -> None:
    """Print Recall@K of every row among each gallery, means over all of its networks."""
    from vidense.evaluation.retrieval import RANKS

    scored = {
        row["name"] + ROLES.get(row["role"], ""): [result for result in row["results"] if not result["diverged"]]
        for row in rows
    }
    for key, gallery in GALLERIES.items():
        named = {name: [result[key] for result in results] for name, results in scored.items() if results}
        chance = [results[0]["chance"] for results in named.values()][:1]
        print(f"\namong {gallery}")
        print_table(
            ("trained on", *(f"R@{rank} %" for rank in RANKS)),
            [
                *((name, *_means([result["recall"] for result in results])) for name, results in named.items()),
                *(("chance", *map(percent, values)) for values in chance),
            ],
        )


def _means(recalls: Sequence[Sequence[float | None]]) -> list[str]:
    columns = [[value for value in column if value is not None] for column in zip(*recalls, strict=True)]
    return [percent(sum(column) / len(column) if column else None) for column in columns]
