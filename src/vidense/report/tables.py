"""Tables as papers and spreadsheets want them: CSV, LaTeX with booktabs, Markdown."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vidense.report.findings import Row, Table
from vidense.report.runs import Run
from vidense.report.wording import EMPTY, interval_text, spread

__all__ = ["FORMATS", "Sheet", "accuracy_sheet", "storage_sheet"]

LATEX = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}"}
    | {">": r"\textgreater{}", "|": r"\textbar{}", "\N{EN DASH}": "--", "\N{MINUS SIGN}": "$-$"}
)


@dataclass(frozen=True)
class Sheet:
    """A table of words.

    Attributes:
        title: what its rows have in common.
        columns: names of the columns; the first holds names.
        rows: one cell a column.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def accuracy_sheet(table: Table) -> Sheet:
    """Return what may be ranked together."""
    columns = ("trained on", table.metric, "95 % interval", "std sets", "std networks", "sets", "networks")
    return Sheet(
        f"{table.title}; specification {table.spec_hash}",
        (*columns, "videos", "stored frames", "float32 MiB", "bytes"),
        [_accuracy(row) for row in table.rows],
    )


def _accuracy(row: Row) -> tuple[str, ...]:
    summary = row.summary
    counts = ("", "") if summary is None else (str(summary["condensation_seeds"]), str(summary["networks"]))
    spreads = (spread(summary, kind) for kind in ("std_condensation", "std_networks"))
    size = "" if row.disk is None else f"{row.disk:.0f}"
    sizes = (str(row.videos), f"{row.frames:g}", f"{row.float32_mib:.4g}", size)
    return (row.title, row.figure, interval_text(row.interval_over_sets), *spreads, *counts, *sizes)


def storage_sheet(runs: Sequence[Run]) -> Sheet:
    """Return both accounts of what each run stores, part by part."""
    parts = list(dict.fromkeys(part for run in runs for part in run.record["storage"]["parts"]))
    rows = [
        (
            run.name,
            f"{run.record['storage']['frames']:g}",
            f"{run.record['storage']['float32_mib']:.4g}",
            str(run.record["storage"]["bytes"]),
            *(str(run.record["storage"]["parts"].get(part, 0)) for part in parts),
        )
        for run in runs
    ]
    return Sheet(
        "Storage", ("run", "stored frames", "float32 MiB", "bytes", *(f"{part}, bytes" for part in parts)), rows
    )


def _csv(sheet: Sheet) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([[_plain(cell) for cell in row] for row in (sheet.columns, *sheet.rows)])
    return text.getvalue()


def _plain(cell: str) -> str:
    text = "" if cell == EMPTY else " ".join(cell.split())
    # Spreadsheets run what begins so; names of runs come from strangers.
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _markdown(sheet: Sheet) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"

    rule = "| --- |" + " ---: |" * (len(sheet.columns) - 1)
    return "\n".join([line(sheet.columns), rule, *map(line, sheet.rows)]) + "\n"


def _latex(sheet: Sheet) -> str:
    def line(cells: Sequence[str]) -> str:
        return " & ".join(" ".join(cell.split()).translate(LATEX) for cell in cells) + r" \\"

    aligned = "l" + "r" * (len(sheet.columns) - 1)
    body = [line(sheet.columns), r"\midrule", *map(line, sheet.rows)]
    head = [f"% {' '.join(sheet.title.split())}", r"\begin{tabular}{" + aligned + "}", r"\toprule"]
    return "\n".join([*head, *body, r"\bottomrule", r"\end{tabular}"]) + "\n"


# By suffix.
FORMATS: dict[str, Callable[[Sheet], str]] = {".csv": _csv, ".tex": _latex, ".md": _markdown}
