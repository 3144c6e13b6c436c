"""Which crops are kept, and how N x N of them become one clip."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from vidense.boxes.crops import Crop
from vidense.data.sampling import window_frames
from vidense.data.spec import ClipSpec
from vidense.parameterizations.tiles import edges

__all__ = ["best", "equalised", "grouped", "region_size", "tiled"]


def best(videos: Iterable[Sequence[Crop]], count: int, one_per_video: bool) -> list[Crop]:
    """Return the ``count`` crops of highest score, the best first; equal ones in the order they came.

    Source: OptDistill, section 4.3. At any time only ``count`` crops and those of one video are held.

    Args:
        videos: the crops of each video of a class.
        count: how many to keep, at least 1.
        one_per_video: second crops of a video count only where the first ones of all videos are too few, third ones
            only after these. False is the paper's rule: the score alone decides.
    """
    kept: list[tuple[tuple[int, float], Crop]] = []
    for crops in videos:
        ranked = sorted(crops, key=lambda crop: -crop.score)
        kept += [((turn if one_per_video else 0, -crop.score), crop) for turn, crop in enumerate(ranked)]
        kept = sorted(kept, key=lambda pair: pair[0])[:count]
    return [crop for _, crop in kept]


def grouped(crops: Sequence[Crop], groups: int, size: int) -> list[list[Crop]]:
    """Return ``groups`` lists of ``size`` crops of similar length (OptDistill, section 5.1, step 4).

    Fewer crops than needed are used again, the best ones first.

    Args:
        crops: at least one, the best first.
        groups: how many lists.
        size: of each list.
    """
    chosen = [crops[i % len(crops)] for i in range(groups * size)]
    ordered = sorted(chosen, key=lambda crop: crop.length)
    return [ordered[i * size : (i + 1) * size] for i in range(groups)]


def equalised(frames: Sequence[int], length: int, shortest: int) -> list[int]:
    """Return which frames of a longer video are shown with ``frames`` of the shortest one, so that both end together.

    Frame j of the shortest of m frames goes with frame floor(j L / m) of one of L (reference code of OptDistill).
    """
    return [frame * length // shortest for frame in frames]


def region_size(spec: ClipSpec, tiles: int) -> tuple[int, int]:
    """Return height and width of the largest region of a clip that is divided into ``tiles`` x ``tiles``."""
    return -(-spec.height // tiles), -(-spec.width // tiles)


def tiled(group: Sequence[Crop], spec: ClipSpec, stride: int, position: float) -> tuple[Tensor, Tensor]:
    """Put N x N crops into one clip, row by row, at one speed.

    The tiled video is as long as the shortest of the crops, and a clip is cut from it as the store cuts clips from
    videos. Where N does not divide the sides, regions differ by a pixel and the larger crops lose it.

    Args:
        group: N x N crops of :func:`region_size`.
        spec: of the clip.
        stride: distance between two frames of the clip.
        position: where it starts in the tiled video, in [0, 1).

    Returns:
        The clip, uint8 ``[T, 3, H, W]``, and its regions before they were put together, ``[N N, T, 3, h, w]``.
    """
    shortest = min(crop.length for crop in group)
    frames = window_frames(shortest, spec.frames, stride, position)
    regions = torch.stack([crop.at(equalised(frames, crop.length, shortest)) for crop in group])
    tiles = round(len(group) ** 0.5)
    rows, columns = edges(spec.height, tiles), edges(spec.width, tiles)
    clip = torch.empty(spec.shape, dtype=torch.uint8)
    for place, region in enumerate(regions):
        row, column = divmod(place, tiles)
        (top, bottom), (left, right) = rows[row : row + 2], columns[column : column + 2]
        clip[..., top:bottom, left:right] = region[..., : bottom - top, : right - left]
    return clip, regions
