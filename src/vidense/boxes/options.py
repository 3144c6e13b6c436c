"""What users choose: which parts of videos are looked at, and which of them are kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vidense.boxes.base import BOX_SOURCES, BoxSource, is_table
from vidense.boxes.table import read_table
from vidense.errors import suggest
from vidense.option_types import Count, readable
from vidense.options import NamesCode, NamesFile

__all__ = ["Choosing", "Cropping"]


def _known_source(name: str) -> str:
    if is_table(name):
        return readable(name)
    if name not in BOX_SOURCES:
        # pydantic gathers ValueErrors with the other mistakes.
        raise ValueError(f"unknown box source{suggest(name, BOX_SOURCES)}; a file of boxes ends in .csv or .json")
    return name


def _code(name: str) -> BoxSource | None:
    return None if is_table(name) else BOX_SOURCES.get(name)


@dataclass(frozen=True)
class Cropping:
    """Which parts of a video are looked at.

    Attributes:
        boxes: ``motion`` is what moves first, by optical flow; ``people`` are those that OpenCV's HOG detector sees;
            ``whole`` is the whole frame; a plug-in's name; or a CSV or JSON file of boxes on first frames.
        boxes_per_video: at most this many boxes of each video, drawn at random.
        footage: ``original`` reads the files that the store was prepared from, from end to end; ``stored`` makes do
            with the first clip that the store holds of each video.
    """

    boxes: Annotated[str, AfterValidator(_known_source), NamesFile(is_table), NamesCode(_code)] = "motion"
    boxes_per_video: Count = 3
    footage: Literal["original", "stored"] = "original"

    def source(self) -> BoxSource:
        """Return the box source.

        Raises:
            UserError: if it is a file that cannot be read.
        """
        return read_table(Path(self.boxes)) if is_table(self.boxes) else BOX_SOURCES.get(self.boxes)


@dataclass(frozen=True)
class Choosing:
    """Which crops are kept.

    Attributes:
        tiles: N, crops side by side and one above the other in a clip, N x N of them.
        candidates: videos of each class that are looked at, drawn at random; None for all, at the small scale four
            for each crop that is kept.
        one_per_video: keep one crop of a video, others only where a class has too few videos; false is the paper's
            rule, by which one video may fill a clip.
        least_probability: crops to which the teacher gives less are dropped.
        score: ``label`` is the teacher's probability of the true class, ``highest`` that of the likeliest one, as in
            the paper's experiments; ``auto`` is ``label`` where the teacher knows the dataset's classes.
    """

    tiles: Count = 2
    candidates: Count | None = None
    one_per_video: bool = True
    least_probability: Annotated[float, Field(ge=0, lt=1)] = 0.0
    score: Literal["auto", "label", "highest"] = "auto"
