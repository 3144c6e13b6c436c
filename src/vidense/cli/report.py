"""``vidense report``: one page with everything."""

from pathlib import Path
from typing import Annotated

import typer

from vidense.cli.output import say

__all__ = ["report"]


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of finished runs.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="The page to write.")] = Path(
        "report.html"
    ),
    tables: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write the tables as CSV, LaTeX, Markdown, the figures as SVG, PNG."),
    ] = None,
) -> None:
    """Write one self-contained page: accuracy, storage, the clips of all runs side by side, courses and settings."""
    from vidense.report import read_runs, write_for_papers, write_page

    # Reading comes first, for a wrong folder must be refused before seconds go into loading torch.
    read_runs(runs)
    draw_missing(runs)
    say(str(write_page(runs, out)))
    if tables is not None:
        say(f"{len(write_for_papers(runs, tables))} files in {tables}")


def draw_missing(runs: list[Path]) -> None:
    """Draw the clips of runs that were condensed through the library, which draws none."""
    from vidense.report import has_previews

    for run in [run for run in runs if not has_previews(run)]:
        from vidense import load
        from vidense.engine.preview import write_previews

        write_previews(load(run), run)
