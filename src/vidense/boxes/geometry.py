"""Rectangles: cut to the frame, and grown to the shape of the output."""

from vidense.boxes.base import Box

__all__ = ["clipped", "covering", "whole_frame"]


def whole_frame(width: int, height: int) -> Box:
    """Return the box that is the frame itself."""
    return Box(0.0, 0.0, float(width), float(height))


def clipped(box: Box, width: int, height: int) -> Box | None:
    """Return the part of ``box`` inside a frame, or None where less than a pixel of either side is (or it is NaN)."""
    left, top = max(0.0, box.left), max(0.0, box.top)
    right, bottom = min(float(width), box.left + box.width), min(float(height), box.top + box.height)
    # NaN fails every comparison.
    return Box(left, top, right - left, bottom - top) if right - left >= 1 and bottom - top >= 1 else None


def covering(box: Box, aspect: float, width: int, height: int) -> Box:
    """Return the rectangle that is cropped for a box: the smallest of a shape that covers it, about the same centre.

    One that reaches over an edge is shifted inside, and one larger than the frame is scaled down until it fits, so
    that a crop never holds anything but the video (OptDistill, section 5.1, step 2, which leaves open what happens at
    the edges).

    Args:
        box: inside the frame.
        aspect: width to height of the result.
        width: of the frame, in pixels.
        height: of the frame, in pixels.
    """
    wide = max(box.width, box.height * aspect)
    wide *= min(1.0, width / wide, height * aspect / wide)
    high = wide / aspect
    left, top = box.left + (box.width - wide) / 2, box.top + (box.height - high) / 2
    return Box(min(max(left, 0.0), width - wide), min(max(top, 0.0), height - high), wide, high)
