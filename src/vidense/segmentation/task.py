"""What a method of condensing features is given, and which frames of which videos it stores."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vidense.config import check_counts
from vidense.errors import UserError
from vidense.parameterizations.key_frames import evenly_spaced
from vidense.progress import LossProgress, PhaseProgress, of_phase
from vidense.seeding import generator
from vidense.segmentation.features import FeatureVideos
from vidense.segmentation.ms_tcn import MsTcn
from vidense.segmentation.sequences import Script, SegmentKeys, script_of

__all__ = ["Condensed", "Task", "vectors_at"]


@dataclass(frozen=True)
class Task:
    """One condensation.

    Attributes:
        real: the training videos.
        videos: how many of them are kept, from 1 to all; None for all. Which ones is drawn by the seed.
        keys: most stored vectors of a segment; a shorter segment stores one a frame.
        iterations: of the methods that optimise.
        updates: of a teacher's training.
        seed: of everything drawn.
        device: where to compute.
        progress: told about every step.
    """

    real: FeatureVideos
    videos: int | None
    keys: int
    iterations: int
    updates: int
    seed: int
    device: torch.device
    progress: PhaseProgress | None = None

    def __post_init__(self) -> None:
        if self.videos is not None and not 1 <= self.videos <= len(self.real):
            raise UserError(
                f"videos={self.videos} must be from 1 to {len(self.real)}, the training videos of the split"
            )
        check_counts(keys=self.keys, iterations=self.iterations, updates=self.updates)

    def kept(self) -> list[int]:
        """Return the positions of the kept videos in :attr:`real`, in order; the same for every method."""
        order = torch.randperm(len(self.real), generator=generator(self.seed, "kept"))
        return sorted(order[: self.videos].tolist())

    def scripts(self) -> list[Script]:
        """Return the scripts of the kept videos, stored frames evenly spaced in each segment, its ends included."""
        return [_evenly(self.real.labels(index), self.keys) for index in self.kept()]

    def tell(self, phase: str) -> LossProgress | None:
        """Return :attr:`progress` for one phase."""
        return of_phase(self.progress, phase)


@dataclass(frozen=True)
class Condensed:
    """What a method made.

    Attributes:
        videos: the condensed videos.
        teacher: the network that they were asked of, where there was one.
    """

    videos: SegmentKeys
    teacher: MsTcn | None = None


def _evenly(labels: Tensor, keys: int) -> Script:
    times, start = [], 0
    for length in torch.unique_consecutive(labels, return_counts=True)[1].tolist():
        count = min(keys, length)
        # One vector stands for the whole segment, so it is taken from its middle.
        own = evenly_spaced(length, count) if count > 1 else [length // 2]
        times += [start + time for time in own]
        start += length
    return script_of(labels, times)


def vectors_at(real: FeatureVideos, videos: list[int], scripts: list[Script]) -> SegmentKeys:
    """Return the real features at the stored frames of ``scripts``, one script for each of ``videos``."""
    found = [real.features(index)[:, script.times].T for index, script in zip(videos, scripts, strict=True)]
    return SegmentKeys(torch.cat(found), scripts, real.class_names)
