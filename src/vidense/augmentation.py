"""Differentiable Siamese augmentation: one random transform, the same for every clip it is applied to.

Source: DSA (Zhao and Bilen, ICML 2021), strategy ``color_crop_cutout_flip_scale_rotate`` at the reference's strengths.
All frames of all clips are transformed alike, so motion is never changed and two batches can be compared.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["OPERATIONS", "Siamese"]

# Strengths of the reference code.
BRIGHTNESS, SATURATION, CONTRAST = 1.0, 2.0, 0.5
SHIFT, HOLE = 0.125, 0.5
SCALE, DEGREES = 1.2, 15.0


def _color(clips: Tensor, draws: Tensor) -> Tensor:
    """Shift the brightness, then scale the distance from grey, then that from the clip's mean."""
    clips = clips + (float(draws[0]) - 0.5) * BRIGHTNESS
    grey = clips.mean(2, keepdim=True)
    clips = (clips - grey) * (float(draws[1]) * SATURATION) + grey
    mean = clips.mean((1, 2, 3, 4), keepdim=True)
    return (clips - mean) * (float(draws[2]) + CONTRAST) + mean


def _crop(clips: Tensor, draws: Tensor) -> Tensor:
    """Shift by up to an eighth of each side; zeros come in."""
    reach = [int(side * SHIFT + 0.5) for side in clips.shape[-2:]]
    down, right = (round((2 * float(draw) - 1) * most) for draw, most in zip(draws, reach, strict=False))
    padded = functional.pad(clips, (reach[1], reach[1], reach[0], reach[0]))
    top, left = reach[0] - down, reach[1] - right
    return padded[..., top : top + clips.shape[-2], left : left + clips.shape[-1]]


def _cutout(clips: Tensor, draws: Tensor) -> Tensor:
    """Zero a box of half the sides, wholly or partly inside."""
    mask = torch.ones(clips.shape[-2:], device=clips.device)
    spans = []
    for draw, side in zip(draws, clips.shape[-2:], strict=False):
        centre, half = int(float(draw) * side), int(side * HOLE + 0.5) // 2
        spans.append(slice(max(centre - half, 0), centre + half))
    mask[spans[0], spans[1]] = 0
    return clips * mask


def _flip(clips: Tensor, draws: Tensor) -> Tensor:
    """Mirror left and right, half of the times."""
    return clips.flip(-1) if float(draws[0]) < 0.5 else clips


def _scale(clips: Tensor, draws: Tensor) -> Tensor:
    """Stretch each side by 1/1.2 to 1.2 about the centre."""
    across, down = (float(draw) * (SCALE - 1 / SCALE) + 1 / SCALE for draw in draws[:2])
    return _warp(clips, [[across, 0.0, 0.0], [0.0, down, 0.0]])


def _rotate(clips: Tensor, draws: Tensor) -> Tensor:
    """Turn by up to 15 degrees about the centre."""
    angle = math.radians((float(draws[0]) - 0.5) * 2 * DEGREES)
    # Grids run from -1 to 1 on either side: without the aspect, clips that are not square would be sheared.
    aspect = clips.shape[-2] / clips.shape[-1]
    sine, cosine = math.sin(angle), math.cos(angle)
    return _warp(clips, [[cosine, -sine * aspect, 0.0], [sine / aspect, cosine, 0.0]])


def _warp(clips: Tensor, matrix: list[list[float]]) -> Tensor:
    frames = clips.flatten(0, 1)
    theta = torch.tensor(matrix, device=clips.device).expand(len(frames), 2, 3)
    grid = functional.affine_grid(theta, list(frames.shape), align_corners=True)
    return functional.grid_sample(frames, grid, align_corners=True).view_as(clips)


# Clips and three uniform numbers in [0, 1) in, transformed clips out.
OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "color": _color,
    "crop": _crop,
    "cutout": _cutout,
    "flip": _flip,
    "scale": _scale,
    "rotate": _rotate,
}


class Siamese:
    """One operation with fixed random strengths, to be applied to as many batches as shall be compared."""

    def __init__(self, rng: torch.Generator) -> None:
        """Draw one of :data:`OPERATIONS` and its strengths from ``rng``, a CPU generator."""
        self.operation = list(OPERATIONS)[int(torch.randint(len(OPERATIONS), (), generator=rng))]
        self._draws = torch.rand(3, generator=rng)

    def __call__(self, clips: Tensor) -> Tensor:
        """Return transformed clips ``[n, T, 3, H, W]``; differentiable."""
        return OPERATIONS[self.operation](clips, self._draws)
