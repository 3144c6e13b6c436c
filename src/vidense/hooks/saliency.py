"""Salient frames change less: TSGF's temporal filter on the optimisation (section 3.3)."""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from vidense.hooks.base import Hook
from vidense.objectives.base import Step
from vidense.parameterizations.base import Parameterization
from vidense.parameterizations.dense import Dense
from vidense.saliency import SaliencyRule, masked_update, update_mask

__all__ = ["SaliencyMask"]


class SaliencyMask(Hook):
    """Multiplies the update of each frame, or its gradient, by how little it moves.

    The mask is that of the clips as they are before the update, anew in every iteration. Adam divides a gradient by its
    own size, which nearly undoes a factor that changes slowly: under it only masked updates do what the paper says of
    gradients.
    """

    def __init__(
        self, rule: SaliencyRule, *, on: Literal["update", "gradient"] = "update", signed: bool = False
    ) -> None:
        """Mask by ``rule``.

        Args:
            rule: what counts as salient.
            on: what is multiplied.
            signed: let the most salient frames move the other way instead of not at all.
        """
        self.rule, self.on, self.signed = rule, on, signed
        self._mask: Tensor | None = None
        self._before: Tensor | None = None

    @torch.no_grad()
    def before_update(self, synthetic: Parameterization, step: Step) -> None:
        """Find the mask; apply it to the gradient, or keep the frames until they have moved."""
        frames = _frames(synthetic)
        self._mask = update_mask(frames, self.rule, signed=self.signed)
        if self.on == "update":
            self._before = frames.clone()
        elif frames.grad is not None:
            frames.grad *= self._mask[..., None, None, None]

    @torch.no_grad()
    def after_update(self, synthetic: Parameterization, step: Step) -> None:
        """Keep of each frame's update what the mask leaves of it."""
        if self._before is not None and self._mask is not None:
            frames = _frames(synthetic)
            frames.copy_(masked_update(self._before, frames, self._mask))

    def telemetry(self) -> dict[str, Any]:
        """Return the mean of the mask."""
        return {} if self._mask is None else {"mask": self._mask.mean().item()}


def _frames(synthetic: Parameterization) -> nn.Parameter:
    if not isinstance(synthetic, Dense):
        raise TypeError(f"a mask over frames needs dense videos, not {type(synthetic).__name__}")
    return synthetic.frames
