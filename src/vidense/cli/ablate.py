"""``vidense ablate``: what every part of a method is worth."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from vidense.cli import options as shared
from vidense.cli.output import print_json, print_table, say
from vidense.config import Mistakes
from vidense.errors import UserError

__all__ = ["ablate"]


def ablate(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="What is varied, such as prism.")],
    on: Annotated[Path | None, typer.Option(metavar="STORE", help="Prepared data.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the runs.")] = None,
    grid: Annotated[
        str, typer.Option(help="Which variants; --list prints them. Only prism, dfs and tsgf have components.")
    ] = "components",
    seeds: Annotated[int, typer.Option(help="Condensation seeds of each variant.")] = 2,
    nets: Annotated[int, typer.Option(help="Evaluation networks of each set.")] = 3,
    model: Annotated[str, typer.Option(help="Those networks.")] = "minic3d",
    vpc: shared.Vpc = None,
    iterations: shared.Iterations = None,
    device: shared.Device = None,
    scale: shared.Scale = None,
    set_options: shared.SetOptions = None,
    listed: Annotated[bool, typer.Option("--list", help="Print the method's grids and stop.")] = False,
    plugin: shared.Plugins = None,
    as_json: shared.AsJson = False,
) -> None:
    """Condense and evaluate variants of a method, each against the first. The same command again continues."""
    from vidense import methods  # noqa: F401 - registers them
    from vidense.ablation import FILE, STRIPS
    from vidense.ablation import ablate as run
    from vidense.cli.progress import Display
    from vidense.method import METHODS
    from vidense.report.ablation import ablation_pictures
    from vidense.report.drawing import save_picture

    METHODS.get(method)
    if listed:
        _print_grids(method)
        return
    if on is None or out is None:
        raise UserError("give --on STORE and --out DIR; `vidense ablate METHOD --list` prints what can be varied")
    mistakes = Mistakes()
    flags = {"vpc": vpc, "iterations": iterations, "device": device, "scale": scale}
    settings = shared.gather(flags, set_options, None, mistakes)
    mistakes.report()
    with Display() as display:
        told: dict[str, Any] = {"progress": display.step, "note": display.note}
        found = run(method, on, out, grid=grid, seeds=seeds, nets=nets, model=model, **told, **settings)
    for name, picture in ablation_pictures(found).items():
        save_picture(picture, out / name)
    if as_json:
        print_json({"path": str(out / FILE), **found})
        return
    _print(found)
    say(f"\nwritten to {out / FILE}, with figures beside it and the videos in {out / STRIPS}")


def _print_grids(method: str) -> None:
    from vidense.ablation_grids import grids_of

    for name, grid in grids_of(method).items():
        source = f" ({grid.source})" if grid.source else ""
        say(f"{name}{source}: {', '.join(variant.name for variant in grid.variants)}")


def _print(found: Mapping[str, Any]) -> None:
    from vidense.report.wording import percent

    source = f", {found['source']}" if found["source"] else ""
    what = "top-1 %, differences in points, with 95 % intervals from three seeds on"
    say(f"{found['method']}, {found['grid']}{source}: {what}")
    print_table(
        ("variant", "top-1 %", "minus first", "minus random", "key-frames", "motion, real %", "bytes"),
        [
            (
                row["variant"],
                percent(row["summary"]["mean"] if row["summary"] else None),
                _difference(row["against_first"]),
                _difference(row["against_random"]),
                _keys(row["sets"]),
                f"{100 * sum(one['motion'] for one in row['sets']) / len(row['sets']):.1f}, {100 * row['motion']:.1f}",
                f"{sum(one['storage']['bytes'] for one in row['sets']) / len(row['sets']):,.0f}",
            )
            for row in found["rows"]
        ],
    )
    for name, reason in found["left_out"].items():
        say(f"left out: {name} ({reason})")


def _difference(found: Mapping[str, Any] | None) -> str:
    from vidense.report.wording import EMPTY, points
    from vidense.statistics import shown_interval

    if found is None or found["difference"] is None:
        return EMPTY
    interval = shown_interval(found)
    return points(found["difference"]) + ("" if interval is None else " ({} to {})".format(*map(points, interval)))


def _keys(sets: list[dict[str, Any]]) -> str:
    counts = [count for one in sets for count in one["key_frames"] or ()]
    return f"{sum(counts) / len(counts):.1f}" if counts else "all"
