"""Whole videos: the files, or folders of images, that training clips were cut from, read again from end to end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidense.data.pool import DecoderPool, Failed, Read
from vidense.data.worker import Whole
from vidense.errors import UserError

__all__ = ["Footage", "Original", "whole_videos"]

# Two processes, so that at most five decoded videos wait in memory.
WORKERS = 2
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Original:
    """The file that a video's clips were cut from, and how they were cut.

    Attributes:
        root: the folder that was prepared.
        path: relative to it, with forward slashes.
        sha256: of the file, see :func:`~vidense.data.frame_folder.video_hash`.
        stride: distance in frames between two frames of a clip.
        crop: whether clips show the centre of the frame or all of it, see :class:`~vidense.data.decode.Resize`.
    """

    root: Path
    path: str
    sha256: str
    stride: int
    crop: bool

    @property
    def file(self) -> Path:
        """Where the file is.

        Raises:
            UserError: if the path leaves the folder: a store may come from a stranger.
        """
        path = Path(self.path)
        if path.is_absolute() or path.drive or ".." in path.parts:
            raise UserError(
                f"the store names the video {self.path!r}, which is outside its source folder {str(self.root)!r}; "
                "prepare it from a folder that holds all videos"
            )
        return self.root / path


@dataclass(frozen=True)
class Footage:
    """One video in memory, thinned out in time.

    Attributes:
        frames: uint8 ``[n, H, W, 3]``.
        length: frames in the whole video.
        step: distance between two frames that are kept.
        aspect: width to height of the part of ``frames`` that the store's clips show as wide as high.
    """

    frames: NDArray[np.uint8]
    length: int
    step: int
    aspect: float


def whole_videos(originals: Sequence[Original], *, frames: int, side: int) -> Iterator[Footage]:
    """Read videos one after the other in worker processes; only a few are in memory at a time.

    Args:
        originals: the files.
        frames: most frames to keep of each; of longer videos every second, third, ... is kept.
        side: longest side of a frame in pixels; larger frames are scaled down.

    Raises:
        UserError: if a file is gone, damaged, or not the one the clips were cut from.
    """
    with DecoderPool(WORKERS, TIMEOUT_S) as pool:
        results = pool.read(Whole(str(original.file.resolve()), frames, side) for original in originals)
        for original, result in zip(originals, results, strict=True):
            yield _footage(original, result)


def _footage(original: Original, result: Read | Failed) -> Footage:
    if isinstance(result, Failed):
        raise UserError(
            f"{str(original.file)!r} cannot be read again ({result.reason}: {result.detail}); "
            "put back the video that the store was prepared from"
        )
    if result.sha256 != original.sha256:
        raise UserError(
            f"{str(original.file)!r} changed since the store was prepared; put the old file back or prepare it again"
        )
    kept, pixels = result.windows[0], result.pixels[0].transpose(0, 2, 3, 1)
    height, width = pixels.shape[1:3]
    # A crop keeps 7/10 of the width and 14/15 of the height; the rest is squashed into a square.
    aspect = width / height * (0.75 if original.crop else 1.0)
    return Footage(pixels, result.length, kept[1] - kept[0] if len(kept) > 1 else 1, aspect)
