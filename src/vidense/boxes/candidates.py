"""The crops of a class: videos are read, boxes found and tracked, crops scored; one video after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median_low
from typing import TYPE_CHECKING

import torch

from vidense.boxes.base import Box, BoxSource
from vidense.boxes.crops import Crop, cut
from vidense.boxes.geometry import clipped, whole_frame
from vidense.boxes.options import Choosing, Cropping
from vidense.boxes.scoring import Scorer
from vidense.boxes.table import BoxTable
from vidense.boxes.tiles import region_size
from vidense.boxes.tracking import find_tracker, track
from vidense.data.originals import Footage, whole_videos
from vidense.data.real import RealClips
from vidense.data.sampling import window_frames
from vidense.errors import UserError

if TYPE_CHECKING:
    from vidense.method import Task

__all__ = ["MOST_FRAMES", "candidates", "check_source", "crops_of", "stride_of"]

# Larger frames are scaled down: the canvas of the reference code is 320 pixels wide.
LONGEST_SIDE = 320
# Frames of a video that are kept and tracked, by scale: tracking is what takes the time.
MOST_FRAMES = {"small": 64, "published": 300}
# Videos that are looked at for each crop that is kept, at the small scale.
CANDIDATES = 4


def check_source(cropping: Cropping, real: RealClips) -> None:
    """Find out whether boxes and videos are there: better before a teacher is trained than afterwards.

    Raises:
        UserError: if they are not.
    """
    if cropping.footage == "original":
        gone = [original for original in real.originals if not original.file.exists()]
        if gone or not real.originals:
            which = f"{str(gone[0].file)!r} is not there" if gone else "the store names none"
            raise UserError(
                f"the videos that the store was prepared from are needed ({which}); put them back, or use "
                "--set footage=stored"
            )
    source = cropping.source()
    if isinstance(source, BoxTable) and not set(source.rows) & {_path(real, i) for i in range(len(real))}:
        raise UserError(
            f"boxes {cropping.boxes!r} name none of the training videos; write paths relative to the folder that was "
            f"prepared, such as {_path(real, 0)!r}"
        )
    # What is not installed says so when it is used.
    _boxes(source, _stored(real, 0), real.class_names[int(real.labels[0])], _path(real, 0))


def candidates(task: "Task", choosing: Choosing, label: int) -> list[int]:
    """Return positions of the videos of a class that are looked at, in order: some of them, drawn uniformly.

    Source: OptDistill, section 4.3, which preselects at random against cost and against the scores' bias.
    """
    members, wanted = task.real.members(label), choosing.candidates
    if wanted is None and task.scale == "small":
        wanted = CANDIDATES * task.vpc * choosing.tiles**2
    order = torch.randperm(len(members), generator=task.generator("candidates", label))
    chosen: list[int] = members[order[:wanted]].sort().values.tolist()
    return chosen


def crops_of(task: "Task", cropping: Cropping, choosing: Choosing, scorer: Scorer, label: int) -> Iterator[list[Crop]]:
    """Yield the scored crops of each candidate of a class; a video without a box is taken whole."""
    real, rule = task.real, choosing.score
    if rule == "auto":
        rule = "label" if scorer.knows_classes else "highest"
    source, tracker, stride = cropping.source(), find_tracker(), stride_of(real)
    size = region_size(real.spec, choosing.tiles)
    chosen = candidates(task, choosing, label)
    for position, footage in zip(chosen, _footage(task, cropping, chosen), strict=True):
        path, (height, width) = _path(real, position), footage.frames.shape[1:3]
        found = _boxes(source, footage, real.class_names[label], path) or [whole_frame(width, height)]
        order = torch.randperm(len(found), generator=task.generator("boxes", path))
        drawn = [found[i] for i in order[: cropping.boxes_per_video].tolist()]
        cuts = [cut(footage, track(footage.frames, box, tracker), size) for box in drawn]
        crops = [Crop(pixels, footage.length, footage.step) for pixels in cuts]
        # The middle of the video stands for it, cut as the clips are that a teacher learns from.
        middle = window_frames(footage.length, real.spec.frames, stride, 0.5)
        scores = scorer.score(torch.stack([crop.at(middle) for crop in crops]), label, rule)
        yield [replace(crop, score=score) for crop, score in zip(crops, scores, strict=True)]


def stride_of(real: RealClips) -> int:
    """Return the distance in frames between two frames of the store's clips, the median where it varies."""
    return median_low(original.stride for original in real.originals) if real.originals else 1


def _footage(task: "Task", cropping: Cropping, positions: Sequence[int]) -> Iterator[Footage]:
    if cropping.footage == "stored":
        return (_stored(task.real, position) for position in positions)
    originals = [task.real.originals[position] for position in positions]
    return whole_videos(originals, frames=MOST_FRAMES[task.scale], side=LONGEST_SIDE)


def _stored(real: RealClips, position: int) -> Footage:
    pixels = real.pixels(torch.tensor([position]))[0].cpu().permute(0, 2, 3, 1).numpy()
    return Footage(pixels, len(pixels), step=1, aspect=1.0)


def _path(real: RealClips, position: int) -> str:
    return real.originals[position].path if real.originals else str(position)


def _boxes(source: BoxSource, footage: Footage, class_name: str, path: str) -> list[Box]:
    height, width = footage.frames.shape[1:3]
    inside = (clipped(Box(*box), width, height) for box in source(footage.frames, class_name, path))
    return [box for box in inside if box is not None]
