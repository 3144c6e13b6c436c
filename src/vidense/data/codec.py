"""Clips as one bitstream of a real video codec, and back. Imports no torch."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, islice
from math import prod
from operator import itemgetter
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from numpy.typing import NDArray

from vidense.errors import UserError, suggest

if TYPE_CHECKING:
    import av

__all__ = ["CODECS", "Codec", "decode_clips", "encode_clips", "even_sides", "find_codec"]

FRAMES_PER_SECOND = 25
# FFmpeg counts the pixels of a frame as it lays them out: sides filled up to a multiple of at most this many.
ALIGNED = 64


@dataclass(frozen=True)
class Codec:
    """How clips are encoded.

    Attributes:
        encoder: FFmpeg's name of it.
        decoder: the same.
        qualities: constant rate factors, the finest first: about 36, 31, 26 and 21 dB on small clips.
        usual: the one of them that is taken where bytes are short.
        options: of the encoder.
    """

    encoder: str
    decoder: str
    qualities: tuple[int, ...]
    usual: int
    options: Mapping[str, str]


# One thread and no looking ahead: equal clips give equal bytes, whatever else the machine is doing.
X264 = "threads=1:lookahead-threads=1:rc-lookahead=0:sync-lookahead=0:mbtree=0:bframes=0:scenecut=0:log-level=none"
CODECS = {
    "h264": Codec("libx264", "h264", (18, 28, 38, 48), 38, {"preset": "veryslow", "x264-params": X264}),
    "av1": Codec("libsvtav1", "libdav1d", (20, 40, 55, 63), 55, {"preset": "4", "svtav1-params": "lp=1"}),
}


def find_codec(name: str) -> Codec:
    """Return the codec called ``name``.

    Raises:
        UserError: if there is none, or this machine's FFmpeg cannot encode it.
    """
    import av

    if name not in CODECS:
        raise UserError(f"unknown codec {name!r}{suggest(name, CODECS)}")
    codec = CODECS[name]
    if not {codec.encoder, codec.decoder} <= av.codecs_available:
        raise UserError(
            f"this PyAV has no {codec.encoder} or {codec.decoder}; try another codec of {', '.join(CODECS)}"
        )
    return codec


def encode_clips(clips: Iterable[NDArray[np.uint8]], name: str, quality: int) -> Iterator[bytes]:
    """Encode clips behind each other, none referring to another.

    Args:
        clips: at least one; each ``[T, 3, H, W]``, all of one shape.
        name: of the codec.
        quality: constant rate factor, from 0 (finest) to 51 for H.264 and 63 for AV1.

    Yields:
        The bytes of each clip, as soon as they are known. Those of any clips, joined in any order that begins with the
        first, are a stream of these clips.
    """
    packets = _packets(clips, find_codec(name), quality)
    for _, of_clip in groupby(packets, key=itemgetter(0)):
        yield b"".join(data for _, data in of_clip)


def decode_clips(stream: bytes, name: str, shape: tuple[int, int, int, int, int]) -> NDArray[np.uint8]:
    """Return the clips of a stream, uint8 ``[N, T, 3, H, W]``.

    Args:
        stream: of :func:`encode_clips`, its parts joined.
        name: of the codec.
        shape: N, T, 3, H, W.

    Raises:
        ValueError: if the stream is damaged, or holds other clips than it should.
    """
    import av

    codec, (count, length, _, height, width) = find_codec(name), shape
    other = f"the stream holds other clips than {count} of {length} frames of {height}x{width}"
    decoder = _context(codec.decoder, "r")
    decoder.thread_count = 1
    # A few bytes may announce a frame of gigabytes; it is refused before there is room for it.
    decoder.options = {"max_pixels": str(prod(-(-side // ALIGNED) * ALIGNED for side in (height, width)))}
    clips = np.empty((count * length, 3, height, width), dtype=np.uint8)
    found = 0
    try:
        for frame in islice(_frames(decoder, stream), count * length + 1):
            if found == count * length or (frame.height, frame.width) != (height + height % 2, width + width % 2):
                raise ValueError(other)
            clips[found] = frame.to_ndarray(format="rgb24")[:height, :width].transpose(2, 0, 1)
            found += 1
    except av.FFmpegError as error:
        raise ValueError(f"{other}, or is damaged ({error})") from None
    if found < count * length:
        raise ValueError(f"the stream ends after {found} of {count * length} frames")
    return clips.reshape(shape)


def even_sides(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture ``[H, W, 3]``, its last row and column repeated until its sides are even.

    The codecs halve colour both ways.
    """
    missing = [(0, side % 2) for side in picture.shape[:2]]
    return np.ascontiguousarray(np.pad(picture, (*missing, (0, 0)), mode="edge"))


def _context(name: str, mode: Literal["r", "w"]) -> "av.VideoCodecContext":
    import av

    # Its own annotations know no more than that it is some codec.
    return cast("av.VideoCodecContext", av.CodecContext.create(name, mode))


def _packets(clips: Iterable[NDArray[np.uint8]], codec: Codec, quality: int) -> Iterator[tuple[int, bytes]]:
    """Yield what the encoder writes, and the number of the clip it belongs to."""
    import av

    # SVT-AV1 greets on stderr unless told not to.
    os.environ.setdefault("SVT_LOG", "-1")
    encoder, length = _context(codec.encoder, "w"), 1
    encoder.pix_fmt, encoder.time_base, encoder.thread_count = "yuv420p", Fraction(1, FRAMES_PER_SECOND), 1
    encoder.options = {**codec.options, "crf": str(quality)}
    for number, clip in enumerate(clips):
        if number == 0:
            length = encoder.gop_size = len(clip)
            encoder.height, encoder.width = (side + side % 2 for side in clip.shape[2:])
        for time, pixels in enumerate(clip):
            frame = av.VideoFrame.from_ndarray(even_sides(pixels.transpose(1, 2, 0)), format="rgb24")
            frame.pts, frame.time_base = number * length + time, encoder.time_base
            if time == 0:
                frame.pict_type = av.video.frame.PictureType.I
            yield from _numbered(encoder.encode(frame), length)
    yield from _numbered(encoder.encode(None), length)


def _numbered(packets: "list[av.Packet[av.VideoStream]]", length: int) -> Iterator[tuple[int, bytes]]:
    for packet in packets:
        assert packet.pts is not None
        yield packet.pts // length, bytes(packet)


def _frames(decoder: "av.VideoCodecContext", stream: bytes) -> Iterator["av.VideoFrame"]:
    for packet in [*decoder.parse(stream), *decoder.parse()]:
        yield from decoder.decode(packet)
    yield from decoder.decode(None)
