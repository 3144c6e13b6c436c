"""Frames as stored numbers: uint8 with one scale and offset a frame, float16, or float32."""

import torch
from torch import Tensor

from vidense.parameterizations.base import StoreDtype, require

__all__ = ["pack_frames", "unpack_frames"]


def pack_frames(frames: Tensor, dtype: StoreDtype, prefix: str = "") -> dict[str, Tensor]:
    """Return the tensors that store ``frames``.

    Args:
        frames: floats ``[K, ...]`` of any range: pictures ``[K, channels, H, W]``, or vectors.
        dtype: ``uint8`` maps each frame's own range onto 0..255 and keeps ``scale`` and ``offset`` (float32 ``[K]``),
            so the largest error is half of range/255; the float types store the numbers as they are.
        prefix: of the tensors' names, for kinds that store several lists of frames.
    """
    frames = frames.detach().cpu()
    if dtype != "uint8":
        return {f"{prefix}frames": frames.to(getattr(torch, dtype))}
    flat = frames.flatten(1)
    offset = flat.amin(1)
    scale = (flat.amax(1) - offset) / 255
    # A constant frame has scale 0; dividing by 1 instead stores zeros, which decode to its offset.
    steps = (flat - offset[:, None]) / torch.where(scale > 0, scale, 1)[:, None]
    quantised = steps.round().to(torch.uint8).view_as(frames)
    return {f"{prefix}frames": quantised, f"{prefix}scale": scale, f"{prefix}offset": offset}


def unpack_frames(tensors: dict[str, Tensor], count: int, shape: tuple[int, ...], prefix: str = "") -> Tensor:
    """Return float32 frames ``[count, *shape]`` from :func:`pack_frames`'s output.

    Raises:
        ValueError: if a tensor is missing or has another shape.
    """
    frames = require(tensors, f"{prefix}frames", (count, *shape))
    if frames.dtype != torch.uint8:
        return frames.float()
    scale, offset = (require(tensors, prefix + name, (count,)) for name in ("scale", "offset"))
    one_a_frame = (count, *(1 for _ in shape))
    return frames.float() * scale.view(one_a_frame) + offset.view(one_a_frame)
