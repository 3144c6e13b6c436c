"""Frames as stored numbers: uint8 with one scale and offset a frame, float16, or float32."""

import torch
from torch import Tensor

from vidense.parameterizations.base import StoreDtype, require

__all__ = ["pack_frames", "unpack_frames"]


def pack_frames(frames: Tensor, dtype: StoreDtype) -> dict[str, Tensor]:
    """Return the tensors that store ``frames``.

    Args:
        frames: floats ``[K, 3, H, W]`` of any range.
        dtype: ``uint8`` maps each frame's own range onto 0..255 and keeps ``scale`` and ``offset`` (float32 ``[K]``),
            so the largest error is half of range/255; the float types store the numbers as they are.
    """
    frames = frames.detach().cpu()
    if dtype != "uint8":
        return {"frames": frames.to(getattr(torch, dtype))}
    flat = frames.flatten(1)
    offset = flat.amin(1)
    scale = (flat.amax(1) - offset) / 255
    # A constant frame has scale 0; dividing by 1 instead stores zeros, which decode to its offset.
    steps = (flat - offset[:, None]) / torch.where(scale > 0, scale, 1)[:, None]
    return {"frames": steps.round().to(torch.uint8).view_as(frames), "scale": scale, "offset": offset}


def unpack_frames(tensors: dict[str, Tensor], count: int, shape: tuple[int, int, int]) -> Tensor:
    """Return float32 frames ``[count, 3, H, W]`` from :func:`pack_frames`'s output.

    Raises:
        ValueError: if a tensor is missing or has another shape.
    """
    frames = require(tensors, "frames", (count, *shape))
    if frames.dtype != torch.uint8:
        return frames.float()
    scale, offset = (require(tensors, name, (count,)).view(-1, 1, 1, 1) for name in ("scale", "offset"))
    return frames.float() * scale + offset
