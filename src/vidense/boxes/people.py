"""Box source ``people``: upright people, by OpenCV's HOG detector, whose weights come with OpenCV."""

import numpy as np
from numpy.typing import NDArray

from vidense.boxes.base import BOX_SOURCES, WITHOUT_OPENCV, Box
from vidense.opencv import enlarged, require_opencv

__all__ = ["people"]

# The detector knows people of 96 pixels and more: in frames of this height, a fifth of it.
SMALLEST_SIDE = 480


@BOX_SOURCES.register("people")
def people(frames: NDArray[np.uint8], class_name: str, path: str) -> list[Box]:
    """Return the people on the first frame, the surest first.

    Source: Dalal and Triggs, Histograms of Oriented Gradients for Human Detection, CVPR 2005. The boxes have the margin
    of the detector's training windows, an eighth of their height above and below.
    """
    cv2 = require_opencv("box source 'people'", WITHOUT_OPENCV)
    detector = cv2.HOGDescriptor()
    detector.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())
    frame, factor = enlarged(frames[0], SMALLEST_SIDE)
    found, weights = detector.detectMultiScale(np.ascontiguousarray(frame), winStride=(8, 8))
    # Threads of the detector finish in any order.
    ranked = sorted(zip(np.ravel(weights).tolist(), map(tuple, found), strict=True), key=lambda pair: (-pair[0], pair))
    return [Box(*(float(side) / factor for side in box)) for _, box in ranked]
