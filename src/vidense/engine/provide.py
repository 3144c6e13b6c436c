"""Makes things of one kind that a method needs and stops there, so that runs can follow whenever they like."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from vidense.checkpoints import SECONDS
from vidense.data.store import ClipStore
from vidense.engine.settings import resolve
from vidense.engine.workshop import making, start_of
from vidense.method import Task
from vidense.needs import Need, Workshop
from vidense.progress import PhaseProgress

__all__ = ["Provided", "provide"]


N = TypeVar("N", bound=Need[Any])


@dataclass(frozen=True)
class Provided(Generic[N]):
    """Something that a method asked for, and got.

    Attributes:
        need: what was asked for.
        made: what it got.
        seconds: spent on it just now.
    """

    need: N
    made: Any
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return what it is, the seconds, and its facts, as JSON types."""
        return {"what": self.need.describe(), "seconds": self.seconds, **self.need.facts(self.made)}


def provide(
    store: str | Path,
    kind: type[N],
    *,
    progress: PhaseProgress | None = None,
    checkpoint_seconds: float = SECONDS,
    **settings: Any,
) -> list[Provided[N]]:
    """Make those things of one kind that :func:`vidense.engine.condense.condense` would make first; resumes.

    What else the method asks for is not made: stand-ins take its place, as in a plan.

    Args:
        store: folder that ``prepare`` wrote.
        kind: of need.
        progress: called as ``progress(phase, done, total, latest log entry)``.
        checkpoint_seconds: how much work an interruption may cost.
        settings: as of ``condense``.

    Returns:
        What the method asked for, in order.

    Raises:
        UserError: as ``condense`` would.
        DivergenceError: if a training stops being finite.
    """
    opened = ClipStore.open(Path(store))
    job = resolve(settings, opened)
    found: list[Provided[N]] = []
    shop = making(progress or (lambda *_: None), checkpoint_seconds)

    def obtain(task: Task, need: Need[Any]) -> Any:
        if not isinstance(need, kind):
            return need.stand_in(task)
        started = time.perf_counter()
        made = shop.obtain(task, need)
        found.append(Provided(need, made, round(time.perf_counter() - started, 2)))
        return made

    noting = Workshop(obtain, shop.condense, start_of)
    job.build(job.task(opened, noting), job.trial_rate)
    return found
