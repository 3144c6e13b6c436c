"""``vidense reproduce``: a published number, run again."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from vidense.cli import options as shared
from vidense.cli.output import print_json, print_table, say
from vidense.errors import UserError

__all__ = ["reproduce"]


def reproduce(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Such as miniucf-prism-1vpc; --list prints all.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the runs.")] = None,
    data: Annotated[Path | None, typer.Option(metavar="SRC", help="The unpacked dataset.")] = None,
    on: Annotated[Path | None, typer.Option(metavar="STORE", help="Prepared data to use instead.")] = None,
    scale: Annotated[
        str,
        typer.Option(
            metavar="small|published",
            help="`published` takes the papers' lengths, on a CPU too; `small` a tenth or less.",
        ),
    ] = "published",
    seeds: Annotated[int, typer.Option(help="Condensed sets; papers make one.")] = 1,
    nets: Annotated[int, typer.Option(help="Evaluation networks of each.")] = 3,
    device: shared.WhereToRun = "auto",
    listed: Annotated[bool, typer.Option("--list", help="Print every published cell and stop.")] = False,
    as_json: shared.AsJson = False,
) -> None:
    """Prepare, condense and evaluate as a paper did, and print ours beside its number.

    The same command again continues. Without the dataset it says what to download.
    """
    from vidense import methods  # noqa: F401 - registers them
    from vidense.cli.prepared import print_remarks
    from vidense.cli.progress import Display
    from vidense.named_recipes import find_recipe
    from vidense.reproduction import FILE, check_source
    from vidense.reproduction import reproduce as run

    if listed:
        _print_list(as_json)
        return
    if name is None:
        raise UserError("give a recipe and --out DIR; `vidense reproduce --list` prints the recipes")
    # Whoever has no dataset yet shall hear of that first.
    check_source(find_recipe(name), data, on)
    if out is None:
        raise UserError("give --out DIR, a folder for the runs; the same command again continues there")
    chosen: Any = scale
    with Display() as display:
        told: dict[str, Any] = {"progress": display.step, "note": display.note}
        # Not to stdout, which is for the result: with --json for nothing else.
        told["prepared"] = partial(print_remarks, file=sys.stderr)
        found = run(name, out, data=data, store=on, scale=chosen, seeds=seeds, nets=nets, device=device, **told)
    if as_json:
        print_json({"path": str(out / FILE), **found})
        return
    _print(found)
    say(f"\nwritten to {out / FILE}")


def _print_list(as_json: bool) -> None:
    from vidense.named_recipes import named_recipes

    known = named_recipes().values()
    if as_json:
        print_json({"recipes": [recipe.to_json() for recipe in known]})
        return
    rows = [
        (recipe.name, cell.printed, recipe.data.metric, cell.source, _note(cell.note, recipe.readings))
        for recipe in known
        for cell in recipe.cells
    ]
    print_table(("recipe", "printed %", "metric", "source", "note"), rows, left=5)


def _note(evaluation: str, readings: Sequence[str]) -> str:
    """Return what to know beside a number: how its evaluation differs, and which settings no source prints."""
    ours = f"{', '.join(readings)}: our reading" if readings else ""
    return "; ".join(filter(None, (evaluation, ours)))


def _print(found: Mapping[str, Any]) -> None:
    from vidense.report.wording import percent

    recipe, best = found["recipe"], found["ours_best_on_test"]
    say(f"{recipe['name']}: {recipe['metric']}, {recipe['evaluation']}, options {recipe['options'] or 'none'}")
    if recipe["unstated"]:
        say(f"left unstated by the paper, and chosen by us: {', '.join(recipe['unstated'])}")
    if recipe["readings"]:
        say(f"our reading, since the paper's table ends before: {', '.join(recipe['readings'])}")
    for departure in recipe["evaluation_departures"]:
        say(f"evaluated otherwise: {departure}")
    summaries = {"ours": found["ours"]}
    if best is not None:
        summaries["ours, each network at its best check on the test videos"] = best
    for title, summary in {**summaries, "random clips, equal videos": found["random"]}.items():
        told = "a network diverged" if summary is None else _told(summary, percent(summary["mean"]))
        say(f"{title}: {told}")
    for cell, *gaps in zip(recipe["printed"], found["gaps"], found["gaps_best_on_test"], strict=True):
        printed = f"{cell['mean']:.1f}" + ("" if cell["spread"] is None else f" ± {cell['spread']:.1f}")
        say(f"{cell['source']}: {printed} %{_against(*gaps)}")
    if best is not None:
        say("papers print the best of their checks on the test videos, too, made while they condense")
    if found["departures"]:
        say("these are not the paper's data, or not its length: the gap says nothing about the paper")
    for departure in found["departures"]:
        say(f"- {departure}")


def _against(gap: float | None, best: float | None) -> str:
    """Return how far ours is from a printed number, by the last weights and then by the best check on the test."""
    from vidense.report.wording import points

    if gap is None:
        return ""
    return f"; ours is {points(gap / 100)} points from it" + (
        "" if best is None else f", {points(best / 100)} at its best on the test videos"
    )


def _told(summary: Mapping[str, Any], mean: str) -> str:
    networks = 100 * summary["std_networks"]["ddof0"]
    return (
        f"{mean} % ± {networks:.1f} over {summary['networks']} networks of a set, "
        f"{summary['condensation_seeds']} condensed"
    )
