"""Frames as one animated picture. Imports no torch."""

import io
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vidense.records import replacing

__all__ = ["MILLISECONDS_PER_FRAME", "write_animation", "write_moving"]

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


def write_moving(folder: Path, number: int, pictures: NDArray[np.uint8]) -> dict[str, str]:
    """Write a clip for a page: animated, and the frame in its middle for those who want nothing to move.

    Args:
        folder: where to.
        number: of the clip, which the files are called after.
        pictures: uint8 ``[T, H, W, 3]``.

    Returns:
        Names of the files, ``file`` and ``still``.
    """
    names = {"file": f"{number:05}.webp", "still": f"{number:05}-still.webp"}
    write_animation(folder / names["file"], pictures)
    write_animation(folder / names["still"], pictures[len(pictures) // 2][None])
    return names
