"""What is around a tracked box, cut out of a video."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from vidense.boxes.base import Box
from vidense.boxes.geometry import covering
from vidense.data.originals import Footage

__all__ = ["Crop", "cut"]


@dataclass(frozen=True)
class Crop:
    """A cropped video at the size of a region of a tile.

    Attributes:
        pixels: uint8 ``[n, 3, h, w]``.
        length: frames in the whole video.
        step: distance between two frames that are kept.
        score: log-probability that a teacher gives it.
    """

    pixels: Tensor
    length: int
    step: int
    score: float = -math.inf

    def at(self, frames: Sequence[int]) -> Tensor:
        """Return the kept frames at or just before ``frames`` of the whole video, ``[len(frames), 3, h, w]``."""
        return self.pixels[[frame // self.step for frame in frames]]


def cut(footage: Footage, boxes: Sequence[Box], size: tuple[int, int]) -> Tensor:
    """Return what is around a box, frame by frame, uint8 ``[n, 3, *size]``.

    Source: OptDistill, section 5.1, step 2: the smallest rectangle of the output's shape that covers the box, about the
    same centre, scaled bilinearly. The output's shape is meant as the store's clips have it: where these squash whole
    frames into squares, crops have the shape of the frame, so that nothing is squashed more than in them. (The paper's
    canvas has the shape of its videos too.)

    Args:
        footage: the video.
        boxes: one a frame, inside it.
        size: height and width of the result.
    """
    height, width = footage.frames.shape[1:3]
    aspect = footage.aspect * size[1] / size[0]
    regions = [covering(box, aspect, width, height) for box in boxes]
    return torch.stack([_scaled(footage.frames[i], region, size) for i, region in enumerate(regions)])


def _scaled(frame: NDArray[np.uint8], region: Box, size: tuple[int, int]) -> Tensor:
    top, left = int(region.top), int(region.left)
    bottom, right = max(top + 1, round(region.top + region.height)), max(left + 1, round(region.left + region.width))
    part = torch.from_numpy(np.ascontiguousarray(frame[top:bottom, left:right])).permute(2, 0, 1).float()
    # Without averaging over what is left out, small regions of large frames would flicker.
    return F.interpolate(part[None], size, mode="bilinear", antialias=True)[0].round().to(torch.uint8)
