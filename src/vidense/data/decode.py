"""Reading the chosen frames of a video file with PyAV. Imports no torch: worker processes must start quickly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from vidense.data.sampling import Extent

__all__ = [
    "REASONS",
    "Choose",
    "DecodeError",
    "Frames",
    "Resize",
    "Shrink",
    "chosen",
    "decoder_version",
    "read_windows",
]

REASONS = (
    "missing", "empty", "unreadable", "audio-only", "zero-frame", "truncated", "damaged", "too-short", "timeout",
    "crashed",
)  # fmt: skip
"""Why a file gave no clips."""

Choose = Callable[[Extent], list[list[int]]]
"""Maps the extent of a video to the frame indices of each clip; a clip without any says that the video is too short."""


class DecodeError(Exception):
    """A video file that gives no clips; ``reason`` is one of :data:`REASONS`."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep a short ``reason`` to count by and a ``detail`` for people."""
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Resize:
    """How a frame of any size becomes ``size`` x ``size`` pixels; the aspect ratio is ignored, as published.

    Attributes:
        size: side in pixels, at least 1.
        crop: False scales to the square; True scales to 10/7 by 15/14 of ``size`` and cuts out the centre, which at
            112 pixels is the published 160x120 followed by a centre crop.
    """

    size: int
    crop: bool = False

    def __call__(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """Return the frame as uint8 ``[3, size, size]``."""
        size = self.size
        width, height = (
            (max(size, round(size * 10 / 7)), max(size, round(size * 15 / 14))) if self.crop else (size, size)
        )
        scaled = _scaled(frame, width, height)
        top, left = (height - size) // 2, (width - size) // 2
        return np.ascontiguousarray(scaled[top : top + size, left : left + size].transpose(2, 0, 1))


@dataclass(frozen=True)
class Shrink:
    """Scales a frame down until no side is longer than ``side`` pixels; its shape is kept, and small frames too."""

    side: int

    def __call__(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """Return the frame as uint8 ``[3, height, width]``."""
        factor = min(1.0, self.side / max(frame.width, frame.height))
        width, height = (max(1, round(length * factor)) for length in (frame.width, frame.height))
        return np.ascontiguousarray(_scaled(frame, width, height).transpose(2, 0, 1))


def _scaled(frame: av.VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
    scaled = frame.reformat(width=width, height=height, format="rgb24", interpolation="BILINEAR").to_ndarray()
    return np.asarray(scaled, np.uint8)


@dataclass(frozen=True)
class Frames:
    """What was read of one video.

    Attributes:
        length: frames in the whole video.
        windows: the frames of each clip.
        pixels: uint8 ``[windows, T, 3, height, width]``.
    """

    length: int
    windows: list[list[int]]
    pixels: NDArray[np.uint8]

    @classmethod
    def of(cls, length: int, windows: list[list[int]], kept: Mapping[int, NDArray[np.uint8]]) -> "Frames":
        """Put the kept frames, by their index in the video, together to clips.

        Raises:
            ValueError: if frames differ in size.
        """
        return cls(length, windows, np.stack([np.stack([kept[i] for i in window]) for window in windows]))


def decoder_version() -> dict[str, str]:
    """Return the versions of PyAV and of the FFmpeg it carries; pixels can differ between them."""
    return {"av": av.__version__, "ffmpeg": str(av.ffmpeg_version_info)}


def chosen(choose: Choose, extent: Extent) -> list[list[int]]:
    """Return the frame indices of each clip.

    Raises:
        DecodeError: if the video is too short for one of them.
    """
    windows = choose(extent)
    if not all(windows):
        rate = "no frame rate" if extent.fps is None else f"{float(extent.fps):g} frames a second"
        raise DecodeError(
            "too-short", f"{extent.frames} frames ({rate}) are not enough for a clip by the dataset's rule"
        )
    return windows


def read_windows(path: Path, choose: Choose, resize: Resize | Shrink) -> Frames:
    """Decode a video once, from its first to its last frame, keeping the frames that its clips need.

    Seeking is not exact in many real files, so frames are counted as they are decoded. Which frames are needed depends
    on the length, which a container may state wrongly: the packets are counted first, and where decoding finds another
    length the video is decoded a second time.

    Args:
        path: the file.
        choose: which frames.
        resize: brings every frame to the same size.

    Raises:
        DecodeError: if the file gives no clips.
    """
    if not path.exists():
        raise DecodeError("missing", "there is no such file")
    if path.stat().st_size == 0:
        raise DecodeError("empty", "the file holds 0 bytes")
    try:
        extent = _announced(path)
        for _ in range(2):
            windows = chosen(choose, extent)
            kept, decoded = _decode(path, {i for window in windows for i in window}, resize)
            if decoded == extent.frames:
                return Frames.of(extent.frames, windows, kept)
            extent = replace(extent, frames=decoded)
            if decoded == 0:
                raise DecodeError("zero-frame", "the video stream holds no frame that can be decoded")
    except (av.FFmpegError, OSError, ValueError, EOFError) as error:
        raise DecodeError("unreadable", str(getattr(error, "strerror", None) or error)) from error
    raise DecodeError("damaged", f"two passes decoded {decoded} and another number of frames")


def _video_stream(container: Any) -> Any:
    # A cover picture inside a music file is a video stream too, as far as FFmpeg is concerned.
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        reason = "audio-only" if container.streams.audio else "zero-frame"
        raise DecodeError(reason, f"the file has no video stream (it has {kinds})")
    if streams[0].codec_context is None:
        raise DecodeError("unreadable", "no decoder for the video stream is known")
    # Other workers use the other cores.
    streams[0].codec_context.thread_count = 1
    return streams[0]


def _announced(path: Path) -> Extent:
    """Count the packets of a video, without decoding or keeping them: together they are the file."""
    held = shown = 0
    with av.open(str(path)) as container:
        stream = _video_stream(container)
        for packet in container.demux(stream):
            held += packet.size > 0
            shown += packet.size > 0 and not packet.is_discard
        # The header's count may be off by a few; a file cut short lacks far more.
        if held + 1 + stream.frames // 50 < stream.frames:
            raise DecodeError("truncated", f"{held} of the {stream.frames} frames it announces are there")
        rate = stream.average_rate or stream.guessed_rate
    if shown == 0:
        raise DecodeError("zero-frame", "the video stream holds no frame")
    return Extent(shown, None if rate is None else Fraction(rate))


def _decode(path: Path, wanted: set[int], resize: Resize | Shrink) -> tuple[dict[int, NDArray[np.uint8]], int]:
    kept: dict[int, NDArray[np.uint8]] = {}
    count = 0
    with av.open(str(path)) as container:
        try:
            for frame in container.decode(_video_stream(container)):
                if count in wanted:
                    kept[count] = resize(frame)
                count += 1
        except av.FFmpegError as error:
            raise DecodeError("damaged", f"decoding stopped after {count} frames: {error.strerror}") from error
    return kept, count
