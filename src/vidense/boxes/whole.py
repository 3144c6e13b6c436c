"""Box source ``whole``: no box at all, crops are the frames themselves."""

import numpy as np
from numpy.typing import NDArray

from vidense.boxes.base import BOX_SOURCES, Box
from vidense.boxes.geometry import whole_frame

__all__ = ["whole"]


@BOX_SOURCES.register("whole")
def whole(frames: NDArray[np.uint8], class_name: str, path: str) -> list[Box]:
    """Return the whole frame, whatever it shows."""
    height, width = frames.shape[1:3]
    return [whole_frame(width, height)]
