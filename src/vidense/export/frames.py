"""Format ``frames``: ``CLASS/00000/00000.png``, a folder of pictures for each clip, which `vidense prepare` reads."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from vidense.condensed import CondensedDataset
from vidense.export.base import FORMATS, places

__all__ = ["write_frames"]


@FORMATS.register("frames")
def write_frames(dataset: CondensedDataset, folder: Path) -> Iterator[str]:
    """Write one PNG a frame: nothing is lost but what is finer than 1/255 or outside what a screen shows."""
    for number, place in enumerate(places(dataset)):
        (folder / place).mkdir(parents=True)
        for time, picture in enumerate(dataset.pictures(number)):
            Image.fromarray(picture).save(folder / place / f"{time:05}.png")
        yield place
