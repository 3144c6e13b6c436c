"""The program of a decoding process: requests as JSON lines on standard input, headers and pixels on standard output.

A process of its own, because a damaged file can hang or crash the decoder. Nothing is pickled, and the main program is
not imported a second time, as :mod:`multiprocessing` would do: scripts need no guard, and notebooks work.
"""

import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from vidense.data.decode import DecodeError, Frames, Resize, Shrink, read_windows
from vidense.data.frame_folder import read_images, video_hash
from vidense.data.sampling import RULES, Extent, window_frames

__all__ = ["READY", "ClipRequest", "Whole", "encode_request", "main", "read"]

READY = b"ready\n"
"""What a worker says first."""


@dataclass(frozen=True)
class ClipRequest:
    """Some clips of one video to read.

    Attributes:
        path: absolute path of the file, or of the folder of images.
        frames: T, frames in a clip.
        sampling: distance between them in frames of the video, or which of :data:`~vidense.data.sampling.RULES`.
        size: side of a frame in pixels.
        crop: see :class:`~vidense.data.decode.Resize`.
        positions: where each clip starts, in [0, 1), as :func:`~vidense.data.sampling.window_frames` takes it; a rule
            decides that by itself.
        flips: which clips are mirrored left to right.
    """

    path: str
    frames: int
    sampling: int | str
    size: int
    crop: bool
    positions: tuple[float, ...]
    flips: tuple[bool, ...]


@dataclass(frozen=True)
class Whole:
    """One video to read from end to end: its frames 0, k, 2k, ... with the smallest k that leaves few enough.

    Attributes:
        path: absolute path of the file, or of the folder of images.
        most: frames to keep at most, at least 1.
        side: see :class:`~vidense.data.decode.Shrink`.
    """

    path: str
    most: int
    side: int


def read(request: ClipRequest | Whole) -> Frames:
    """Read the clips of one video, mirrored where asked, or the whole of it as one clip.

    Raises:
        DecodeError: if the file gives no clips.
    """
    path = Path(request.path)
    reader = read_images if path.is_dir() else read_windows
    if isinstance(request, Whole):
        most = request.most
        return reader(
            path, lambda extent: [list(range(0, extent.frames, -(-extent.frames // most)))], Shrink(request.side)
        )

    def choose(extent: Extent) -> list[list[int]]:
        if isinstance(request.sampling, str):
            return [RULES[request.sampling](extent, request.frames) for _ in request.positions]
        return [
            window_frames(extent.frames, request.frames, request.sampling, position) for position in request.positions
        ]

    found = reader(path, choose, Resize(request.size, request.crop))
    for window, flip in enumerate(request.flips):
        if flip:
            found.pixels[window] = found.pixels[window, ..., ::-1].copy()
    return found


def _answer(request: ClipRequest | Whole) -> tuple[dict[str, Any], bytes]:
    sha256 = None
    try:
        if Path(request.path).exists():
            sha256 = video_hash(Path(request.path))
        found = read(request)
    except (DecodeError, OSError) as error:
        failure = error if isinstance(error, DecodeError) else DecodeError("unreadable", str(error))
        return {"reason": failure.reason, "detail": failure.detail, "sha256": sha256}, b""
    header = {"sha256": sha256, "length": found.length, "windows": found.windows, "shape": found.pixels.shape}
    return header, np.ascontiguousarray(found.pixels).tobytes()


def encode_request(request: ClipRequest | Whole) -> bytes:
    """Return the line that :func:`main` reads."""
    return json.dumps([isinstance(request, Whole), asdict(request)]).encode() + b"\n"


def _decode_request(line: bytes) -> ClipRequest | Whole:
    whole, fields = json.loads(line)
    return Whole(**fields) if whole else ClipRequest(**fields)


def main() -> None:
    """Answer requests until standard input ends."""
    # Ctrl-C reaches the whole process group; the parent decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    av.logging.set_level(av.logging.PANIC)
    # Whatever a library writes to standard output must not end up between the pixels.
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        out.write(READY)
        out.flush()
        for line in sys.stdin.buffer:
            header, pixels = _answer(_decode_request(line))
            out.write(json.dumps(header).encode() + b"\n")
            out.write(pixels)
            out.flush()


if __name__ == "__main__":
    main()
