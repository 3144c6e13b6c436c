"""What a run will take: a few of its iterations are run here, in the middle of it, and multiplied."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from vidense.budget import format_bytes
from vidense.condensed import Storage, save
from vidense.data.store import ClipStore
from vidense.durations import format_duration
from vidense.engine.loop import Loop
from vidense.engine.settings import Job, resolve
from vidense.engine.state import size_of
from vidense.engine.tune import SHARE, TRIAL_CLASSES, survivors_of, waiting_of
from vidense.engine.workshop import rehearsing
from vidense.hardware import describe, peak_memory
from vidense.method import Recipe, Task
from vidense.objectives.base import Objective
from vidense.parameterizations.base import Parameterization

__all__ = ["Plan", "plan"]

WARM_UP, MEASURED = 1, 2


@dataclass(frozen=True)
class Plan:
    """What was measured, and what follows from it.

    Attributes:
        method: its name.
        classes: of the store.
        vpc: synthetic videos per class, as asked or as the budget buys.
        max_frames: most stored frames of a video that the budget allows, None without one.
        iterations: length of the run, 0 for methods that choose at once.
        device: hardware it was measured on.
        seconds_per_iteration: mean of a few after a warm-up; 0 without iterations.
        seconds_setup: building the recipe; with ``needs``, all the work of a method that chooses at once.
        seconds_search: of the learning-rate search, an upper estimate; 0 where the rate is given.
        needs: what must be made first, one ``{"what", "seconds"}`` each, 0 where the store's cache has it.
        peak_memory: most bytes held while measuring, and those that only a longer run comes to hold: networks that it
            makes later, and the candidates that wait in a learning-rate search (on a GPU they wait outside it).
        least: storage of the smallest outcome.
        most: storage of the largest outcome; equal to ``least`` where the method stores a fixed number of frames.
    """

    method: str
    classes: int
    vpc: int
    max_frames: int | None
    iterations: int
    device: dict[str, Any]
    seconds_per_iteration: float
    seconds_setup: float
    seconds_search: float
    needs: tuple[dict[str, Any], ...]
    peak_memory: int
    least: Storage
    most: Storage

    @property
    def seconds(self) -> float:
        """Of the whole run."""
        made: float = sum(need["seconds"] for need in self.needs)
        return made + self.seconds_setup + self.seconds_search + self.iterations * self.seconds_per_iteration

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types, and the sum of the times."""
        storage = {"least": self.least.to_json(), "most": self.most.to_json()}
        return {**asdict(self), "seconds": round(self.seconds, 2), **storage}

    def sentences(self) -> list[str]:
        """Return the plan in plain words, one line each for what, time, memory and disk."""
        first = [f"first: {need['what']}, {_made(need['seconds'])}" for need in self.needs]
        return [self._what(), *first, self._time(), f"memory: {format_bytes(self.peak_memory)}", self._disk()]

    def _what(self) -> str:
        frames = "" if self.max_frames is None else f", at most {self.max_frames} stored frames each"
        return (
            f"{self.method}: {self.classes} classes x {self.vpc} = {self.classes * self.vpc} synthetic videos{frames}"
        )

    def _time(self) -> str:
        threads = self.device["threads"]
        where = f"on {self.device['device']}, {threads} thread{'s' * (threads != 1)}"
        if not self.iterations:
            return f"time: {format_duration(self.seconds)} {where}; the videos are chosen at once"
        search = ""
        if self.seconds_search:
            search = f", {format_duration(self.seconds_search)} of it to find a learning rate"
        return (
            f"time: about {format_duration(self.seconds)}{search}: {self.iterations} iterations of "
            f"{format_duration(self.seconds_per_iteration)}, measured {where}"
        )

    def _disk(self) -> str:
        if self.least.bytes == self.most.bytes:
            return (
                f"disk: {format_bytes(self.least.bytes)} ({self.least.frames:g} stored frames, "
                f"{self.least.float32_mib:.3g} MiB counted as float32)"
            )
        return (
            f"disk: {format_bytes(self.least.bytes)} to {format_bytes(self.most.bytes)} ({self.least.frames:g} to "
            f"{self.most.frames:g} stored frames, {self.least.float32_mib:.3g} to {self.most.float32_mib:.3g} MiB "
            "counted as float32), depending on how many key-frames are inserted"
        )


