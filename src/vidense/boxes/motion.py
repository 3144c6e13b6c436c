"""Box source ``motion``: what moves first, by optical flow; needs no weights and knows no classes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidense.boxes.base import BOX_SOURCES, WITHOUT_OPENCV, Box
from vidense.opencv import enlarged, require_opencv

__all__ = ["motion"]

SMALLEST_SIDE = 32
# Something moves where so many pixels go by in so large a part of the frame; less is an error of the flow.
PIXELS, PART = 0.5, 0.002
# From there on, the flow between so many frames is averaged and blurred by a part of the shorter side.
PAIRS, BLUR = 4, 0.02
# Part of the highest speed that still belongs to what moves.
SHARE = 0.5


@BOX_SOURCES.register("motion")
def motion(frames: NDArray[np.uint8], class_name: str, path: str) -> list[Box]:
    """Return one box around the largest area that moves, or none where nothing does.

    Frames after each other are compared until something moves: nothing moved before, so it is there on the first frame
    too. The flow is DIS (Kroeger et al., Fast Optical Flow using Dense Inverse Search, ECCV 2016); its median, the
    motion of the camera, is taken away.
    """
    cv2 = require_opencv("box source 'motion'", WITHOUT_OPENCV)
    speeds: list[NDArray[np.float32]] = []
    for speed in _speeds(cv2, frames):
        if speeds or (speed > PIXELS).mean() >= PART:
            speeds.append(speed)
        if len(speeds) == PAIRS:
            break
    if not speeds:
        return []
    mean = cv2.GaussianBlur(np.mean(speeds, axis=0), (0, 0), BLUR * min(speeds[0].shape))
    areas = cv2.connectedComponentsWithStats((mean > SHARE * mean.max()).astype(np.uint8))[2][1:]
    _, factor = enlarged(frames[0], SMALLEST_SIDE)
    return [Box(*(float(side) / factor for side in areas[areas[:, 4].argmax(), :4]))]


def _speeds(cv2: Any, frames: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
    """Yield how far each place moves from a frame to the next, ``[H, W]`` of enlarged frames, in pixels of frames."""
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    before = None
    for frame in frames:
        large, factor = enlarged(frame, SMALLEST_SIDE)
        grey = cv2.cvtColor(np.ascontiguousarray(large), cv2.COLOR_RGB2GRAY)
        if before is not None:
            moved = flow.calc(before, grey, None)
            yield np.linalg.norm(moved - np.median(moved, axis=(0, 1)), axis=2) / factor
        before = grey
