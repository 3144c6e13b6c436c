"""lr=auto: a short successive-halving search on a held-out matching loss, never on test data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Any

import torch

from vidense.engine.loop import Loop
from vidense.errors import DivergenceError
from vidense.method import Recipe, Task

__all__ = ["SHARE", "TRIAL_CLASSES", "Tuning", "search_rate", "survivors_of"]

SHARE = 0.15
TRIAL_CLASSES = 2
RUNGS = 3


@dataclass
class _Candidate:
    rate: float
    loop: Loop
    done: int = 0
    loss: float = 0.0


@dataclass(frozen=True)
class Tuning:
    """Outcome of a search.

    Attributes:
        rate: the chosen learning rate.
        trials: one ``{"lr", "iterations", "held_out_loss"}`` a candidate and rung, the loss None where it diverged.
    """

    rate: float
    trials: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return {"lr": self.rate, "trials": self.trials}


def search_rate(
    build: Callable[[Task, float], Recipe], task: Task, *, rates: Sequence[float], iterations: int
) -> Tuning:
    """Choose a learning rate.

    All candidates start from the same videos and see the same draws. After each of three rungs the better half stays,
    by the held-out loss of an objective that never takes a step; the rungs cost the same, together at most 15 % of the
    run (at least one iteration a candidate). Where classes are matched independently, two of them stand for all, which
    buys longer trials: with a momentum of 0.95 a rate that diverges looks best for its first twenty iterations.

    Args:
        build: makes the recipe of a task for a rate, on the device of the task's clips.
        task: the run's.
        rates: the candidates, ascending, in steps of about x3.
        iterations: length of the run the rate is for.

    Raises:
        DivergenceError: if every candidate diverged.
    """
    budget = SHARE * iterations
    first = build(task, rates[0])
    judge = first.objective
    if judge is None:
        raise ValueError("a method without an objective has no learning rate to search")
    if first.class_independent and len(task.real.class_names) > TRIAL_CLASSES:
        budget *= len(task.real.class_names) / TRIAL_CLASSES
        chosen = torch.randperm(len(task.real.class_names), generator=task.generator("trial classes"))
        task = replace(task, real=task.real.only_classes(sorted(chosen[:TRIAL_CLASSES].tolist())))
    judge.prepare(task.real)
    # A trial is a beginning: it reaches past a fifth of the run only where one iteration already does.
    rung = min(budget / RUNGS, 0.2 * iterations)
    alive = [_Candidate(rate, _loop(build(task, rate), task, iterations)) for rate in rates]
    trials: list[dict[str, Any]] = []
    for survivors in survivors_of(len(rates)):
        alive = sorted(alive, key=lambda candidate: candidate.loss)[:survivors]
        for candidate in alive:
            _advance(candidate, max(1, int(rung / survivors)))
            if isfinite(candidate.loss):
                candidate.loss = judge.held_out_loss(candidate.loop.recipe.synthetic, task.real, task.seed)
            loss = candidate.loss if isfinite(candidate.loss) else None
            trials.append({"lr": candidate.rate, "iterations": candidate.done, "held_out_loss": loss})
        alive = [candidate for candidate in alive if isfinite(candidate.loss)]
        if not alive:
            raise DivergenceError(
                f"every learning rate from {rates[0]} to {rates[-1]} diverged; check the data or set lr"
            )
    return Tuning(min(alive, key=lambda candidate: candidate.loss).rate, trials)


def survivors_of(candidates: int) -> list[int]:
    """Return how many candidates each rung tries: all, then half as many each time, but never one with no rival."""
    return [max(-(-candidates // 2**rung), min(candidates, 2)) for rung in range(RUNGS)]


def _loop(recipe: Recipe, task: Task, iterations: int) -> Loop:
    if recipe.objective is not None:
        recipe.objective.prepare(task.real)
    return Loop(recipe, task.real, seed=task.seed, total=iterations)


def _advance(candidate: _Candidate, iterations: int) -> None:
    candidate.loss = 0.0
    try:
        for _ in candidate.loop.run(candidate.done, candidate.done + iterations):
            candidate.done += 1
    except DivergenceError:
        candidate.loss = inf
