"""Mixing of clips in training: a box of each frame comes from another clip (TSGF section 3.3, CutMix)."""

from typing import Literal

import torch
from torch import Tensor

from vidense.saliency import SaliencyRule, non_key_frames
from vidense.seeding import Draw

__all__ = ["Mixing", "mix"]

# "video" is TSGF's VideoMix: one box for the whole clip, in the frames that move little. "image" mixes every frame by a
# box of its own, which is what TSGF compares with.
Mixing = Literal["none", "video", "image"]


def mix(clips: Tensor, kind: Mixing, draw: Draw) -> Tensor:
    """Return clips with boxes of their partners in them; who is whose partner is drawn, and so is the box.

    A box has the share 1 - b of the frame's area, b from Beta(1, 1), and is cut at the frame's edges.

    Args:
        clips: ``[n, T, 3, H, W]``.
        kind: which frames are mixed, and by how many boxes.
        draw: where randomness comes from.
    """
    if kind == "none":
        return clips
    partner = clips[torch.randperm(len(clips), generator=draw.generator("partner")).to(clips.device)]
    frames, (height, width) = clips.shape[1], clips.shape[-2:]
    if kind == "video":
        inside = _box(height, width, draw.generator("box")).expand(frames, -1, -1)
        mixed = non_key_frames(clips, SaliencyRule())[:, :, None, None] & inside.to(clips.device)
    else:
        boxes = [_box(height, width, draw.generator("box", time)) for time in range(frames)]
        mixed = torch.stack(boxes)[None].to(clips.device)
    return torch.where(mixed[:, :, None], partner, clips)


def _box(height: int, width: int, rng: torch.Generator) -> Tensor:
    """Return which pixels lie in a random box, bool ``[H, W]``."""
    kept, row, column = torch.rand(3, generator=rng).tolist()
    share = (1 - kept) ** 0.5
    inside = torch.zeros(height, width, dtype=torch.bool)
    (top, bottom), (left, right) = (
        (int(centre * side - share * side / 2), int(centre * side + share * side / 2))
        for centre, side in ((row, height), (column, width))
    )
    inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return inside
