"""``vidense segment``: condensed feature sequences for temporal action segmentation, and what they are worth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from vidense.cli import options as shared
from vidense.cli.output import print_json, print_table, say
from vidense.errors import UserError

__all__ = ["segment"]

HEADER = ("trained on", "vectors", "bytes", "accuracy", "edit", "F1@10", "F1@25", "F1@50")


def segment(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="features/, groundTruth/, mapping.txt and splits/, as of MS-TCN.")
    ],
    out: Annotated[Path, typer.Option(metavar="RUN", help="Folder of the run; the condensed sets lie in it.")],
    method: Annotated[
        str, typer.Option(metavar="prism|tsgf|mean|coreset|random|full", help="How to condense.")
    ] = "prism",
    split: Annotated[str, typer.Option(metavar="K|all", help="Which split, or the mean of all of them.")] = "1",
    videos: Annotated[int | None, typer.Option(help="Training videos to keep.  [default: all]")] = None,
    keys: Annotated[int, typer.Option(help="Stored feature vectors of a segment.")] = 2,
    subsample: Annotated[int, typer.Option(help="Use every n-th frame: 2 for 50Salads.")] = 1,
    iterations: Annotated[int, typer.Option(help="Of prism and tsgf.")] = 300,
    epochs: Annotated[int, typer.Option(help="Passes over the whole set; smaller sets get as many updates.")] = 50,
    seeds: Annotated[int, typer.Option(help="Sets to condense, each with a network of its own.")] = 3,
    no_ceiling: shared.NoCeiling = False,
    device: shared.WhereToRun = "auto",
    as_json: shared.AsJson = False,
) -> None:
    """Condense feature sequences, train MS-TCN on them, and test it beside random features and the whole dataset.

    The same command again continues: finished networks are not trained twice.
    """
    from vidense.cli.progress import Display
    from vidense.segmentation import Settings
    from vidense.segmentation import segment as run
    from vidense.segmentation.run import RECORD_FILE

    settings = Settings(videos=videos, keys=keys, subsample=subsample, iterations=iterations, epochs=epochs)
    with Display() as display:
        record = run(
            folder,
            out,
            method=method,
            split=_split(split),
            settings=settings,
            seeds=seeds,
            ceiling=not no_ceiling,
            device=device,
            progress=display.step,
        )
    if as_json:
        print_json({"path": str(out / RECORD_FILE), **record})
        return
    _print_folder(record["folder"])
    _print(record)
    say(f"\nwritten to {out / RECORD_FILE}")


def _split(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise UserError(f"split {text!r} is no split; give a number, or all")
    return int(text)


def _print_folder(found: Mapping[str, Any]) -> None:
    splits = ", ".join(
        f"split {split}: {train} train / {test} test" for split, (train, test) in found["splits"].items()
    )
    say(f"{found['videos']} videos of {found['classes']} classes; {splits}")
    for note in found["notes"]:
        say(f"note: {note}")


def _print(record: Mapping[str, Any]) -> None:

    splits = ", ".join(map(str, record["settings"]["splits"]))
    seeds = {result["seed"] for row in record["rows"] for result in row["results"]}
    say(f"\nMS-TCN on split {splits}, mean of {len(seeds)} seeds (deviation over them)")
    print_table(HEADER, [_cells(row) for row in record["rows"]])
    method, random = record["rows"][0], next(row for row in record["rows"] if row["name"] == "random")
    gain = method["summary"]["accuracy"]["mean"] - random["summary"]["accuracy"]["mean"]
    if method["name"] not in ("random", "full") and gain <= 0:
        say(f"{method['name']} is no better than random features: {gain:+.1f} points of accuracy")


def _cells(row: Mapping[str, Any]) -> list[str]:
    from vidense.segmentation.metrics import METRICS

    return [row["name"], *_sizes(row["results"]), *(_spread(row["summary"][metric]) for metric in METRICS)]


def _sizes(results: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return stored vectors and bytes on disk of a set, on average."""
    found = [result["storage"] for result in results if "storage" in result]
    if not found:
        return "all", ""
    vectors, size = (sum(storage[name] for storage in found) / len(found) for name in ("frames", "bytes"))
    return f"{vectors:.0f}", f"{size:,.0f}"


def _spread(summary: Mapping[str, Any]) -> str:
    deviation = summary["std_condensation"]["ddof1"]
    return f"{summary['mean']:.1f}" + ("" if deviation is None else f" ({deviation:.1f})")
