"""How far work is, told to whoever waits for it: callables, by what the work knows of its length. Needs no torch."""

from collections.abc import Callable
from typing import Any, overload

__all__ = ["CountProgress", "LineProgress", "LossProgress", "PhaseProgress", "of_phase"]

# Called with a line of text before each piece of work, where nobody knows how many there are.
LineProgress = Callable[[str], None]
# Called as ``progress(done, of all)``.
CountProgress = Callable[[int, int], None]
# Called as ``progress(done, of all, loss)``.
LossProgress = Callable[[int, int, float], None]
# Called as ``progress(phase, done, of all, entry)``; the entry may hold a ``loss``, as a line of a log does.
PhaseProgress = Callable[[str, int, int, dict[str, Any]], None]


@overload
def of_phase(progress: PhaseProgress, phase: str) -> LossProgress: ...
@overload
def of_phase(progress: None, phase: str) -> None: ...
@overload
def of_phase(progress: PhaseProgress | None, phase: str) -> LossProgress | None: ...
def of_phase(progress: PhaseProgress | None, phase: str) -> LossProgress | None:
    """Return what tells ``progress`` the steps of one phase; None for None."""
    return None if progress is None else lambda done, total, loss: progress(phase, done, total, {"loss": loss})
