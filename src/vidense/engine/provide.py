"""Makes what a method needs and stops there, so that runs can follow whenever they like."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidense.data.store import ClipStore
from vidense.engine.settings import resolve
from vidense.engine.workshop import making
from vidense.method import Task
from vidense.needs import Need, Report, Workshop

__all__ = ["provide"]


def provide(
    store: str | Path, *, progress: Report | None = None, checkpoint_seconds: float = 30.0, **settings: Any
) -> list[dict[str, Any]]:
    """Make what :func:`vidense.engine.condense.condense` would make before its first iteration; resumes.

    Args:
        store: folder that ``prepare`` wrote.
        progress: called as ``progress(phase, done, total, latest log entry)``.
        checkpoint_seconds: how much work an interruption may cost.
        settings: as of ``condense``.

    Returns:
        For each thing the method asked for, in order, what it is, the seconds spent on it just now, and its facts.

    Raises:
        UserError: as ``condense`` would.
        DivergenceError: if a training stops being finite.
    """
    opened = ClipStore.open(Path(store))
    job = resolve(settings, opened)
    found: list[dict[str, Any]] = []
    shop = making(progress or (lambda *_: None), checkpoint_seconds)
    noting = Workshop(_noted(shop.obtain, found), shop.condense)
    job.build(job.task(opened, noting), job.method.rates[0] if job.options.get("lr") == "auto" else None)
    return found


def _noted(obtain: Callable[[Task, Need[Any]], Any], found: list[dict[str, Any]]) -> Callable[[Task, Need[Any]], Any]:
    def noted(task: Task, need: Need[Any]) -> Any:
        started = time.perf_counter()
        made = obtain(task, need)
        found.append({"what": need.describe(), "seconds": round(time.perf_counter() - started, 2), **need.facts(made)})
        return made

    return noted
