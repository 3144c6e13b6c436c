"""Pixels stay what a camera can see."""

import torch

from vidense.hooks.base import Hook
from vidense.objectives.base import Step
from vidense.parameterizations.base import Parameterization

__all__ = ["Clamp"]


class Clamp(Hook):
    """Returns every trained pixel (group ``frames``, ``[..., 3, H, W]``) to its valid range after each update.

    The range is that of 8-bit pixels after normalisation, channel by channel (SRe2L's code).
    """

    @torch.no_grad()
    def after_update(self, synthetic: Parameterization, step: Step) -> None:
        """Clamp."""
        ends = torch.tensor([0, 255], dtype=torch.uint8, device=synthetic.labels.device)
        darkest, brightest = synthetic.spec.normalise(ends.view(2, 1, 1, 1).expand(2, 3, 1, 1))
        for frames in synthetic.groups()["frames"]:
            frames.clamp_(darkest, brightest)
