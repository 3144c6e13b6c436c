"""Following a box through a video."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidense.boxes.base import WITHOUT_OPENCV, Box
from vidense.boxes.geometry import clipped, whole_frame
from vidense.errors import UserError
from vidense.opencv import require_opencv

__all__ = ["find_tracker", "track"]

# The tracker cannot follow less.
SMALLEST = 4


def find_tracker() -> Callable[[], Any] | None:
    """Return what makes OpenCV's CSRT tracker, or None where it is not installed."""
    try:
        cv2 = require_opencv("tracking", WITHOUT_OPENCV)
    except UserError:
        return None
    found: Callable[[], Any] | None = getattr(cv2, "TrackerCSRT_create", None)
    return found


def track(frames: NDArray[np.uint8], box: Box, tracker: Callable[[], Any] | None) -> list[Box]:
    """Return where a box is on each frame.

    Source: OptDistill, section 5.1, step 2, with the CSRT tracker (Lukezic et al., Discriminative Correlation Filter
    with Channel and Spatial Reliability, CVPR 2017). A box stays where it was while it is lost.

    Args:
        frames: uint8 RGB ``[n, H, W, 3]``.
        box: on the first frame, inside it.
        tracker: makes a tracker; None keeps the box where it is. A box that is the whole frame is not followed either.
    """
    height, width = frames.shape[1:3]
    if tracker is None or box == whole_frame(width, height) or min(box.width, box.height) < SMALLEST:
        return [box] * len(frames)
    running = tracker()
    running.init(np.ascontiguousarray(frames[0]), tuple(round(side) for side in box))
    boxes = [box]
    for frame in frames[1:]:
        found, place = running.update(np.ascontiguousarray(frame))
        seen = clipped(Box(*map(float, place)), width, height) if found else None
        boxes.append(seen or boxes[-1])
    return boxes
