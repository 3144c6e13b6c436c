"""Tiled clips of a dataset: what takes long is done class by class, and kept in the store's cache."""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vidense.boxes.base import BOX_SOURCES, is_table
from vidense.boxes.candidates import MOST_FRAMES, candidates, crops_of, stride_of
from vidense.boxes.crops import Crop
from vidense.boxes.options import Choosing, Cropping
from vidense.boxes.scoring import Scorer
from vidense.boxes.tiles import best, grouped, tiled
from vidense.boxes.tracking import find_tracker
from vidense.errors import UserError
from vidense.needs import Need
from vidense.parameterizations.base import require
from vidense.progress import PhaseProgress
from vidense.records import content_hash, file_hash, replacing

if TYPE_CHECKING:
    from vidense.method import Task

__all__ = ["Tiled", "Tiling"]


@dataclass(frozen=True)
class Tiled:
    """Tiled clips, class after class.

    Attributes:
        pixels: uint8 ``[n, T, 3, H, W]``.
        regions: what the teacher makes of each region, row by row: probabilities, float32 ``[n, N N, classes]``.
    """

    pixels: Tensor
    regions: Tensor


@dataclass(frozen=True)
class Tiling(Need[Tiled]):
    """Clips tiled of crops of whole videos.

    Attributes:
        cropping: which parts of a video are looked at.
        choosing: which of them are kept.
        scorer: the teacher.
    """

    cropping: Cropping
    choosing: Choosing
    scorer: Scorer

    def describe(self) -> str:
        """Return how many crops make a clip, and what they are cut from."""
        return f"{self.choosing.tiles}x{self.choosing.tiles} crops of {self.cropping.footage} videos"

    def make(self, task: "Task", report: PhaseProgress) -> Tiled:
        """Return the clips; a class that was finished before an interruption is not looked at again.

        Raises:
            UserError: if a video cannot be read again, or no crop of a class reaches ``least_probability``.
        """
        files, done = self._files(task), 0
        parts: list[Tiled] = []
        counts = [len(candidates(task, self.choosing, label)) for label in range(len(files))]
        for label, file in enumerate(files):
            part = self._load(file, task)
            if part is None:
                crops = crops_of(task, self.cropping, self.choosing, self.scorer, label)
                name = task.real.class_names[label]
                part = self._tile(task, label, _counted(crops, done, sum(counts), name, report))
                with replacing(file) as temporary:
                    save_file({"pixels": part.pixels, "regions": part.regions}, temporary)
            parts.append(part)
            done += counts[label]
        return Tiled(torch.cat([part.pixels for part in parts]), torch.cat([part.regions for part in parts]))

    def stand_in(self, task: "Task") -> Tiled:
        """Return clips that are not tiled, and even probabilities."""
        pixels, classes = task.real.pixels(task.random_videos()).cpu(), self.scorer.network.classes
        return Tiled(pixels, torch.full((len(pixels), self.choosing.tiles**2, classes), 1 / classes))

    def seconds(self, task: "Task") -> float:
        """Return what one video takes, times the videos of the classes that are missing."""
        missing = [label for label, file in enumerate(self._files(task)) if self._load(file, task) is None]
        if not missing:
            return 0.0
        started = time.perf_counter()
        next(crops_of(task, self.cropping, self.choosing, self.scorer, missing[0]))
        videos = sum(len(candidates(task, self.choosing, label)) for label in missing)
        return (time.perf_counter() - started) * videos

    def _tile(self, task: "Task", label: int, crops: Iterable[list[Crop]]) -> Tiled:
        size, spec = self.choosing.tiles**2, task.real.spec
        kept = best(self._good(crops, task.real.class_names[label]), task.vpc * size, self.choosing.one_per_video)
        clips, regions = [], []
        for number, group in enumerate(grouped(kept, task.vpc, size)):
            position = torch.rand((), generator=task.generator("window", label, number)).item()
            clip, parts = tiled(group, spec, stride_of(task.real), position)
            clips.append(clip)
            regions.append(self.scorer.log_probabilities(parts).exp())
        return Tiled(torch.stack(clips), torch.stack(regions))

    def _good(self, videos: Iterable[list[Crop]], name: str) -> Iterator[list[Crop]]:
        """Pass on the crops that the teacher gives enough."""
        least, highest = self.choosing.least_probability, 0.0
        for crops in videos:
            highest = max(highest, *(math.exp(crop.score) for crop in crops))
            yield [crop for crop in crops if math.exp(crop.score) >= least]
        if highest < least:
            raise UserError(
                f"no crop of class {name!r} reaches least_probability={least}, the best one has {highest:.2g}; lower it"
            )

    def _files(self, task: "Task") -> list[Path]:
        """Return where each class is kept: found again by everything that decides about its clips."""
        identity = {
            "data": task.real.content,
            "vpc": task.vpc,
            "seed": task.seed,
            "most_frames": MOST_FRAMES[task.scale],
            "cropping": asdict(self.cropping) | _source(self.cropping.boxes),
            "choosing": asdict(self.choosing),
            "candidates": [candidates(task, self.choosing, label) for label in range(len(task.real.class_names))],
            "tracked": find_tracker() is not None,
            "teacher": self.scorer.fingerprint,
        }
        folder = task.workdir / "tiles" / content_hash(identity)
        return [folder / f"{label}.safetensors" for label in range(len(task.real.class_names))]

    def _load(self, file: Path, task: "Task") -> Tiled | None:
        """Return what is kept of a class, or None where nothing whole is."""
        shape = (task.vpc, self.choosing.tiles**2, self.scorer.network.classes)
        try:
            kept = load_file(file)
            return Tiled(require(kept, "pixels", (task.vpc, *task.real.spec.shape)), require(kept, "regions", shape))
        except (OSError, SafetensorError, ValueError):
            return None


def _source(boxes: str) -> dict[str, str]:
    """Return what tells box sources of one name apart: the content of a file, or of the plug-in that defines them."""
    if is_table(boxes):
        return {"boxes": file_hash(Path(boxes))}
    return BOX_SOURCES.foreign(boxes)


def _counted(
    crops: Iterator[list[Crop]], done: int, total: int, name: str, report: PhaseProgress
) -> Iterator[list[Crop]]:
    for number, found in enumerate(crops, start=1):
        report("crop", done + number, total, {"class": name})
        yield found
