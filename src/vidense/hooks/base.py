"""What a method does around the optimiser's update: the contract."""

from typing import Any

from vidense.objectives.base import Step
from vidense.parameterizations.base import Parameterization

__all__ = ["Hook"]


class Hook:
    """Called by the loop once before and once after each update; every method may be left as it is.

    At ``before_update`` the gradients of the whole iteration are complete and nothing has moved; at ``after_update``
    the parameters have.
    """

    def watches(self, step: Step) -> bool:
        """Return whether this iteration must collect gradients on decoded frames (costs a tensor of clip size)."""
        return False

    def before_update(self, synthetic: Parameterization, step: Step) -> None:
        """Look at, or change, the gradients."""

    def after_update(self, synthetic: Parameterization, step: Step) -> None:
        """Look at, or change, the parameters."""

    def largest(self, synthetic: Parameterization) -> Parameterization:
        """Return the videos at the largest that the hook may let them grow to; they themselves are not changed."""
        return synthetic

    def telemetry(self) -> dict[str, Any]:
        """Return what this iteration should add to the log (JSON types)."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Return what must survive an interruption: tensors, numbers, strings, lists and dicts."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state_dict` returned."""
