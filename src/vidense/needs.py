"""What a recipe may need made first: experts, teachers, memories learned by another method.

A method asks for them while it builds its recipe, by ``task.obtain(need)``. Who runs the method decides what that
means: a run makes what is missing, once per store, and says how far it is; a plan takes a stand-in at once and notes
the price.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from vidense.parameterizations.base import Parameterization
from vidense.progress import PhaseProgress

if TYPE_CHECKING:
    from vidense.method import Task

__all__ = ["Condensation", "Need", "Workshop"]

T = TypeVar("T")


class Need(ABC, Generic[T]):
    """Something that takes long to make and is kept in the store's cache, found again by what it was made from."""

    @abstractmethod
    def describe(self) -> str:
        """Return what it is, in a few words."""

    @abstractmethod
    def make(self, task: "Task", report: PhaseProgress) -> T:
        """Return it, made now where the cache lacks it; an interruption loses little."""

    @abstractmethod
    def stand_in(self, task: "Task") -> T:
        """Return something of the same shape at once: what a run would do with it takes the same time and memory."""

    def facts(self, made: T) -> dict[str, Any]:
        """Return what is worth telling about it (JSON types)."""
        return {}

    @abstractmethod
    def seconds(self, task: "Task") -> float:
        """Return about how long :meth:`make` will take, 0 where the cache has it."""


@dataclass(frozen=True)
class Condensation(Need[Parameterization]):
    """Videos that another method condenses from the same clips with the same seed.

    Attributes:
        method: a registered name.
        vpc: videos per class.
        iterations: of its run; None for its default at the task's scale.
        options: of the method.
    """

    method: str
    vpc: int
    iterations: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def describe(self) -> str:
        """Return the method's name and how many videos it makes."""
        return f"{self.vpc} video{'s' * (self.vpc != 1)} per class by {self.method}"

    def make(self, task: "Task", report: PhaseProgress) -> Parameterization:
        """Return the videos as they were stored; the run behind them resumes like any other."""
        return task.workshop.condense(task, self, report)

    def stand_in(self, task: "Task") -> Parameterization:
        """Return the videos as they are before the first iteration."""
        return task.workshop.start_of(task, self)

    def seconds(self, task: "Task") -> float:
        """Return what a plan of that run says."""
        return task.workshop.seconds_of(task, self)


def _nobody(*_: Any) -> Any:
    raise RuntimeError("only the engine condenses; let it make the task: vidense.engine.workshop")


@dataclass(frozen=True)
class Workshop:
    """How a task's needs are met; the engine hands one in.

    Attributes:
        obtain: returns what a need stands for.
        condense: runs a :class:`Condensation`.
        start_of: builds its videos without running it.
        seconds_of: estimates it.
    """

    obtain: Callable[["Task", Need[Any]], Any] = lambda task, need: need.make(task, lambda *_: None)
    condense: Callable[["Task", Condensation, PhaseProgress], Parameterization] = _nobody
    start_of: Callable[["Task", Condensation], Parameterization] = _nobody
    seconds_of: Callable[["Task", Condensation], float] = _nobody
