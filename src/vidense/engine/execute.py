"""Runs a checked job in its run folder: rate search, loop, checkpoints, snapshots, the dataset at the end."""

import time
from pathlib import Path
from typing import Any

from vidense.budget import format_bytes
from vidense.checkpoints import Checkpoint
from vidense.condensed import CondensedDataset, save
from vidense.engine.loop import Loop
from vidense.engine.run import RunFolder
from vidense.engine.settings import Job
from vidense.engine.tune import search_rate
from vidense.errors import UserError
from vidense.hardware import describe, forget_peak, peak_memory
from vidense.method import Recipe, Task
from vidense.progress import PhaseProgress
from vidense.records import remove
from vidense.runlog import RunLog, read_log

__all__ = ["execute"]

SNAPSHOT_COUNT = 4


def execute(job: Job, task: Task, run: RunFolder, report: PhaseProgress, checkpoint_seconds: float) -> CondensedDataset:
    """Run ``job`` from its last checkpoint, or its start, to its end.

    Args:
        job: what to run.
        task: the job's clips, on its device.
        run: opened, and not finished.
        report: told about progress.
        checkpoint_seconds: how much work an interruption may cost.

    Returns:
        The dataset as read back from disk.

    Raises:
        UserError: if the dataset is larger than the job's budget.
        DivergenceError: if a loss or a video stops being finite.
    """
    started = time.perf_counter()
    forget_peak(job.device)
    recipe = _recipe(job, task, run, report)
    if recipe.objective is not None:
        recipe.objective.prepare(task.real)
    # What was made for this run now: a teacher, a rate, the choice of a coreset. Earlier attempts count too.
    spent = run.record.get("preparation", 0.0) + time.perf_counter() - started
    run.write(preparation=round(spent, 2))
    if recipe.objective is not None:
        _optimise(Loop(recipe, task.real, seed=job.seed, total=job.iterations), job, run, report, checkpoint_seconds)
    dataset = _save(run.dataset, recipe, job, run)
    if job.budget is not None and dataset.storage.bytes > job.budget:
        size = format_bytes(dataset.storage.bytes)
        # Nobody shall take it for the result.
        remove(run.dataset)
        raise UserError(
            f"the result takes {size}, over the budget of {format_bytes(job.budget)}; give a larger one, with --fresh "
            "or another --out"
        )
    run.finish(storage=dataset.storage.to_json(), hardware=describe(job.device))
    return dataset


def _recipe(job: Job, task: Task, run: RunFolder, report: PhaseProgress) -> Recipe:
    """Build the recipe on its device; a learning rate found before an interruption is not searched again."""

    def build(of: Task, lr: float | None) -> Recipe:
        recipe = job.build(of, lr)
        recipe.synthetic.to(job.device)
        return recipe

    if not job.searches_rate:
        return build(task, None)
    if "tuning" not in run.record:
        report("search lr", 0, 1, {})
        started = time.perf_counter()
        found = search_rate(build, task, rates=job.method.rates, iterations=job.iterations)
        run.write(tuning={**found.to_json(), "seconds": round(time.perf_counter() - started, 2)})
    return build(task, run.record["tuning"]["lr"])


def _optimise(loop: Loop, job: Job, run: RunFolder, report: PhaseProgress, checkpoint_seconds: float) -> None:
    start = 0
    checkpoint = Checkpoint(run.checkpoint, checkpoint_seconds)
    state = checkpoint.load(job.device)
    if state is not None:
        try:
            loop.load_state_dict(state["loop"])
            start = int(state["step"])
        except (LookupError, TypeError, AttributeError, RuntimeError, ValueError) as error:
            raise UserError(f"{str(run.checkpoint)!r} is of no such run ({error}); delete it to start over") from None
    log = RunLog(run.log, resume_at=start)
    snapshots = {round(i * job.iterations / (SNAPSHOT_COUNT + 1)) for i in range(1, SNAPSHOT_COUNT + 1)}
    done = start

    def state_now() -> dict[str, Any]:
        return {"step": done, "loop": loop.state_dict()}

    try:
        for entry in loop.run(start, job.iterations):
            done = entry["step"] + 1
            log.append({**entry, "seconds": round(checkpoint.elapsed, 3), "memory": peak_memory(job.device)})
            report("condense", done, job.iterations, entry)
            if done in snapshots:
                _save(run.snapshot(done), loop.recipe, job, run)
            checkpoint.keep(state_now)
    finally:
        log.close()
    # Of all processes that worked on it: one that resumes begins again with little.
    memory = max((entry.get("memory", 0) for entry in read_log(run.log)), default=0)
    run.write(seconds=round(checkpoint.elapsed, 2), peak_memory=max(memory, peak_memory(job.device)))


def _save(folder: Path, recipe: Recipe, job: Job, run: RunFolder) -> CondensedDataset:
    rate = run.record.get("tuning", {}).get("lr")
    outcome = {} if recipe.objective is None else recipe.objective.outcome()
    provenance = job.provenance(run.settings, lr=rate, outcome=outcome)
    return save(folder, recipe.synthetic, dtype=job.store_dtype, provenance=provenance)
