"""``vidense flow``: how condensed videos move, beside real ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from vidense.cli import options as shared
from vidense.cli.output import print_json, print_table, say
from vidense.run_files import FLOW, FLOW_INDEX

__all__ = ["flow"]


def flow(
    run: shared.RunPath,
    on: Annotated[Path, typer.Option(metavar="STORE", help="Prepared data that it was condensed from.")],
    algorithm: Annotated[
        str, typer.Option(metavar="dis|farneback", help="How optical flow is computed; both need OpenCV.")
    ] = "dis",
    classes: Annotated[
        list[str] | None, typer.Option("--class", metavar="NAME", help="Only this class; repeat for more.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of numbers and pictures.  [default: RUN/flow]")
    ] = None,
    plugin: shared.Plugins = None,
    as_json: shared.AsJson = False,
) -> None:
    """Compare the mean optical flow of each class with that of its real videos, in numbers and in pictures.

    Random real clips stand beside the condensed ones, and the halves of the real videos, which differ by chance alone.
    """
    from vidense import methods  # noqa: F401 - their parameterizations read the dataset
    from vidense.cli.progress import Display
    from vidense.evaluation.flow_run import measure_flow

    with Display() as display:
        found = measure_flow(
            run,
            on,
            algorithm=algorithm,
            classes=classes or (),
            out=out,
            progress=lambda done, total: display.step("flow", done, total),
        )
    file = (run / FLOW if out is None else out) / FLOW_INDEX
    if as_json:
        print_json({"path": str(file), **found})
        return
    _print(found)
    say(f"\nwritten to {file}")


def _print(found: Mapping[str, Any]) -> None:
    """Print one line a class and the mean over classes."""
    from vidense.evaluation.flow_run import COMPARED

    say("Mean flow of the condensed videos, and beside it of random real ones, against that of all real training")
    say("videos; halves: two halves of these against each other. Error and length in pixels a frame.\n")
    lengths = ("condensed", "random", "real")
    print_table(
        ("class", "cosine", "random", "halves", "error", "random", "halves", "length", "random", "real"),
        [
            (
                name,
                *(_number(row[kind], "cosine", "+.2f") for kind in COMPARED),
                *(_number(row[kind], "end_point_error", ".2f") for kind in COMPARED),
                *(_number(row[kind], "magnitude", ".2f") for kind in lengths),
            )
            for name, row in (*((row["name"], row) for row in found["classes"]), ("mean", found["mean"]))
        ],
    )


def _number(numbers: Mapping[str, Any] | None, key: str, form: str) -> str:
    from vidense.report.wording import EMPTY

    value = None if numbers is None else numbers[key]
    return EMPTY if value is None else format(value, form)
