"""Arguments that several verbs share, and settings gathered from flags, ``--set`` and a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from vidense.cli.plugins import load_plugins
from vidense.config import Mistakes, load_yaml, parse_assignments

__all__ = [
    "AsJson",
    "Budget",
    "Config",
    "Device",
    "Iterations",
    "Method",
    "NoCeiling",
    "Plugins",
    "RunPath",
    "Scale",
    "Seed",
    "SetOptions",
    "StoreDtype",
    "StorePath",
    "Vpc",
    "WhereToRun",
    "gather",
]

StorePath = Annotated[Path, typer.Argument(metavar="STORE", help="Folder that `vidense prepare` wrote.")]
RunPath = Annotated[Path, typer.Argument(metavar="RUN|DATASET", help="Folder of a finished run, or of a dataset.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout and nothing else.")]
Method = Annotated[str | None, typer.Option(help="How to condense; `vidense methods` lists them.  [default: prism]")]
Vpc = Annotated[int | None, typer.Option(help="Synthetic videos per class.  [default: 1]")]
Budget = Annotated[str | None, typer.Option(metavar="SIZE", help="Size on disk instead of --vpc, such as 5MB.")]
Iterations = Annotated[int | None, typer.Option(help="Length of the run.  [default: the method's, at --scale]")]
Seed = Annotated[int | None, typer.Option(help="Of everything drawn.  [default: 0]")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:1.  [default: auto]")]
WhereToRun = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")]
NoCeiling = Annotated[bool, typer.Option("--no-ceiling", help="Leave out training on the whole dataset.")]
Scale = Annotated[
    str | None,
    typer.Option(
        metavar="small|published",
        help="`published` takes the papers' lengths, `small` a tenth or less.  [default: small on a CPU]",
    ),
]
StoreDtype = Annotated[
    str | None,
    typer.Option("--store-dtype", metavar="uint8|float16|float32", help="How numbers are stored.  [default: uint8]"),
]
SetOptions = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="An option of the method; repeat for more."),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        metavar="FILE.py",
        help="A Python file of yours that registers a method (its objective too), network, parameterization, layout or "
        "box source; repeat for more.",
        callback=load_plugins,
        is_eager=True,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(metavar="FILE.yaml", help="Settings in a file; flags win over it."),
]


def gather(
    flags: Mapping[str, Any], assignments: Sequence[str] | None, config: Path | None, mistakes: Mistakes
) -> dict[str, Any]:
    """Return settings of :class:`vidense.engine.settings.CondenseSettings`: the file's, overridden by the flags.

    Args:
        flags: by field name; None where a flag was not given.
        assignments: what ``--set`` collected, added to the field ``options``.
        config: YAML file, if any.
        mistakes: collects what is wrong here, to be reported with what is wrong elsewhere.
    """
    settings: dict[str, Any] = {}
    if config is not None:
        with mistakes.collect():
            settings = load_yaml(config)
    given = {name: value for name, value in flags.items() if value is not None}
    if "vpc" in given or "budget" in given:
        # Two ways to say one thing: a flag replaces whichever of them the file has.
        settings = {name: value for name, value in settings.items() if name not in ("vpc", "budget")}
    added: dict[str, Any] = {}
    for assignment in assignments or ():
        with mistakes.collect():
            added |= parse_assignments([assignment])
    options = settings.get("options") or {}
    # Something else than a mapping goes on as it is: the engine says what is wrong with it.
    merged = {**options, **added} if isinstance(options, dict) else options
    return {**settings, **given, "options": merged}
