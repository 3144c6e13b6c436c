"""Frames as an H.264 video that browsers play. Imports no torch."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vidense.data.codec import even_sides
from vidense.records import replacing

__all__ = ["write_mp4"]


def write_mp4(file: Path, pictures: NDArray[np.uint8], rate: Fraction) -> None:
    """Encode frames as H.264, yuv420p, in an mp4 file that plays while it is still being loaded.

    Equal frames give equal bytes.

    Args:
        file: replaced if it is there.
        pictures: uint8 ``[T, H, W, 3]``; the last row and column are repeated where a side is odd.
        rate: frames a second.
    """
    with (
        replacing(file) as temporary,
        av.open(str(temporary), "w", format="mp4", container_options={"movflags": "faststart"}) as container,
    ):
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = even_sides(pictures[0]).shape[:2]
        stream.pix_fmt = "yuv420p"
        # One thread: the encoder's output depends on how many there are.
        stream.codec_context.thread_count = 1
        # Without looking ahead: x264's estimates for later frames of such small videos vary from call to call.
        stream.options = {"crf": "18", "preset": "veryfast", "tune": "zerolatency"}
        for packet in _packets(stream, pictures):
            container.mux(packet)


def _packets(stream: "av.VideoStream", pictures: NDArray[np.uint8]) -> Iterator["av.Packet[av.VideoStream]"]:
    for picture in pictures:
        yield from stream.encode(av.VideoFrame.from_ndarray(even_sides(picture), format="rgb24"))
    yield from stream.encode(None)
