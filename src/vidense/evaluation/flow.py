"""Optical flow of clips: how each place of a class moves on average, and how alike two such fields are.

After the qualitative figures of PRISM's earlier form (section 5 and appendix A.3) and of TSGF (appendix G), neither of
which names an algorithm or gives a number; algorithms, cosine and end-point error are ours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vidense.data.spec import LabelledClips
from vidense.errors import UserError, suggest
from vidense.opencv import enlarged, require_opencv

__all__ = ["ALGORITHMS", "ClassMotion", "clip_flow", "compare", "joined", "magnitude", "mean_motion", "require_flow"]

# DIS refuses frames of less than 12 pixels and drops scales below 32. Larger is no better: it gains DIS nothing, and
# Farneback, whose window is a number of pixels, no longer sees the motion in frames that were scaled up four times.
SMALLEST_SIDE = 32


@dataclass(frozen=True)
class ClassMotion:
    """How the clips of one class move, averaged over their videos and over consecutive frames.

    Attributes:
        flow: mean vector field, float64 ``[2, H, W]``: pixels of the clip from a frame to the next, right and down.
        difference: mean absolute difference of consecutive frames, float64 ``[H, W]``, in 0..255, over the colours.
        middle: middle frame of the first video, uint8 ``[H, W, 3]``.
        videos: how many.
    """

    flow: NDArray[np.float64]
    difference: NDArray[np.float64]
    middle: NDArray[np.uint8]
    videos: int


def _dis(cv2: Any, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
    # A new one each time: it adapts its scales to small frames, and would keep them for the next.
    flow: NDArray[np.float32] = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(before, after, None)
    return flow


def _farneback(cv2: Any, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
    # Half-size pyramid of 3 levels, window 15, 3 iterations, polynomials of 5 pixels and deviation 1.2: OpenCV's own.
    flow: NDArray[np.float32] = cv2.calcOpticalFlowFarneback(before, after, None, 0.5, 3, 15, 3, 5, 1.2, 0)
    return flow


# Kroeger et al., Fast Optical Flow using Dense Inverse Search, ECCV 2016; Farneback, Two-Frame Motion Estimation Based
# on Polynomial Expansion, SCIA 2003.
ALGORITHMS: dict[str, Callable[[Any, NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float32]]] = {
    "dis": _dis,
    "farneback": _farneback,
}


def require_flow(algorithm: str) -> Any:
    """Return the module ``cv2`` if flow can be computed by ``algorithm``.

    Raises:
        UserError: if the algorithm is unknown or OpenCV is not installed.
    """
    if algorithm not in ALGORITHMS:
        raise UserError(f"unknown algorithm {algorithm!r}{suggest(algorithm, ALGORITHMS)}")
    return require_opencv("optical flow")


def clip_flow(pixels: NDArray[np.uint8], algorithm: str = "dis") -> NDArray[np.float32]:
    """Return how each place moves from a frame to the next, ``[T - 1, 2, H, W]`` (right, down), in pixels of the clip.

    Flow is computed on grey frames, scaled up first where a side has less than 32 pixels. Equal frames move nowhere.

    Args:
        pixels: one clip, uint8 ``[T, 3, H, W]``.
        algorithm: ``dis`` or ``farneback``.

    Raises:
        UserError: if the algorithm is unknown or OpenCV is not installed.
    """
    cv2 = require_flow(algorithm)
    size = pixels.shape[2:]
    fields = np.zeros((max(len(pixels) - 1, 0), 2, *size), dtype=np.float32)
    scaled = [enlarged(np.ascontiguousarray(frame.transpose(1, 2, 0)), SMALLEST_SIDE) for frame in pixels]
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame, _ in scaled]
    for number, (before, after) in enumerate(pairwise(greys)):
        # Of equal frames Farneback makes up motion at the edges.
        if not np.array_equal(before, after):
            found = ALGORITHMS[algorithm](cv2, before, after)
            if found.shape[:2] != size:
                found = cv2.resize(found, size[::-1], interpolation=cv2.INTER_AREA) / scaled[number][1]
            fields[number] = found.transpose(2, 0, 1)
    return fields


def mean_motion(clips: LabelledClips, index: Tensor, algorithm: str = "dis") -> ClassMotion:
    """Return how the videos at ``index`` move on average; what decodes in several ways gives what stands for it.

    Args:
        clips: real or condensed videos of at least two frames; they are seen as a screen shows them, in 0..255.
        index: int64 ``[n]``, at least one.
        algorithm: ``dis`` or ``farneback``.

    Raises:
        UserError: if the algorithm is unknown, OpenCV is not installed, or clips have one frame.
    """
    spec = clips.spec
    if spec.frames < 2:
        raise UserError("clips of one frame do not move; flow needs a store of at least 2 frames a clip")
    flow, difference = np.zeros((2, spec.height, spec.width)), np.zeros((spec.height, spec.width))
    middle = np.zeros((spec.height, spec.width, 3), dtype=np.uint8)
    for number, video in enumerate(index):
        pixels = spec.denormalise(clips.decode(video[None]))[0].cpu().numpy()
        flow += clip_flow(pixels, algorithm).mean(0)
        difference += np.abs(np.diff(pixels.astype(np.int16), axis=0)).mean((0, 1))
        if number == 0:
            middle = pixels[len(pixels) // 2].transpose(1, 2, 0)
    return ClassMotion(flow / len(index), difference / len(index), middle, len(index))


def joined(parts: Sequence[ClassMotion]) -> ClassMotion:
    """Return how the videos of all ``parts`` move on average; clips of all have equally many frames."""
    videos = [part.videos for part in parts]
    flow = np.average([part.flow for part in parts], axis=0, weights=videos)
    difference = np.average([part.difference for part in parts], axis=0, weights=videos)
    return ClassMotion(flow, difference, parts[0].middle, sum(videos))


def magnitude(flow: NDArray[np.float64]) -> float:
    """Return the mean length of the vectors of a field ``[2, H, W]``, in its pixels."""
    return float(np.hypot(*flow).mean())


def compare(one: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, float | None]:
    """Return how alike two fields ``[2, H, W]`` are.

    Returns:
        ``cosine``: of the fields as vectors of 2 H W numbers, in [-1, 1]; None where one is zero throughout.
        ``end_point_error``: mean length of the difference of their vectors, in pixels (Baker et al., A Database and
        Evaluation Methodology for Optical Flow, IJCV 2011, section 3.1).
    """
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    cosine = float(np.clip((one * other).sum() / norms, -1, 1)) if norms else None
    return {"cosine": cosine, "end_point_error": magnitude(one - other)}
