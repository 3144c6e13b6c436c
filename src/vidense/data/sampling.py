"""Which frames of a video make a clip: at a stride, or by the rule of a dataset that takes one clip of each video."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["RULES", "Extent", "evenly_spaced", "middle_frames", "spread_frames", "window_frames"]


@dataclass(frozen=True)
class Extent:
    """How long a video is.

    Attributes:
        frames: at least 1.
        fps: frames a second; None where the source does not say, as folders of images never do.
    """

    frames: int
    fps: Fraction | None = None


def window_frames(length: int, frames: int, stride: int, position: float) -> list[int]:
    """Choose the frames of one clip by the published rule for UCF101 and HMDB51, for any clip length.

    Every ``stride``-th frame is taken; a video shorter than ``frames * stride`` is taken more densely, every
    ``length // frames``-th frame. The published loader draws starts so that the last frame of a video is never
    used, and cannot read a video of ``frames`` frames or fewer; such a video is played from its first frame, one
    frame at a time, and its last frame is repeated.

    Args:
        length: frames in the video, at least 1.
        frames: frames in the clip, at least 1.
        stride: distance in frames between two frames of the clip, at least 1.
        position: where the clip starts among all possible starts, in [0, 1); uniform draws give uniform starts.

    Returns:
        ``frames`` indices in ``[0, length)``, in order.
    """
    if length <= frames:
        return [min(i, length - 1) for i in range(frames)]
    skip = stride if length >= frames * stride else length // frames
    # One frame has no span, so with frames=1 every start but the last remains; the maximum covers rounding only.
    starts = max(1, length - (frames - 1) * skip - 1)
    start = min(int(position * starts), starts - 1)
    return [start + i * skip for i in range(frames)]


def evenly_spaced(count: int) -> Sequence[float]:
    """Return ``count`` positions in (0, 1): the centres of ``count`` equal parts."""
    return [(2 * i + 1) / (2 * count) for i in range(count)]


def middle_frames(extent: Extent, frames: int) -> list[int]:
    """Choose frames spread over the four seconds in the middle of a video, as VDSD prepares Kinetics-400.

    The reference code (``extract_k400.py``) lets ffmpeg take 8 frames at 2 frames a second; videos shorter than 4, 2
    and 1 seconds give 2 seconds, 1 second and two thirds of a second instead. Of each of the equal parts of that time
    the last frame that begins before the part's middle is shown, which is what ffmpeg's ``fps`` filter does.

    Args:
        extent: of the video.
        frames: frames in the clip, at least 1; with more of them they lie closer.

    Returns:
        ``frames`` indices in order, or none where the video is shorter than two thirds of a second or does not say how
        many frames a second it has.
    """
    if extent.fps is None or extent.fps <= 0:
        return []
    duration = extent.frames / extent.fps
    spans = (Fraction(4), Fraction(2), Fraction(1), Fraction(2, 3))
    span = next((span for span in spans if span <= duration), None)
    if span is None:
        return []
    start, part = (duration - span) / 2, span / frames
    middles = (start + (i + Fraction(1, 2)) * part for i in range(frames))
    # Frame j begins at j / fps; the ceiling less one is the last that begins strictly earlier.
    return [math.ceil(middle * extent.fps) - 1 for middle in middles]


def spread_frames(extent: Extent, frames: int) -> list[int]:
    """Choose frames spread over a whole video, as VDSD prepares Something-Something V2.

    With N frames in the video and T in the clip every ``(N - 1) // (T - 1)``-th frame is taken, and what remains is
    left out at both ends, the smaller half in front (reference code, ``extract_sthsth.py``).

    Args:
        extent: of the video.
        frames: T, at least 1.

    Returns:
        T indices in order, or none where the video has fewer frames than the clip.
    """
    if extent.frames < frames:
        return []
    stride = (extent.frames - 1) // max(1, frames - 1)
    start = (extent.frames - 1 - (frames - 1) * stride) // 2
    return [start + i * stride for i in range(frames)]


RULES: Mapping[str, Callable[[Extent, int], list[int]]] = {"middle": middle_frames, "spread": spread_frames}
"""Rules of datasets by name, from a video's extent and the frames of a clip: one clip a video, the same each time."""
