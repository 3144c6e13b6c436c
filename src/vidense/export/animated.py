"""Formats ``gif`` and ``webp``: ``CLASS/00000.gif`` or ``.webp``, pictures that move in an endless loop."""

from collections.abc import Iterator
from pathlib import Path

from vidense.condensed import CondensedDataset
from vidense.data.animation import write_animation
from vidense.export.base import FORMATS, places

__all__ = ["write_gifs", "write_webps"]


@FORMATS.register("gif")
def write_gifs(dataset: CondensedDataset, folder: Path) -> Iterator[str]:
    """Write one GIF a clip, of at most 256 colours a frame."""
    for number, place in enumerate(places(dataset, ".gif")):
        write_animation(folder / place, dataset.pictures(number), "GIF")
        yield place


@FORMATS.register("webp")
def write_webps(dataset: CondensedDataset, folder: Path) -> Iterator[str]:
    """Write one lossy WebP a clip, as pages of `vidense report` show them."""
    for number, place in enumerate(places(dataset, ".webp")):
        write_animation(folder / place, dataset.pictures(number), "WEBP")
        yield place
