"""Videos that lie on disk as folders of images, one image a frame; and what tells one video on disk from another."""

import hashlib
import re
from pathlib import Path
from stat import S_ISREG

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vidense.data.decode import Choose, DecodeError, Frames, Resize, Shrink, chosen
from vidense.data.sampling import Extent
from vidense.records import file_hash

__all__ = ["IMAGE_ENDINGS", "is_image", "read_images", "stamp", "video_hash"]

IMAGE_ENDINGS = frozenset({".jpg", ".jpeg", ".png"})
"""File endings, in lower case, that are taken for frames."""

_NUMBER = re.compile("([0-9]+)")


def is_image(name: str) -> bool:
    """Tell whether a file's name says that it is a frame (hidden files are not)."""
    return Path(name).suffix.lower() in IMAGE_ENDINGS and not name.startswith(".")


def read_images(folder: Path, choose: Choose, resize: Resize | Shrink) -> Frames:
    """Read the frames that the clips of a video need from a folder of images, scaled as those of a video file are.

    Frames are shown in natural order (``frame9.jpg`` before ``frame10.jpg``): the published loaders of Kinetics and
    Something-Something do not sort, and see whatever order the file system gives. Only images that a clip needs are
    decoded, so damage to others stays unnoticed.

    Args:
        folder: directly holds the images.
        choose: which frames.
        resize: brings every frame to the same size.

    Raises:
        DecodeError: if there are no images, too few, or one that is needed cannot be read.
    """
    files = _frames(folder)
    if not files:
        raise DecodeError("empty", f"the folder holds no image ({' '.join(sorted(IMAGE_ENDINGS))})")
    windows = chosen(choose, Extent(len(files)))
    kept: dict[int, NDArray[np.uint8]] = {}
    for i in sorted({i for window in windows for i in window}):
        try:
            with Image.open(files[i]) as image:
                pixels = np.asarray(image.convert("RGB"))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise DecodeError("damaged", f"{files[i].name} is no image that can be read: {error}") from error
        # The scaling of video frames, so that a folder and a lossless file of the same frames give the same clips.
        kept[i] = resize(av.VideoFrame.from_ndarray(pixels, format="rgb24"))
    try:
        return Frames.of(len(files), windows, kept)
    except ValueError as error:
        raise DecodeError("damaged", f"its images differ in size: {error}") from error


def stamp(path: Path) -> dict[str, int | None]:
    """Return a video's size in bytes and time of change, by which a change is noticed without reading it.

    Of a folder of images these are sums, so that any one image moves them.
    """
    try:
        states = [file.stat() for file in _files(path)]
    except OSError:
        states = []
    # A device or a pipe that a stranger's store names would be read without end.
    if not states or not all(S_ISREG(state.st_mode) for state in states):
        return {"size": None, "mtime_ns": None}
    return {"size": sum(state.st_size for state in states), "mtime_ns": sum(state.st_mtime_ns for state in states)}


def video_hash(path: Path) -> str:
    """Return 64 hex digits: a file's SHA-256, or one of those of a folder's images in order.

    Raises:
        OSError: if it cannot be read.
    """
    if not path.is_dir():
        return file_hash(path)
    return hashlib.sha256("".join(file_hash(file) for file in _frames(path)).encode()).hexdigest()


def _files(path: Path) -> list[Path]:
    return _frames(path) if path.is_dir() else [path]


def _frames(folder: Path) -> list[Path]:
    return sorted((file for file in folder.iterdir() if is_image(file.name)), key=_natural)


def _natural(file: Path) -> tuple[list[str | int], str]:
    # Pieces alternate between text and number, so only equal kinds are compared; the name decides between 1 and 01.
    pieces = _NUMBER.split(file.name)
    return [int(piece) if place % 2 else piece for place, piece in enumerate(pieces)], file.name