def plan(store: str | Path, **settings: Any) -> Plan:
    """Measure what :func:`vidense.engine.condense.condense` would take with the same settings.

    Nothing is left behind.

    Args:
        store: folder that ``prepare`` wrote.
        settings: fields of :class:`vidense.engine.settings.CondenseSettings`.

    Raises:
        UserError: as ``condense`` would.
    """
    opened = ClipStore.open(Path(store))
    job = resolve(settings, opened)
    needs: list[dict[str, Any]] = []
    task = job.task(opened, rehearsing(needs, lambda job, task: _costs(*_build(job, task), job, task).whole))
    recipe, setup = _build(job, task)
    setup -= sum(need.pop("rehearsed") for need in needs)
    # Before it is timed: iterations insert frames.
    least = _storage(recipe, recipe.synthetic, job, opened)
    most = _largest(recipe, job, opened, least)
    costs = _costs(recipe, setup, job, task)
    return Plan(
        method=job.method.name,
        classes=len(opened.class_names),
        vpc=job.vpc,
        max_frames=job.max_frames,
        iterations=job.iterations,
        device=describe(job.device),
        seconds_per_iteration=round(costs.iteration, 5),
        seconds_setup=round(costs.setup, 3),
        seconds_search=round(costs.search, 2),
        needs=tuple(needs),
        peak_memory=peak_memory(job.device) + costs.to_come + costs.waiting,
        least=least,
        most=most,
    )


@dataclass(frozen=True)
class _Costs:
    """Seconds of the parts of a run of so many iterations, and the bytes that measuring them did not show.

    Attributes:
        iterations: of the run.
        setup: seconds.
        iteration: seconds of one.
        search: seconds.
        to_come: bytes of what later iterations make.
        waiting: bytes of the candidates that wait in a search, at most.
    """

    iterations: int
    setup: float
    iteration: float = 0.0
    search: float = 0.0
    to_come: int = 0
    waiting: int = 0

    @property
    def whole(self) -> float:
        return self.setup + self.search + self.iterations * self.iteration


def _build(job: Job, task: Task) -> tuple[Recipe, float]:
    """Return a job's recipe, prepared and on its device, and the seconds that took."""
    started = time.perf_counter()
    # The rate does not change the time.
    recipe = job.build(task, job.trial_rate)
    recipe.synthetic.to(job.device)
    if recipe.objective is not None:
        recipe.objective.prepare(task.real)
    return recipe, time.perf_counter() - started


def _costs(recipe: Recipe, setup: float, job: Job, task: Task) -> _Costs:
    """Measure what a run does with a recipe."""
    if recipe.objective is None:
        return _Costs(0, setup)
    # In the middle of the run, where frames may be inserted, iterations cost most.
    middle, loop = job.iterations // 2, Loop(recipe, task.real, seed=job.seed, total=job.iterations)
    steps = loop.run(middle, middle + WARM_UP + MEASURED)
    for _ in range(WARM_UP):
        next(steps)
    iteration = _timed(lambda: list(steps), job.device) / MEASURED
    to_come = recipe.objective.bytes_to_come()
    if not job.searches_rate:
        return _Costs(job.iterations, setup, iteration, to_come=to_come)
    part = min(1.0, TRIAL_CLASSES / len(task.real.class_names)) if recipe.class_independent else 1.0
    candidates = len(job.method.rates)
    trials = sum(survivors_of(candidates)) * part
    search = max(SHARE * job.iterations, trials) * iteration + trials * _judging(recipe, recipe.objective, task, job)
    state = size_of(loop.state_dict()) + to_come if job.device.type == "cpu" else 0
    return _Costs(job.iterations, setup, iteration, search, to_come, round(waiting_of(candidates) * part * state))


def _judging(recipe: Recipe, objective: Objective, task: Task, job: Job) -> float:
    """Return seconds of one judgement of the learning-rate search."""
    # The first call draws what later ones share, so the second one is what counts.
    objective.held_out_loss(recipe.synthetic, task.real, job.seed)
    return _timed(lambda: objective.held_out_loss(recipe.synthetic, task.real, job.seed), job.device)


def _timed(work: Callable[[], Any], device: torch.device) -> float:
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


def _storage(recipe: Recipe, synthetic: Parameterization, job: Job, store: ClipStore) -> Storage:
    """Write the dataset as ``condense`` would, and forget it.

    The sizes of its files are exact, but for the digits of what the objective and a search have yet to find.
    """
    outcome = {} if recipe.objective is None else recipe.objective.outcome()
    provenance = job.provenance(job.to_json(store.content_hash), lr=job.trial_rate, outcome=outcome)
    with tempfile.TemporaryDirectory() as folder:
        return save(Path(folder), synthetic, dtype=job.store_dtype, provenance=provenance).storage


def _largest(recipe: Recipe, job: Job, store: ClipStore, least: Storage) -> Storage:
    """Return the storage of videos that have grown as far as the recipe's hooks let them."""
    grown = recipe.synthetic
    for hook in recipe.hooks:
        grown = hook.largest(grown)
    return least if grown is recipe.synthetic else _storage(recipe, grown, job, store)


def _made(seconds: float) -> str:
    return f"about {format_duration(seconds)}" if seconds else "in the store's cache already"
