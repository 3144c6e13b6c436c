"""Runs a published cell and says how far from it we are."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from vidense.config import check_counts, validate
from vidense.data.prepare import prepare
from vidense.data.prepare_report import PrepareReport
from vidense.data.store import ClipStore
from vidense.data.store_index import INDEX
from vidense.engine.condense import condense
from vidense.engine.settings import CondenseSettings, pick_device
from vidense.errors import UserError
from vidense.evaluation.bench import Bench
from vidense.evaluation.record import undiverged
from vidense.evaluation.run import evaluate_run
from vidense.evaluation.scores import TOP_K
from vidense.evaluation.spec import eval_spec
from vidense.method import Scale
from vidense.named_recipes import NamedRecipe, find_recipe
from vidense.progress import LineProgress, PhaseProgress
from vidense.records import read_json, write_json
from vidense.statistics import summarise

__all__ = ["FILE", "check_source", "reproduce"]

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
    prepared: Callable[[PrepareReport], None] | None = None,
    progress: PhaseProgress | None = None,
    note: LineProgress | None = None,
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
        prepared: called with what there is to say about ``data``, before anything is condensed.
        progress: as ``condense`` takes it.
        note: as ``evaluate`` takes its progress.

    Returns:
        The file. ``ours`` and ``random`` (real clips at equal videos): :func:`~vidense.statistics.summarise` of the
        recipe's metric, of the last weights. ``ours_best_on_test``: of each network's best check on the test videos
        (None where one has none), which flatters; papers print such values, of checks while they condense. ``gaps`` and
        ``gaps_best_on_test``: these less each printed mean, in points. ``departures``: how data and length differ from
        the paper's, in words; where they or the recipe's ``evaluation_departures`` do, it is not ``as_published``.

    Raises:
        UserError: if the recipe is unknown, a count is below 1, not exactly one of data and store is given, networks
            cannot be tested on the store as the paper does, or a step goes wrong.
    """
    recipe, folder = find_recipe(name), Path(out)
    check_counts(seeds=seeds, nets=nets)
    used, cell = pick_device(device), recipe.cells[0]
    asked: dict[str, Any] = {"method": cell.method, "vpc": cell.vpc, "options": dict(recipe.options), "scale": scale}
    asked["store_dtype"] = "float32"  # as papers keep their videos
    validate(CondenseSettings, asked, "settings")
    opened = _store(recipe, folder, data, store, prepared)
    _check_store(recipe, opened, used)
    how: dict[str, Any] = {"models": (cell.model,), "seeds": nets, "ceiling": False, **recipe.evaluation}
    rows: dict[str, list[Mapping[str, Any]]] = {"method": [], "random_equal_vpc": []}
    for seed in range(seeds):
        run = folder / f"run-{seed}"
        made = condense(opened.path, run, seed=seed, device=device, progress=progress, **asked)
        rate = made.index["outcome"]["step_size"] if recipe.learned_rate else None
        how |= {"lr": rate, "baseline_seeds": [seed]}
        for row in evaluate_run(run, opened.path, device=device, progress=note, **how).rows:
            rows.get(row["role"], []).extend(row["results"])
    found = {**_head(recipe, opened, scale), **_figures(recipe, *rows.values())}
    write_json(folder / FILE, found)
    return found


def _head(recipe: NamedRecipe, store: ClipStore, scale: Scale) -> dict[str, Any]:
    """Return what was repeated, and whether it is what the paper did."""
    departures = _departures(recipe, store, scale)
    exact = not (departures or recipe.evaluation_departures)
    found = {**HEAD, "recipe": recipe.to_json(), "scale": scale, "store": str(store.path)}
    return {**found, "as_published": exact, "departures": departures}


def check_source(recipe: NamedRecipe, data: str | Path | None, store: str | Path | None) -> None:
    """Check that there is either the unpacked dataset or a store.

    Raises:
        UserError: if not; where neither is given, or ``data`` does not exist, it says what to download.
    """
    if data is not None and store is not None:
        raise UserError("data and a store were given; give the unpacked dataset, or a store that was prepared from it")
    if store is None and (data is None or not Path(data).exists()):
        told = "none was given" if data is None else f"{str(data)!r} does not exist"
        raise UserError(
            f"recipe {recipe.name!r} needs {recipe.cells[0].dataset}, and {told}: get {recipe.data.advice} "
            "(docs/datasets.md), and give that folder as --data, with --out for the runs"
        )


