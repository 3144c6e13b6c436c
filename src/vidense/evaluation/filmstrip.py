"""Pictures of clips frame by frame, one below the other."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vidense.records import replacing

__all__ = ["Strip", "draw_strips"]

# Longer side of a frame, the room around it and that of the names, in pixels.
FRAME, GAP, NAMES, HEADER = 96, 8, 190, 64
TITLE_SIZE, TEXT_SIZE = 22, 15
INK, FAINT, STORED = (20, 20, 20), (90, 90, 90), (0, 114, 178)
OUTLINE = 3


@dataclass(frozen=True)
class Strip:
    """One clip.

    Attributes:
        title: what stands beside it.
        pixels: uint8 ``[T, H, W, 3]``.
        stored: times of the frames that are stored, 0-based.
    """

    title: str
    pixels: NDArray[np.uint8]
    stored: Collection[int]


def draw_strips(file: Path, title: str, strips: Sequence[Strip]) -> None:
    """Draw clips below one another, time to the right; frames that are stored have a frame of their own.

    Args:
        file: the PNG to write.
        title: of the picture.
        strips: at least one; they may differ in length.
    """
    height, width = strips[0].pixels.shape[1:3]
    wide, high = (round(side * FRAME / max(height, width)) for side in (width, height))
    longest = max(len(strip.pixels) for strip in strips)
    size = (NAMES + longest * (wide + GAP) + GAP, HEADER + len(strips) * (high + GAP))
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    draw.text((GAP, GAP), title, INK, ImageFont.load_default(TITLE_SIZE))
    font = ImageFont.load_default(TEXT_SIZE)
    draw.text((GAP, GAP + 28), "blue: stored; the others are interpolated or computed", FAINT, font)
    for row, strip in enumerate(strips):
        top = HEADER + row * (high + GAP)
        draw.text((GAP, top + high / 2), strip.title, INK, font, anchor="lm")
        for time, pixels in enumerate(strip.pixels):
            left = NAMES + time * (wide + GAP)
            if time in strip.stored:
                around = (left - OUTLINE, top - OUTLINE, left + wide + OUTLINE - 1, top + high + OUTLINE - 1)
                draw.rectangle(around, STORED)
            # Nearest: what was condensed are these very pixels.
            shown = Image.fromarray(np.ascontiguousarray(pixels)).resize((wide, high), Image.Resampling.NEAREST)
            picture.paste(shown, (left, top))
    with replacing(file) as temporary:
        picture.save(temporary, "PNG")
