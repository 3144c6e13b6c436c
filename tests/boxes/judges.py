"""Teachers whose judgement is plain to see, a tracker that is quick, box sources that are known for a moment."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from vidense.boxes import BOX_SOURCES, BoxSource, Scorer
from vidense.data.spec import ClipSpec
from vidense.nets import Network


class Colours(Network):
    """Scores class i by the mean of colour i, from 0 to 10; takes raw colours, for its statistics change nothing."""

    def __init__(self, frames: int = 4, side: int = 8, classes: int = 3) -> None:
        super().__init__(ClipSpec(frames, side, side, (0.0,) * 3, (1.0,) * 3), classes, 3)
        self.scale = torch.nn.Parameter(torch.tensor(10.0))

    def features(self, clips: Tensor) -> Tensor:
        self.check_shape(clips)
        return clips.mean((1, 3, 4))

    def logits(self, features: Tensor) -> Tensor:
        return self.scale * features[:, [i % 3 for i in range(self.classes)]]


def colours(frames: int = 4, classes: int = 3, knows_classes: bool = True) -> Scorer:
    return Scorer(Colours(frames, classes=classes).eval(), knows_classes)


def painted(frames: int, colour: tuple[int, int, int], size: tuple[int, int] = (16, 16)) -> Tensor:
    """Return a clip of one colour, uint8 ``[frames, 3, *size]``."""
    return torch.tensor(colour, dtype=torch.uint8).view(1, 3, 1, 1).expand(frames, 3, *size).clone()


class Matching:
    """Tracks as OpenCV's trackers do, by looking for the same pixels a few places around."""

    REACH = 4

    def init(self, frame: np.ndarray, box: tuple[int, int, int, int]) -> None:
        self.box = box
        self.pixels = self.at(frame, box).astype(int)

    def at(self, frame: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
        left, top, width, height = box
        return frame[top : top + height, left : left + width]

    def update(self, frame: np.ndarray) -> tuple[bool, tuple[int, int, int, int]]:
        left, top, width, height = self.box
        shifts = range(-self.REACH, self.REACH + 1)
        places = [(max(0, left + x), max(0, top + y), width, height) for x in shifts for y in shifts]
        whole = [place for place in places if self.at(frame, place).shape == self.pixels.shape]
        self.box = min(whole, key=lambda place: np.abs(self.at(frame, place) - self.pixels).sum())
        return True, self.box


@contextmanager
def registered(source: BoxSource) -> Iterator[str]:
    """Make a box source known, as a plug-in does; the value is its name."""
    BOX_SOURCES.register("test_source")(source)
    try:
        yield "test_source"
    finally:
        BOX_SOURCES._items.pop("test_source")
