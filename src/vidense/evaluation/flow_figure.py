"""Pictures of motion: optical flow in colours, differences of frames in grey, side by side."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vidense.evaluation.flow import ClassMotion
from vidense.records import replacing

__all__ = ["draw_motion", "flow_colours", "full_scale"]

# Longer side of a panel, and the places around it, in pixels of the picture.
PANEL, GAP, LABELS, LEGEND, HEADER, CAPTION = 224, 16, 200, 170, 104, 28
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 24, 16, 14
WHEEL = 104
INK, FAINT = (20, 20, 20), (90, 90, 90)
COLUMNS = ("middle frame, first video", "mean optical flow", "mean difference of frames")
# With the even wheel turned by so much, red is the strongest colour to the right, green upwards, blue to the left.
TURN = 15.0
PERCENTILE = 99


def full_scale(values: NDArray[np.float64]) -> float:
    """Return what is drawn at full strength: the 99th percentile, or the largest where nearly all are zero."""
    return float(np.percentile(values, PERCENTILE)) or float(values.max())


def flow_colours(flow: NDArray[np.float64], full: float) -> NDArray[np.uint8]:
    """Return a flow field in colours, uint8 ``[H, W, 3]`` (PRISM's earlier form, appendix A.3).

    Hue is the direction: reddish to the right, greenish upwards, bluish to the left, violet downwards. Saturation and
    value are the magnitude, so that what stands still is black.

    Args:
        flow: ``[2, H, W]``, right and down.
        full: magnitude of full colour, which larger ones share; nothing is drawn where it is 0.
    """
    strength = np.clip(np.hypot(*flow) / full, 0, 1) if full else np.zeros(flow.shape[1:])
    # Rows of a picture count downwards.
    hue = (np.degrees(np.arctan2(-flow[1], flow[0])) + TURN) % 360 / 60
    # Red, green and blue of hue, saturation and value, without a case for each sixth of the wheel.
    turns = (np.array([5, 3, 1]) + hue[..., None]) % 6
    away = np.clip(np.minimum(turns, 4 - turns), 0, 1)
    return np.asarray((255 * strength[..., None] * (1 - strength[..., None] * away)).round(), dtype=np.uint8)


def draw_motion(file: Path, title: str, subtitle: str, rows: Sequence[tuple[str, ClassMotion]]) -> None:
    """Draw one row of panels for each set of clips (middle frame, mean flow, mean difference), and the colour wheel.

    Flow and difference are scaled panel by panel, their 99th percentile being full colour or white; what that is
    stands below.

    Args:
        file: the PNG to write.
        title: first line of the picture.
        subtitle: second line.
        rows: what stands beside each row, in lines, and what is drawn.
    """
    height, width = rows[0][1].difference.shape
    wide, high = (round(side * PANEL / max(height, width)) for side in (width, height))
    size = (LABELS + 3 * (wide + GAP) + LEGEND + GAP, HEADER + len(rows) * (high + CAPTION + GAP))
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    draw.text((GAP, GAP), title, INK, _font(TITLE_SIZE))
    draw.text((GAP, GAP + 34), subtitle, FAINT, _font(TEXT_SIZE))
    for column, name in enumerate(COLUMNS):
        draw.text((LABELS + column * (wide + GAP), HEADER - 8), name, INK, _font(TEXT_SIZE), anchor="ls")
    for number, (label, motion) in enumerate(rows):
        top = HEADER + number * (high + CAPTION + GAP)
        draw.multiline_text((GAP, top), label, INK, _font(TEXT_SIZE), spacing=6)
        for column, (panel, caption) in enumerate(_panels(motion)):
            left = LABELS + column * (wide + GAP)
            picture.paste(Image.fromarray(panel).resize((wide, high), Image.Resampling.BILINEAR), (left, top))
            draw.text((left, top + high + 5), caption, FAINT, _font(SMALL_SIZE))
    _draw_wheel(picture, draw, LABELS + 3 * (wide + GAP) + LEGEND // 2, HEADER + PANEL // 2)
    with replacing(file) as temporary:
        picture.save(temporary, "PNG")


def _panels(motion: ClassMotion) -> list[tuple[NDArray[np.uint8], str]]:
    """Return the three pictures of a row ``[H, W, 3]``, and what stands below them."""
    fast, bright = full_scale(np.hypot(*motion.flow)), full_scale(motion.difference)
    grey = np.clip(255 * motion.difference / (bright or 1), 0, 255).round().astype(np.uint8)
    return [
        (np.ascontiguousarray(motion.middle), ""),
        (flow_colours(motion.flow, fast), f"full colour: {fast:.2g} pixels a frame" if fast else "no motion"),
        (np.repeat(grey[..., None], 3, axis=2), f"white: {bright:.3g} of 255" if bright else "no difference"),
    ]


def _draw_wheel(picture: Image.Image, draw: ImageDraw.ImageDraw, across: int, down: int) -> None:
    """Draw the colours of all directions around a point of a picture: still in the centre, full scale at the rim."""
    places = np.linspace(-1, 1, WHEEL)
    field = np.stack(np.meshgrid(places, places))
    disc = Image.fromarray((255 * (np.hypot(*field) <= 1)).astype(np.uint8))
    picture.paste(Image.fromarray(flow_colours(field, 1.0)), (across - WHEEL // 2, down - WHEEL // 2), disc)
    away = WHEEL // 2 + 6
    words = (("up", 0, -away, "ms"), ("down", 0, away, "ma"), ("right", away, 0, "lm"), ("left", -away, 0, "rm"))
    for word, x, y, anchor in words:
        draw.text((across + x, down + y), word, INK, _font(SMALL_SIZE), anchor=anchor)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
