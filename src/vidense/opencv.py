"""OpenCV, an optional dependency: detectors, trackers and optical flow."""

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidense.errors import UserError

__all__ = ["enlarged", "require_opencv"]


def require_opencv(user: str, otherwise: str = "") -> Any:
    """Return the module ``cv2``.

    Args:
        user: what needs it, for the message.
        otherwise: the end of the message, how to do without it.

    Raises:
        UserError: if it is not installed.
    """
    try:
        return importlib.import_module("cv2")
    except ImportError:
        raise UserError(
            f"{user} needs OpenCV, which is not installed; install it by pip install 'vidense[motion]'{otherwise}"
        ) from None


def enlarged(frame: NDArray[np.uint8], least: int) -> tuple[NDArray[np.uint8], float]:
    """Return a frame ``[H, W, 3]`` scaled up until no side is shorter than ``least`` pixels, and the factor.

    Detectors and optical flow see nothing in frames that are too small, or end the process.
    """
    factor = max(1.0, least / min(frame.shape[:2]))
    if factor == 1:
        return frame, factor
    height, width = (round(side * factor) for side in frame.shape[:2])
    return require_opencv("a larger frame").resize(np.ascontiguousarray(frame), (width, height)), factor
