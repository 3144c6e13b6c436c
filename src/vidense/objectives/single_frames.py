"""Image condensation of videos: another objective, on single frames (VDSD's static learning)."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from vidense.data.real import RealClips
from vidense.objectives.base import Objective, Step
from vidense.parameterizations.base import Parameterization
from vidense.parameterizations.stills import Stills

__all__ = ["SingleFrames"]


class SingleFrames(Objective):
    """Shows an objective the frames of the real videos and the pictures of :class:`Stills`, both as one-frame clips.

    An objective that draws among the windows of a real video thereby draws among all its stored frames.
    """

    def __init__(self, inner: Objective) -> None:
        """Wrap ``inner``."""
        self.inner = inner

    def prepare(self, real: RealClips) -> None:
        """Prepare the inner objective on frames."""
        self.inner.prepare(real.single_frames())

    def losses(self, synthetic: Parameterization, real: RealClips, step: Step) -> Iterator[Tensor]:
        """Yield the inner objective's losses."""
        return self.inner.losses(_pictures(synthetic), real.single_frames(), step)

    def after_update(self, synthetic: Parameterization, step: Step) -> None:
        """Pass on to the inner objective."""
        self.inner.after_update(_pictures(synthetic), step)

    def state_dict(self) -> dict[str, Any]:
        """Return the inner objective's state."""
        return self.inner.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Hand the state to the inner objective."""
        self.inner.load_state_dict(state)


def _pictures(synthetic: Parameterization) -> Parameterization:
    if not isinstance(synthetic, Stills):
        raise TypeError(f"single frames can be matched of stills, not of {type(synthetic).__name__}")
    return synthetic.pictures
