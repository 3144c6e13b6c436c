"""``vidense evaluate --task proxy``: does the condensed set rank networks as the whole dataset does?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidense.errors import UserError

__all__ = ["rank"]

# What a ranking takes these flags to be.
FIXED = {"protocol": "clean", "epochs": None, "labels": None, "mix": "none", "codec": None, "ceiling": True}


def rank(
    run: Path,
    store: Path,
    models: Sequence[str],
    seeds: int,
    device: str,
    how: Mapping[str, Any],
    as_json: bool,
) -> None:
    """Rank networks and learning rates, and print how far the rankings agree.

    Raises:
        UserError: if a flag is given that a ranking has no use for.
    """
    from vidense.cli.output import print_json
    from vidense.cli.progress import Display
    from vidense.evaluation.proxy import FILE, rank_by_proxy

    if odd := [name for name, value in how.items() if value != FIXED[name]]:
        raise UserError(f"--task proxy trains under protocol clean with hard labels; leave out {', '.join(odd)}")
    with Display() as display:
        found = rank_by_proxy(run, store, models=models, seeds=seeds, device=device, progress=display.note)
    if as_json:
        print_json({"path": str(run / FILE), **found})
        return
    _print(found)
    print(f"\nwritten to {run / FILE}")


def _print(found: Mapping[str, Any]) -> None:
    from vidense.cli.output import print_table
    from vidense.report.wording import percent

    columns = ("condensed", "random", "whole")
    print_table(
        ("variant", *(f"{name} %" for name in columns)),
        [(row["name"], *(percent(row["on"][name]["top1"]) for name in columns)) for row in found["variants"]],
    )
    whole = found["whole_seconds"]
    for name, agreement in found["agreement"].items():
        agree = ", ".join(f"{key.capitalize()} {_signed(agreement[key])}" for key in ("spearman", "kendall"))
        print(
            f"{name}: {agree} with the whole dataset; its first choice is {percent(agreement['regret'])} points below "
            f"the best; {agreement['seconds']:.0f} s of training against {whole:.0f} s"
        )


def _signed(correlation: float | None) -> str:
    return "none" if correlation is None else f"{correlation:+.2f}"
