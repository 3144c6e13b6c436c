"""Tables and figures as files, for papers."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vidense.records import numbered_name, replacing
from vidense.report.drawing import Picture, save_picture
from vidense.report.figures import course_figures, table_figures
from vidense.report.findings import Table, group_rows
from vidense.report.runs import Run, read_runs
from vidense.report.tables import FORMATS, Sheet, accuracy_sheet, storage_sheet

__all__ = ["write_for_papers"]


def write_for_papers(runs: Sequence[Path], folder: Path) -> list[Path]:
    """Write every table of a page as CSV, LaTeX (booktabs) and Markdown, and every figure as SVG and PNG.

    Args:
        runs: folders of finished runs.
        folder: where; files of the same names are replaced, others left alone.

    Returns:
        The files.

    Raises:
        UserError: if a folder is no finished run, or this machine has no font for the figures.
    """
    found = read_runs(runs)
    tables = group_rows(run.evaluation for run in found if run.evaluation is not None)
    folder.mkdir(parents=True, exist_ok=True)
    written = [file for name, sheet in _sheets(found, tables) for file in _save(sheet, folder / name)]
    for name, picture in _pictures(found, tables):
        written += save_picture(picture, folder / name)
    return written


def _sheets(runs: Sequence[Run], tables: Sequence[Table]) -> Iterator[tuple[str, Sheet]]:
    yield "storage", storage_sheet(runs)
    for table in tables:
        yield f"accuracy-{table.key}", accuracy_sheet(table)


def _save(sheet: Sheet, file: Path) -> Iterator[Path]:
    for suffix, text in FORMATS.items():
        path = file.with_name(file.name + suffix)
        with replacing(path) as temporary:
            temporary.write_text(text(sheet), encoding="utf-8")
        yield path


def _pictures(runs: Sequence[Run], tables: Sequence[Table]) -> Iterator[tuple[str, Picture]]:
    for table in tables:
        size, of_methods = table_figures(table)
        if size is not None:
            yield f"bytes-{table.key}", size
        for number, (row, drawn) in enumerate(of_methods):
            for name, picture in drawn.items():
                yield f"{name}-{table.key}-{numbered_name(number, row.title)}", picture
    for number, run in enumerate(runs):
        for name, picture in ({} if run.stretches is None else course_figures(run.stretches)).items():
            yield f"{name}-{numbered_name(number, run.name)}", picture
