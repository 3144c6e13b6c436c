"""Trains networks on a set of clips and tests them on a store, one job a network."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from vidense.data.spec import DecodedOtherwise, LabelledClips
from vidense.data.store import ClipStore
from vidense.errors import DivergenceError, UserError
from vidense.evaluation.jobs import once
from vidense.evaluation.labels import lesson_of, shown, targets_of
from vidense.evaluation.scores import classification_scores
from vidense.evaluation.spec import EvalSpec
from vidense.experts import ceiling_network
from vidense.nets import Network, build_network
from vidense.training import fit, predict

__all__ = ["Bench", "Progress", "TrainSet", "evaluate", "evaluate_ceiling"]

Progress = Callable[[str], None]


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


class Bench:
    """A store set up for one :class:`EvalSpec`: validation and test clips, on the device of choice."""

    def __init__(self, store: ClipStore, spec: EvalSpec, device: torch.device) -> None:
        """Prepare the views.

        Raises:
            UserError: if the store has no test videos or fewer windows of each than the protocol scores, or the
                network does not exist or cannot take its clips.
        """
        if not len(store.test):
            raise UserError(f"store {str(store.path)!r} has no test videos; prepare it from data with a test split")
        if store.test.windows < spec.windows:
            raise UserError(
                f"store {str(store.path)!r} keeps {store.test.windows} clips of each video, protocol {spec.protocol!r} "
                f"scores {spec.windows}; prepare it with --clips {spec.windows}"
            )
        # What "auto" means here is part of what was measured.
        spec = replace(spec, recipe=spec.recipe.on(device))
        self.store, self.spec, self.device = store, spec, device
        self._teacher: Network | None = None
        self.network(0)
        real = store.test.to(device)
        self.test = tuple(
            DecodedOtherwise(real, False, partial(real.decode, window=window)) for window in range(spec.windows)
        )
        held = spec.hold_out.split(store.train)[1].to(device)
        self.validation: tuple[LabelledClips, ...] = (held,) if len(held) else ()

    def network(self, seed: int) -> Network:
        """Return a fresh network for the store's clips."""
        store, spec = self.store, self.spec
        built = build_network(spec.model, store.spec, len(store.class_names), seed=seed, **dict(spec.model_options))
        return built.place(self.device)

    def teacher(self) -> Network:
        """Return the network that gives soft labels; trained on the whole store where its cache lacks it.

        Raises:
            DivergenceError: if its training diverged.
        """
        if self._teacher is None:
            real, name = self.store.train, self.spec.teacher
            trained = ceiling_network(real, name, 0, self.store.cache, device=self.device)
            if trained.fit["diverged_at"] is not None:
                raise DivergenceError(f"the teacher {name!r} diverged; evaluate with hard labels")
            self._teacher = trained.network.requires_grad_(False)
        return self._teacher

    def identity(self, content: str, seed: int) -> dict[str, Any]:
        """Return all that decides the result of a job."""
        return {"train": content, "data": self.store.content_hash, "spec": self.spec.hash, "net_seed": seed}

    def scores(self, network: Network) -> dict[str, Any]:
        """Return the test scores of a trained network."""
        windows = torch.stack([predict(network, view, self.spec.recipe) for view in self.test])
        return classification_scores(windows, self.store.test.labels, self.spec.pooling)


def evaluate(
    train: TrainSet, bench: Bench, net_seeds: Sequence[int], jobs: Path, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Train one network a seed on ``train`` and test each; finished jobs are read and not done again.

    Args:
        train: the clips.
        bench: store and protocol.
        net_seeds: seeds of initialisation, order and dropout.
        jobs: folder of the job files.
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
        result = once(jobs, bench.identity(train.content, seed), partial(_train_and_test, train, bench, seed))
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
        targets=targets_of(clips, spec, bench.teacher),
        lesson=lesson_of(spec, bench.teacher),
        validation=watched,
        keep_best=watched is bench.validation,
    )
    legacy = max(value for _, value in record.checks) if spec.legacy_best_on_test and record.checks else None
    return _result(bench, network, record.to_json(), started) | {"legacy_best_on_test": legacy}


def evaluate_ceiling(bench: Bench, net_seeds: Sequence[int], progress: Progress | None = None) -> list[dict[str, Any]]:
    """Train on the whole dataset and test, as :func:`evaluate` does; networks and scores stay in the store's cache."""
    results = []
    for seed in net_seeds:
        if progress is not None:
            progress(f"{bench.spec.model}, whole dataset, network {seed}")
        jobs = bench.store.cache / "jobs"
        result = once(jobs, bench.identity("ceiling", seed), partial(_ceiling, bench, seed))
        results.append({"condensation_seed": 0, "net_seed": seed, **result})
    return results


def _ceiling(bench: Bench, seed: int) -> dict[str, Any]:
    started, store, spec = time.perf_counter(), bench.store, bench.spec
    ceiling = ceiling_network(
        store.train,
        spec.model,
        seed,
        store.cache,
        recipe=spec.recipe,
        hold_out=spec.hold_out,
        options=dict(spec.model_options),
        device=bench.device,
    )
    scored = _result(bench, ceiling.network, dict(ceiling.fit), started)
    return scored | {"legacy_best_on_test": None, "videos": ceiling.videos}


def _result(bench: Bench, network: Network, fitted: dict[str, Any], started: float) -> dict[str, Any]:
    diverged = fitted["diverged_at"] is not None
    scores = {} if diverged else bench.scores(network)
    seconds = round(time.perf_counter() - started, 2)
    return {**scores, "diverged": diverged, "fit": fitted, "seconds": seconds}
