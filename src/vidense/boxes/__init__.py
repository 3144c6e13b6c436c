"""Crops of whole videos around tracked boxes, and clips tiled of them; importing this registers the box sources."""

from vidense.boxes import motion, people, whole
from vidense.boxes.base import BOX_SOURCES, Box, BoxSource
from vidense.boxes.candidates import check_source
from vidense.boxes.options import Choosing, Cropping
from vidense.boxes.scoring import Scorer
from vidense.boxes.tiling import Tiled, Tiling

__all__ = [
    "BOX_SOURCES",
    "Box",
    "BoxSource",
    "Choosing",
    "Cropping",
    "Scorer",
    "Tiled",
    "Tiling",
    "check_source",
    "motion",
    "people",
    "whole",
]
