"""What a box source promises, and the registry of box sources."""

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vidense.registry import Registry

__all__ = ["BOX_SOURCES", "TABLE_ENDINGS", "WITHOUT_OPENCV", "Box", "BoxSource", "is_table"]

# What to do where a source cannot be used, at the end of a message.
WITHOUT_OPENCV = ", or use --set boxes=whole"


class Box(NamedTuple):
    """A rectangle in pixels of a frame."""

    left: float
    top: float
    width: float
    height: float


class BoxSource(Protocol):
    """Says where something worth keeping is at the start of a video."""

    def __call__(self, frames: NDArray[np.uint8], class_name: str, path: str, /) -> list[Box]:
        """Return boxes on the first frame, in an order that is always the same; none where nothing is found.

        Args:
            frames: uint8 RGB ``[n, H, W, 3]``, the whole video.
            class_name: what it shows.
            path: the file, relative to the folder that was prepared.
        """


BOX_SOURCES: Registry[BoxSource] = Registry("box source")
"""Sources by name. A plug-in registers a function here, ``@BOX_SOURCES.register("mine")``; what it found is kept in the
store's cache under that name and the hash of the plug-in's file."""

TABLE_ENDINGS = (".csv", ".json")


def is_table(name: str) -> bool:
    """Tell whether a box source is named by a file and not by its name in the registry."""
    return Path(name).suffix.lower() in TABLE_ENDINGS
