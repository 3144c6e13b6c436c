"""Runs a published cell and says how far from it we are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidense.data.prepare import prepare
from vidense.data.store import ClipStore
from vidense.engine.condense import condense
from vidense.errors import UserError
from vidense.evaluation.measure import Progress
from vidense.evaluation.record import undiverged
from vidense.evaluation.run import evaluate_run
from vidense.method import Scale
from vidense.named_recipes import NamedRecipe, find_recipe
from vidense.needs import Report
from vidense.records import write_json
from vidense.statistics import summarise

__all__ = ["FILE", "reproduce"]

FILE = "reproduction.json"
HEAD = {"format": "vidense-reproduction", "version": 1}


def reproduce(
    name: str,
    out: str | Path,
    *,
    data: str | Path | None = None,
    store: str | Path | None = None,
    scale: Scale = "published",
    seeds: int = 1,
    nets: int = 3,
    device: str = "auto",
    progress: Report | None = None,
    note: Progress | None = None,
) -> dict[str, Any]:
    """Prepare, condense and evaluate as a paper did, beside what it prints; the same call again continues.

    Args:
        name: of a recipe, such as ``miniucf-prism-1vpc``.
        out: folder of the runs, of the store where one is made, and of ``reproduction.json``.
        data: the unpacked dataset, to be prepared into ``out/store``.
        store: prepared data to use instead.
        scale: ``small`` runs a tenth of the iterations or less.
        seeds: condensed sets; papers make one.
        nets: evaluation networks of each.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.
        progress: as ``condense`` takes it.
        note: as ``evaluate`` takes its progress.

    Returns:
        The file. ``ours`` and ``random`` (real clips at equal videos): :func:`~vidense.statistics.summarise` of the
        recipe's metric. ``gaps``: ours less each printed mean, in points. ``as_published``: whether data and scale are
        the recipe's own; otherwise the gaps say nothing about the paper.

    Raises:
        UserError: if the recipe is unknown, not exactly one of data and store is given, or a step goes wrong.
    """
    recipe, folder = find_recipe(name), Path(out)
    path, cell = _store(recipe, folder, data, store), recipe.cells[0]
    asked: dict[str, Any] = {"method": cell.method, "vpc": cell.vpc, "options": dict(recipe.options), "scale": scale}
    how: dict[str, Any] = {"models": (cell.model,), "seeds": nets, "ceiling": False, **recipe.evaluation}
    rows: dict[str, list[Mapping[str, Any]]] = {"method": [], "random_equal_vpc": []}
    for seed in range(seeds):
        run = folder / f"run-{seed}"
        condense(path, run, seed=seed, device=device, progress=progress, **asked)
        record = evaluate_run(run, path, baseline_seeds=[seed], device=device, progress=note, **how)
        for row in record.rows:
            rows.get(row["role"], []).extend(row["results"])
    ours, random = (_summary(results, recipe.data.metric) for results in rows.values())
    own = ClipStore.open(path).settings.get("layout") == recipe.data.layout
    found = {
        **HEAD,
        "recipe": recipe.to_json(),
        "scale": scale,
        "store": str(path),
        "as_published": scale == "published" and own,
        "ours": ours,
        "random": random,
        "gaps": [None if ours is None else 100 * ours["mean"] - printed.mean for printed in recipe.cells],
    }
    write_json(folder / FILE, found)
    return found


def _store(recipe: NamedRecipe, folder: Path, data: str | Path | None, store: str | Path | None) -> Path:
    """Return the store to work on, made from ``data`` where that is given."""
    if data is not None and store is not None:
        raise UserError("data and a store were given; give the unpacked dataset, or a store that was prepared from it")
    if store is not None:
        return Path(store)
    if data is None or not Path(data).exists():
        told = "none was given" if data is None else f"{str(data)!r} does not exist"
        raise UserError(
            f"recipe {recipe.name!r} needs {recipe.cells[0].dataset}, and {told}: get {recipe.data.advice} "
            "(docs/datasets.md), and give that folder as --data"
        )
    prepare(data, folder / "store", layout=recipe.data.layout)
    return folder / "store"


def _summary(results: Sequence[Mapping[str, Any]], metric: str) -> dict[str, Any] | None:
    """Return the summary of ``metric``; None if a network diverged, for a mean over the others would flatter.

    Raises:
        UserError: if there are too few classes for it.
    """
    whole = undiverged(results, metric)
    if whole is None:
        return None
    if any(result[metric] is None for result in results):
        raise UserError(f"the recipe counts {metric}, which needs more than 5 classes; take a larger store")
    return summarise(whole)
