"""Format ``mp4``: ``CLASS/00000.mp4``, videos that browsers play and `vidense prepare` reads."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from vidense.condensed import CondensedDataset
from vidense.data.animation import MILLISECONDS_PER_FRAME
from vidense.data.mp4 import write_mp4
from vidense.export.base import FORMATS, places

__all__ = ["FRAMES_PER_SECOND", "write_videos"]

FRAMES_PER_SECOND = Fraction(1000, MILLISECONDS_PER_FRAME)


@FORMATS.register("mp4")
def write_videos(dataset: CondensedDataset, folder: Path) -> Iterator[str]:
    """Write one H.264 video a clip, yuv420p, at the rate of the other moving pictures.

    Colour is kept at half the resolution: see ``docs/export.md`` for what that costs. An odd side is made even by
    repeating the last row or column.
    """
    for number, place in enumerate(places(dataset, ".mp4")):
        write_mp4(folder / place, dataset.pictures(number), FRAMES_PER_SECOND)
        yield place
