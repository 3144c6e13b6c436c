"""Meets what recipes need: for a run by making it, for a plan by stand-ins and a price."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

from vidense.engine.execute import execute
from vidense.engine.run import RunFolder
from vidense.engine.settings import Job
from vidense.locks import taking_turns
from vidense.method import METHODS, Task
from vidense.needs import Condensation, Need, Workshop
from vidense.parameterizations.base import Parameterization
from vidense.progress import PhaseProgress
from vidense.records import content_hash

__all__ = ["making", "rehearsing", "start_of"]

# A recipe whose rate is yet to be found, on a task: seconds that its run takes.
Estimate = Callable[[Job, Task], float]


def making(report: PhaseProgress, checkpoint_seconds: float) -> Workshop:
    """Return the workshop of a run: what is missing is made, and ``report`` told how far it is."""

    def obtain(task: Task, need: Need[Any]) -> Any:
        def prefixed(phase: str, done: int, total: int, entry: dict[str, Any]) -> None:
            report(f"{need.describe()}: {phase}", done, total, entry)

        return need.make(task, prefixed)

    def condense(task: Task, need: Condensation, report: PhaseProgress) -> Parameterization:
        job, own = _job(task, need), _task(task, need)
        with taking_turns(_folder(task, job).path), closing(_folder(task, job)) as run:
            finished = run.open(fresh=False)
            dataset = execute(job, own, run, report, checkpoint_seconds) if finished is None else finished
        return dataset.parameterization

    return Workshop(obtain, condense)


def rehearsing(notes: list[dict[str, Any]], estimate: Estimate) -> Workshop:
    """Return the workshop of a plan: nothing is made, and what the store's cache has is taken from there.

    Args:
        notes: gets one ``{"what", "seconds", "rehearsed"}`` for each thing that was asked for: what it will take, and
            what it took to find that out.
        estimate: returns the seconds of a run.
    """
    real = making(lambda *_: None, checkpoint_seconds=0)

    def obtain(task: Task, need: Need[Any]) -> Any:
        started, before = time.perf_counter(), len(notes)
        price = need.seconds(task)
        found = need.stand_in(task) if price else real.obtain(task, need)
        # What this need needs itself is on the list already.
        own = time.perf_counter() - started - sum(note["rehearsed"] for note in notes[before:])
        notes.append({"what": need.describe(), "seconds": round(price, 6), "rehearsed": own})
        return found

    def seconds_of(task: Task, need: Condensation) -> float:
        job = _job(task, need)
        return 0.0 if _folder(task, job).finished else estimate(job, _task(task, need))

    return Workshop(obtain, real.condense, start_of, seconds_of)


def start_of(task: Task, need: Condensation) -> Parameterization:
    """Return the videos of a need before their optimisation."""
    job = _job(task, need)
    return job.build(_task(task, need), job.trial_rate).synthetic


def _job(task: Task, need: Condensation) -> Job:
    method = METHODS.get(need.method)
    return Job(
        method=method,
        options=method.validate(need.options),
        vpc=need.vpc,
        max_frames=None,
        budget=None,
        iterations=need.iterations or method.iterations[task.scale],
        seed=task.seed,
        device=task.real.device,
        # What is built on top is rounded once, when it is stored itself.
        store_dtype="float32",
        scale=task.scale,
    )


def _task(task: Task, need: Condensation) -> Task:
    return replace(task, vpc=need.vpc, max_frames=None)


def _folder(task: Task, job: Job) -> RunFolder:
    settings = job.to_json(task.real.content)
    return RunFolder(task.workdir / "condensed" / content_hash(settings), settings)
