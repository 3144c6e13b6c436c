"""What is matched between synthetic and real videos: the contract, independent of any method."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from vidense.data.real import RealClips
from vidense.parameterizations.base import Parameterization
from vidense.seeding import Draw, derive

__all__ = ["Objective", "Step"]


@dataclass(frozen=True)
class Step:
    """One iteration of the loop.

    Attributes:
        index: 0-based iteration.
        total: iterations of the whole run.
        seed: seed of the run.
    """

    index: int
    total: int
    seed: int

    @property
    def draw(self) -> Draw:
        """Where the iteration's randomness comes from: the run's seed and the iteration's number, nothing else."""
        return Draw(self.seed, ("step", self.index))


class Objective(ABC):
    """Yields the losses of one iteration.

    The loop backpropagates each loss as it is yielded and forgets its graph, so a method that yields one loss a class
    never holds two classes' activations.

    Attributes:
        class_independent: whether the videos of a class never meet another class's in a loss, so that classes may be
            condensed apart and a few of them can stand for all in a search.
    """

    class_independent: ClassVar[bool] = False

    def prepare(self, real: RealClips) -> None:  # noqa: B027 - optional by design
        """Do once what every iteration needs; called before the first iteration and again after a resume.

        Args:
            real: the training clips.
        """

    @abstractmethod
    def losses(self, synthetic: Parameterization, real: RealClips, step: Step) -> Iterator[Tensor]:
        """Yield scalar losses whose sum is what this iteration descends."""

    def held_out_loss(self, synthetic: Parameterization, real: RealClips, seed: int) -> float:
        """Return a loss that was never descended, to compare learning rates by; lower is better.

        By default the mean of :meth:`losses` over four first iterations of runs that nobody takes.
        """
        # A copy, because losses may train networks of the objective's own.
        judge = deepcopy(self)
        steps = [Step(0, 1, derive(seed, "held-out", index)) for index in range(4)]
        return sum(loss.item() for step in steps for loss in judge.losses(synthetic, real, step)) / len(steps)

    def after_update(self, synthetic: Parameterization, step: Step) -> None:  # noqa: B027 - optional by design
        """Act on the updated videos: train networks of the objective's own on them, clamp its parameters."""

    def bytes_to_come(self) -> int:
        """Return what a run will hold that its iterations so far have not made yet: networks of a pool, say."""
        return 0

    def telemetry(self) -> dict[str, Any]:
        """Return what this iteration should add to the log (JSON types)."""
        return {}

    def outcome(self) -> dict[str, Any]:
        """Return what was learned beside the videos and must stand in ``condensed.json`` (JSON types; a step size)."""
        return {}

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Return trainable tensors of the objective's own by name (a learned step size, say)."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Return what must survive an interruption beside ``groups()``: tensors, numbers, strings, lists and dicts."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027 - most objectives keep no state
        """Take back what :meth:`state_dict` returned; called after :meth:`prepare`."""
