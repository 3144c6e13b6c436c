"""Trains networks on sets of clips and tests them on a bench, one job a network."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from vidense.condensed import CondensedDataset
from vidense.data.spec import LabelledClips
from vidense.evaluation.bench import Bench
from vidense.evaluation.jobs import once
from vidense.evaluation.labels import lesson_of, shown, targets_of
from vidense.nets import Network
from vidense.parameterizations import PARAMETERIZATIONS
from vidense.progress import LineProgress
from vidense.records import content_hash
from vidense.trained_networks import Training
from vidense.training import fit

__all__ = ["TrainSet", "evaluate", "evaluate_ceiling", "mean_top1", "prefixed", "whole_set"]


@dataclass(frozen=True)
class TrainSet:
    """Clips to train on, and what they are.

    Attributes:
        clips: the videos.
        content: equal for equal clips, and only then.
        seed: condensation or selection seed that led to them.
        frames: stored frames that they are decoded from.
    """

    clips: LabelledClips
    content: str
    seed: int
    frames: float

    @classmethod
    def of(cls, dataset: CondensedDataset) -> "TrainSet":
        """Return a condensed dataset to train on."""
        foreign = PARAMETERIZATIONS.foreign(dataset.index["parameterization"])
        # What a plug-in decodes is decided by its file, too.
        content = content_hash([dataset.content_hash, foreign]) if foreign else dataset.content_hash
        return cls(dataset, content, dataset.seed, dataset.storage.frames)


def prefixed(progress: LineProgress | None, words: str) -> LineProgress | None:
    """Return what tells ``progress`` the same with ``words`` in front; None for None."""
    return None if progress is None else lambda text: progress(f"{words}: {text}")


def whole_set(bench: Bench) -> TrainSet:
    """Return all training videos but those that choose the weights: what a ceiling is trained on."""
    kept, _ = bench.spec.hold_out.split(bench.store.train)
    return TrainSet(kept, kept.content, 0, len(kept) * bench.store.spec.frames)


def mean_top1(results: Sequence[Mapping[str, Any]]) -> float:
    """Return the mean top-1 accuracy of results of :func:`evaluate`; a network that diverged counts as 0."""
    right = [0.0 if result["diverged"] else result["top1"] for result in results]
    return sum(right) / len(right)


def evaluate(
    train: TrainSet, bench: Bench, net_seeds: Sequence[int], progress: LineProgress | None = None
) -> list[dict[str, Any]]:
    """Train one network a seed on ``train`` and test each; finished jobs are read and not done again.

    They are kept in the store's cache, also those of a condensed set: a run may come from a stranger, with results.

    Args:
        train: the clips.
        bench: store and protocol.
        net_seeds: seeds of initialisation, order and dropout.
        progress: called with a line of text before each job.

    Returns:
        One result a seed: ``condensation_seed``, ``net_seed``, the scores of
        :func:`~vidense.evaluation.scores.classification_scores` (absent where training diverged), ``fit``
        (:meth:`vidense.training.FitRecord.to_json`), ``diverged``, ``legacy_best_on_test`` and ``seconds``.
    """
    results = []
    for seed in net_seeds:
        if progress is not None:
            progress(f"{bench.spec.model}, {len(train.clips.labels)} videos, set {train.seed}, network {seed}")
        result = once(bench.jobs, bench.identity(train.content, seed), partial(_train_and_test, train, bench, seed))
        results.append({"condensation_seed": train.seed, "net_seed": seed, **result})
    return results


def _train_and_test(train: TrainSet, bench: Bench, seed: int) -> dict[str, Any]:
    started, spec = time.perf_counter(), bench.spec
    network, clips = bench.network(seed), shown(train.clips, spec)
    # The legacy figure watches the test split; the weights that are scored are never chosen by it.
    watched = bench.test if spec.legacy_best_on_test else bench.validation
    record = fit(
        network,
        clips,
        spec.recipe,
        seed,
        targets=targets_of(clips, spec, bench.seen_by_teacher),
        lesson=lesson_of(spec, bench.teacher),
        validation=watched,
        keep_best=watched is bench.validation,
    )
    # Checks count classes named, which is no figure of another task.
    reported = spec.legacy_best_on_test and spec.task == "classify" and record.checks
    legacy = max(value for _, value in record.checks) if reported else None
    return _result(bench, network, record.to_json(), started) | {"legacy_best_on_test": legacy}


def evaluate_ceiling(
    bench: Bench, net_seeds: Sequence[int], progress: LineProgress | None = None
) -> list[dict[str, Any]]:
    """Train on the whole dataset and test, as :func:`evaluate` does; networks and scores stay in the store's cache."""
    results = []
    for seed in net_seeds:
        if progress is not None:
            progress(f"{bench.spec.model}, whole dataset, network {seed}")
        result = once(bench.jobs, bench.identity("ceiling", seed), partial(_ceiling, bench, seed))
        results.append({"condensation_seed": 0, "net_seed": seed, **result})
    return results


def _ceiling(bench: Bench, seed: int) -> dict[str, Any]:
    started, store, spec = time.perf_counter(), bench.store, bench.spec
    if spec.task != "classify":
        whole = whole_set(bench)
        return _train_and_test(whole, bench, seed) | {"videos": len(whole.clips.labels)}
    options = dict(spec.model_options)
    training = Training(store.train, spec.model, seed, spec.recipe, spec.hold_out, options, device=bench.device)
    trained = training.network(store.cache)
    scored = _result(bench, trained.network, dict(trained.fit), started)
    # A network from the cache was trained at some cost too.
    scored["seconds"] = max(scored["seconds"], trained.seconds or 0.0)
    return scored | {"legacy_best_on_test": None, "videos": trained.videos}


def _result(bench: Bench, network: Network, fitted: dict[str, Any], started: float) -> dict[str, Any]:
    diverged = fitted["diverged_at"] is not None
    scores = {} if diverged else bench.scores(network)
    seconds = round(time.perf_counter() - started, 2)
    return {**scores, "diverged": diverged, "fit": fitted, "seconds": seconds}
