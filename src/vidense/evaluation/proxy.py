"""Whether networks rank on a condensed set as they rank on the whole: what practitioners condense for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vidense.condensed import load
from vidense.data.store import ClipStore
from vidense.engine.settings import pick_device
from vidense.errors import UserError
from vidense.evaluation.baselines import condensed_and_random
from vidense.evaluation.bench import Bench, check_same
from vidense.evaluation.measure import TrainSet, evaluate, evaluate_ceiling, mean_top1, prefixed
from vidense.evaluation.spec import EvalSpec, eval_spec
from vidense.progress import LineProgress
from vidense.records import write_json
from vidense.run_files import PROXY, RECORD
from vidense.runlog import read_record
from vidense.statistics import rank_correlation

__all__ = ["MODELS", "RATES", "rank_by_proxy"]

FORMAT, VERSION = "vidense-proxy", 1
# Twelve variants: what is ranked where nothing else is asked for. Rates are times that of the protocol.
MODELS = ("minic3d", "minic3d_bn", "cnn_gru", "video_transformer")
RATES = (0.3, 1.0, 3.0)
FEWEST_VARIANTS = 3


@dataclass(frozen=True)
class _Variant:
    name: str
    bench: Bench

    def row(self, sets: Mapping[str, TrainSet], nets: range, progress: LineProgress | None) -> dict[str, Any]:
        told = prefixed(progress, self.name)
        results = {name: evaluate(train, self.bench, nets, told) for name, train in sets.items()}
        results["whole"] = evaluate_ceiling(self.bench, nets, told)
        on = {name: _averaged(found) for name, found in results.items()}
        return {"name": self.name, "spec_hash": self.bench.spec.hash, "spec": self.bench.spec.to_json(), "on": on}


def rank_by_proxy(
    run_or_dataset: Path | str,
    store: Path | str,
    *,
    models: Sequence[str] = MODELS,
    rates: Sequence[float] = RATES,
    seeds: int = 1,
    device: str = "auto",
    progress: LineProgress | None = None,
) -> dict[str, Any]:
    """Train variants on the condensed set, on random clips of equal bytes and on the whole set; compare their order.

    Every network is a job whose result is kept. ``proxy.json`` is written into the folder.

    Args:
        run_or_dataset: folder of a finished run or of a condensed dataset.
        store: what it was condensed from.
        models: networks, options behind colons.
        rates: learning rates of each, times that of protocol ``clean``.
        seeds: networks of each variant, whose accuracies are averaged.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.
        progress: called with a line of text before each job.

    Returns:
        The content of the file. ``variants``: for each its accuracy and its seconds of training ``on`` each of
        ``condensed``, ``random`` and ``whole``. ``agreement``: for ``condensed`` and ``random`` the Spearman and
        Kendall correlation with the whole set's accuracies (None where all are equal), ``seconds`` of all its
        trainings, and ``regret``: how far the variant it ranks first is below the best, on average where several are
        first. Divergence counts as 0. ``whole_seconds``: of all trainings on the whole set. ``condense_seconds``: what
        the run took, with what it had to make first, but not what the store's cache already had (a teacher, experts,
        pictures); ``vidense plan`` says what all of it takes. None for a dataset without its run.

    Raises:
        UserError: if a folder is not what it should be, a network cannot take the clips, or the variants are too few.
    """
    folder, dataset, opened = Path(run_or_dataset), load(run_or_dataset), ClipStore.open(store)
    if len(models) * len(rates) < FEWEST_VARIANTS or seeds < 1:
        raise UserError(
            f"{len(models)} networks x {len(rates)} learning rates x {seeds} seeds rank nothing; give at least "
            f"{FEWEST_VARIANTS} variants and 1 seed"
        )
    check_same(dataset, opened)
    # All benches first: a mistake in the last model's name must not surface after an hour.
    used = pick_device(device)
    variants = [_Variant(name, Bench(opened, spec, used)) for name, spec in _specs(models, rates)]
    sets = condensed_and_random(dataset, opened)
    rows = [variant.row(sets, range(seeds), progress) for variant in variants]
    record = {
        "format": FORMAT,
        "version": VERSION,
        "store": opened.content_hash,
        "dataset": dataset.content_hash,
        "seeds": seeds,
        "variants": rows,
        "agreement": {name: _agreement(rows, name) for name in sets},
        "whole_seconds": sum(row["on"]["whole"]["seconds"] for row in rows),
        "condense_seconds": _condensing(folder),
    }
    write_json(folder / PROXY, record)
    return record


def _specs(models: Sequence[str], rates: Sequence[float]) -> Iterator[tuple[str, EvalSpec]]:
    for model in models:
        spec = eval_spec("clean", model)
        for factor in rates:
            rate = factor * spec.recipe.lr
            yield f"{model}, lr {rate:g}", replace(spec, recipe=replace(spec.recipe, lr=rate))


def _averaged(results: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {"top1": mean_top1(results), "seconds": sum(result["seconds"] for result in results)}


def _condensing(folder: Path) -> float | None:
    if not (folder / RECORD).exists():
        return None
    done = read_record(folder)
    return sum(done.get(part) or 0.0 for part in ("preparation", "seconds"))


def _agreement(rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    proxy, whole = ([row["on"][on]["top1"] for row in rows] for on in (name, "whole"))
    # Of several that it ranks first together, any may be taken.
    first = [there for here, there in zip(proxy, whole, strict=True) if here == max(proxy)]
    seconds = sum(row["on"][name]["seconds"] for row in rows)
    return {**rank_correlation(proxy, whole), "regret": max(whole) - sum(first) / len(first), "seconds": seconds}