def _store(
    recipe: NamedRecipe,
    folder: Path,
    data: str | Path | None,
    store: str | Path | None,
    prepared: Callable[[PrepareReport], None] | None,
) -> ClipStore:
    """Return the store to work on, made from ``data`` where that is given."""
    check_source(recipe, data, store)
    if data is None:
        return ClipStore.open(Path(str(store)))
    report = prepare(data, folder / "store", layout=recipe.data.layout)
    if prepared is not None:
        prepared(report)
    return ClipStore.open(folder / "store")


def _check_store(recipe: NamedRecipe, store: ClipStore, device: torch.device) -> None:
    """Raise ``UserError`` if networks cannot be tested on a store as the paper does: now, not after condensing."""
    Bench(store, eval_spec(model=recipe.cells[0].model, **recipe.evaluation), device)
    if recipe.data.metric == "top5" and len(store.class_names) <= TOP_K:
        raise UserError(f"the recipe counts top5, which needs more than {TOP_K} classes; take a larger store")


def _departures(recipe: NamedRecipe, store: ClipStore, scale: Scale) -> list[str]:
    """Return how a run at ``scale`` on ``store`` differs from the paper's, in words."""
    data = recipe.data
    wanted, own = {"layout": data.layout, **data.prepared}, dict(store.settings)
    # It decides where clips of training videos start, which the papers leave to chance.
    own.pop("seed", None)
    found = [] if scale == "published" else [f"scale is {scale}, which runs fewer iterations than the paper"]
    found += [
        f"{name} is {own.get(name, 'not set')} in the store, {wanted.get(name, 'not set')} in the paper"
        for name in (*wanted, *sorted(own.keys() - wanted.keys()))
        if own.get(name) != wanted.get(name)
    ]
    here, dataset = f"{len(store.train)} training and {len(store.test)} test videos", recipe.cells[0].dataset
    if data.videos is None:
        found.append(f"the store has {here}, and nobody knows which of {dataset} the paper had: copies differ")
    elif _listed(store) != data.videos:
        found.append(f"the store has {here}, the complete {dataset} has {data.videos[0]} and {data.videos[1]}")
    return found


def _listed(store: ClipStore) -> tuple[int, int]:
    """Return how many training and test videos are stored, or skipped as the papers do: too short for the rule."""
    failures = read_json(store.path / INDEX).get("failures", ())
    short = Counter(row["split"] for row in failures if row["reason"] == "too-short")
    return len(store.train) + short["train"], len(store.test) + short["test"]


def _figures(
    recipe: NamedRecipe, method: Sequence[Mapping[str, Any]], random: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the figures of :func:`reproduce` from results of the method and of real clips at equal videos."""
    metric = recipe.data.metric
    ours, best = _summary(method, metric), _best_on_test(method, metric)
    return {
        "ours": ours,
        "ours_best_on_test": best,
        "random": _summary(random, metric),
        "gaps": _gaps(recipe, ours),
        "gaps_best_on_test": _gaps(recipe, best),
    }


def _gaps(recipe: NamedRecipe, ours: Mapping[str, Any] | None) -> list[float | None]:
    """Return ours less each printed mean, in points."""
    return [None if ours is None else 100 * ours["mean"] - printed.mean for printed in recipe.cells]


def _best_on_test(results: Sequence[Mapping[str, Any]], metric: str) -> dict[str, Any] | None:
    """Return the summary of best checks on the test videos, which count top-1; None unless all networks have one."""
    if metric != "top1" or any(result["legacy_best_on_test"] is None for result in results):
        return None
    return _summary(results, "legacy_best_on_test")


def _summary(results: Sequence[Mapping[str, Any]], metric: str) -> dict[str, Any] | None:
    """Return the summary of ``metric``; None if a network diverged, for a mean over the others would flatter."""
    whole = undiverged(results, metric)
    return None if whole is None else summarise(whole)
