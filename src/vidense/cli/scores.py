"""An evaluation as a table, with its finding in plain words."""

from typing import Any

from vidense.cli.output import print_table
from vidense.report.findings import group_rows, sentences
from vidense.report.wording import interval_text, percent, spread

__all__ = ["print_scores"]


def print_scores(*evaluations: dict[str, Any]) -> None:
    """Print one table for each specification, for numbers of different ones must not be ranked together."""
    for table in group_rows(evaluations):
        print(f"\n{table.title}")
        print_table(
            ("trained on", "videos", "frames", "float32 MiB", "top-1 %", "std sets", "std nets", "95 % interval"),
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
