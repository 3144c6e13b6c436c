"""How much the frames of a clip move, which of them are key frames, and how far each may be changed (TSGF section 3.3).

Pure functions of the clips: the same rule guides an optimisation and an augmentation in evaluation.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

__all__ = [
    "SaliencyRule",
    "frame_differences",
    "masked_update",
    "non_key_frames",
    "saliency",
    "smoothing_weights",
    "update_mask",
]

# A clip whose saliency varies by less, as a share of its largest, moves evenly but for rounding.
EVEN = 1e-5


@dataclass(frozen=True)
class SaliencyRule:
    """What counts as a salient frame.

    The paper leaves the window, its length and the bound open; these defaults are ours.

    Attributes:
        window: shape of the weights that smooth the differences of frames over time.
        look_back: earlier frames whose differences count for a frame (k in the paper); 0 smooths nothing.
        percentile: the bound between key frames and others (epsilon in the paper), as a percentile of each clip's own
            saliency; frames at or below it are no key frames.
    """

    window: Literal["hann", "triangular"] = "hann"
    look_back: Annotated[int, Field(ge=0)] = 3
    percentile: Annotated[float, Field(ge=0, le=100)] = 70.0


def frame_differences(clips: Tensor) -> Tensor:
    """Return how much each frame differs from its neighbours, ``[n, T]`` (TSGF equation 6).

    The mean absolute difference over colours and pixels, averaged over both neighbours; the ends have one.

    Args:
        clips: ``[n, T, 3, H, W]``.
    """
    steps = (clips[:, 1:] - clips[:, :-1]).abs().mean((2, 3, 4))
    if not steps.shape[1]:
        return torch.zeros(clips.shape[:2], device=clips.device)
    return (torch.cat([steps[:, :1], steps], 1) + torch.cat([steps, steps[:, -1:]], 1)) / 2


def smoothing_weights(rule: SaliencyRule) -> Tensor:
    """Return the weights of the differences 0, 1, ..., ``look_back`` frames ago, ``[look_back + 1]``, whose sum is 1.

    A symmetric window without the zeros at its ends, for with them the frame itself would not count.
    """
    places = torch.arange(1, rule.look_back + 2) / (rule.look_back + 2)
    shape = (math.pi * places).sin().square() if rule.window == "hann" else torch.minimum(places, 1 - places)
    return shape / shape.sum()


@torch.no_grad()
def saliency(clips: Tensor, rule: SaliencyRule) -> Tensor:
    """Return the smoothed difference of each frame, ``[n, T]`` (TSGF equation 7).

    Before a clip begins its first difference is repeated.

    Args:
        clips: ``[n, T, 3, H, W]``.
        rule: how it is smoothed.
    """
    differences = frame_differences(clips)
    weights = smoothing_weights(rule).to(differences)
    padded = torch.cat([differences[:, :1].expand(-1, rule.look_back), differences], 1)
    return padded.unfold(1, rule.look_back + 1, 1) @ weights.flip(0)


def non_key_frames(clips: Tensor, rule: SaliencyRule) -> Tensor:
    """Return which frames lie at or below the bound and may be mixed with others, bool ``[n, T]``.

    Args:
        clips: ``[n, T, 3, H, W]``.
        rule: what counts as salient.
    """
    found = saliency(clips, rule)
    return found <= _bound(found, rule)


def update_mask(clips: Tensor, rule: SaliencyRule, *, signed: bool = False) -> Tensor:
    """Return what each frame's update is multiplied by, ``[n, T]``: the less the more it moves (TSGF equation 8).

    The bound minus the saliency, over the span of the clip's saliency; 1 throughout where a clip moves evenly, or not
    at all, and there is no span.

    Args:
        clips: ``[n, T, 3, H, W]``.
        rule: what counts as salient.
        signed: let frames above the bound move the other way; else they do not move.
    """
    found = saliency(clips, rule)
    span = found.amax(1, keepdim=True) - found.amin(1, keepdim=True)
    below = _bound(found, rule) - found
    even = span <= EVEN * found.amax(1, keepdim=True)
    mask = (below if signed else below.clamp(min=0)) / span.masked_fill(even, 1)
    return mask.masked_fill(even, 1)


def masked_update(before: Tensor, after: Tensor, mask: Tensor) -> Tensor:
    """Return what a mask leaves of an update: ``before``, and of the way to ``after`` the share that the mask says.

    Args:
        before: frames or vectors of any shape.
        after: the same, moved.
        mask: as of :func:`update_mask`, over their leading dimensions.
    """
    return before + mask.view(*mask.shape, *[1] * (before.dim() - mask.dim())) * (after - before)


def _bound(found: Tensor, rule: SaliencyRule) -> Tensor:
    """Return epsilon of each clip, ``[n, 1]``."""
    return torch.quantile(found, rule.percentile / 100, dim=1, keepdim=True)
