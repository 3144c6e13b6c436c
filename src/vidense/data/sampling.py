"""Which frames of a video make a clip: the published rule for UCF101 and HMDB51, for any clip length."""

from collections.abc import Sequence

__all__ = ["evenly_spaced", "window_frames"]


def window_frames(length: int, frames: int, stride: int, position: float) -> list[int]:
    """Choose the frames of one clip.

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
