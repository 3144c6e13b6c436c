"""lr=auto: a short successive-halving search on a held-out matching loss, never on test data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Any

import torch

from vidense.engine.loop import Loop
from vidense.engine.state import moved
from vidense.errors import DivergenceError
from vidense.method import Recipe, Task
from vidense.objectives.base import Objective

__all__ = ["SHARE", "TRIAL_CLASSES", "Tuning", "search_rate", "survivors_of", "waiting_of"]

SHARE = 0.15
TRIAL_CLASSES = 2
RUNGS = 3


@dataclass
class _Candidate:
    """A learning rate, how far it came, and what it goes on from: a loop is held only while it runs."""

    rate: float
    done: int = 0
    loss: float = 0.0
    state: dict[str, Any] | None = None


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

    One candidate is built at a time; of those that wait, what they go on from is kept, on the CPU.

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
    judge, apart = first.objective, first.class_independent
    # Its videos are of all classes, and nobody tries them.
    del first
    if judge is None:
        raise ValueError("a method without an objective has no learning rate to search")
    if apart and len(task.real.class_names) > TRIAL_CLASSES:
        budget *= len(task.real.class_names) / TRIAL_CLASSES
        chosen = torch.randperm(len(task.real.class_names), generator=task.generator("trial classes"))
        task = replace(task, real=task.real.only_classes(sorted(chosen[:TRIAL_CLASSES].tolist())))
    judge.prepare(task.real)
    # A trial is a beginning: it reaches past a fifth of the run only where one iteration already does.
    rung = min(budget / RUNGS, 0.2 * iterations)
    best = [_Candidate(rate) for rate in rates]
    trials: list[dict[str, Any]] = []
    counts = survivors_of(len(rates))
    for survivors, staying in zip(counts, [*counts[1:], 1], strict=True):
        waiting, best = best, []
        while waiting:
            candidate = waiting.pop(0)
            _try(candidate, _loop(build, task, candidate, iterations), max(1, int(rung / survivors)), judge, task)
            loss = candidate.loss if isfinite(candidate.loss) else None
            trials.append({"lr": candidate.rate, "iterations": candidate.done, "held_out_loss": loss})
            if loss is not None:
                best = sorted([*best, candidate], key=lambda of: of.loss)[:staying]
            # Who drops out is forgotten before the next one begins, with what it would have gone on from.
            del candidate
        if not best:
            raise DivergenceError(
                f"every learning rate from {rates[0]} to {rates[-1]} diverged; check the data or set lr"
            )
    return Tuning(best[0].rate, trials)


def survivors_of(candidates: int) -> list[int]:
    """Return how many candidates each rung tries: all, then half as many each time, but never one with no rival."""
    return [max(-(-candidates // 2**rung), min(candidates, 2)) for rung in range(RUNGS)]


def waiting_of(candidates: int) -> int:
    """Return how many candidates at most wait for their next trial while another has its own."""
    return min(survivors_of(candidates)[1], candidates - 1)


def _loop(build: Callable[[Task, float], Recipe], task: Task, candidate: _Candidate, iterations: int) -> Loop:
    """Return a loop that goes on where a candidate stopped."""
    recipe = build(task, candidate.rate)
    if recipe.objective is not None:
        recipe.objective.prepare(task.real)
    loop = Loop(recipe, task.real, seed=task.seed, total=iterations)
    if candidate.state is not None:
        loop.load_state_dict(moved(candidate.state, recipe.synthetic.labels.device))
        candidate.state = None
    return loop


def _try(candidate: _Candidate, loop: Loop, iterations: int, judge: Objective, task: Task) -> None:
    """Run a candidate's loop for so many iterations and judge its videos; what it goes on from is kept on the CPU."""
    candidate.loss = 0.0
    try:
        for _ in loop.run(candidate.done, candidate.done + iterations):
            candidate.done += 1
    except DivergenceError:
        candidate.loss = inf
        return
    candidate.loss = judge.held_out_loss(loop.recipe.synthetic, task.real, task.seed)
    candidate.state = moved(loop.state_dict(), torch.device("cpu"))
