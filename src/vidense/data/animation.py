"""Frames as one animated picture. Imports no torch."""

import io
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vidense.records import replacing

__all__ = ["MILLISECONDS_PER_FRAME", "write_animation"]

# Condensed clips have few frames: at the rate of a film they would be over before anything is seen.
MILLISECONDS_PER_FRAME = 160
# Of WebP, from 0 to 100; GIF has no such choice.
QUALITY = 80


def write_animation(file: Path, pictures: NDArray[np.uint8], kind: Literal["GIF", "WEBP"] = "WEBP") -> None:
    """Write frames as a picture, animated in an endless loop if there are several of them.

    Args:
        file: replaced if it is there.
        pictures: uint8 ``[T, H, W, 3]``.
        kind: of picture; a GIF has at most 256 colours a frame.
    """
    first, *others = (Image.fromarray(picture) for picture in pictures)
    buffer = io.BytesIO()
    first.save(
        buffer,
        kind,
        save_all=bool(others),
        append_images=others,
        duration=MILLISECONDS_PER_FRAME,
        loop=0,
        quality=QUALITY,
    )
    with replacing(file) as temporary:
        temporary.write_bytes(buffer.getvalue())
