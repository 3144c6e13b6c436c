"""Sequences of features with a class for every frame: what they promise, and the condensed ones.

A condensed video keeps its segments (classes and durations) and a few feature vectors of each, which are interpolated
to the segment's length: PRISM's key-frames (section 3.1) in the space of features. No paper states this form; it is our
reading of what TSGF's appendix F leaves open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["LabelledSequences", "Script", "SegmentKeys", "script_of"]


class LabelledSequences(Protocol):
    """Videos as features, one at a time, for their lengths differ."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """C names; labels are positions in it."""

    @property
    def dimension(self) -> int:
        """D, features of a frame."""

    def __len__(self) -> int: ...

    def features(self, index: int) -> Tensor:
        """Return float32 ``[D, T]`` of video ``index``."""

    def labels(self, index: int) -> Tensor:
        """Return int64 ``[T]`` of video ``index``, on the CPU."""


@dataclass(frozen=True)
class Script:
    """What happens in a video, and which of its frames are stored.

    Attributes:
        labels: class of each segment.
        lengths: frames of each segment, at least 1.
        times: stored frames, 0-based and rising, at least one in every segment.
    """

    labels: tuple[int, ...]
    lengths: tuple[int, ...]
    times: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.labels or len(self.labels) != len(self.lengths) or min(self.lengths) < 1:
            raise ValueError("a script has a class and a length of at least 1 frame for each of its segments")
        rising = all(a < b for a, b in pairwise(self.times))
        if not self.times or not rising or not 0 <= self.times[0] <= self.times[-1] < self.frames:
            raise ValueError(f"stored frames must rise within 0..{self.frames - 1}")
        if not all(stored for _, _, stored in self.parts()):
            raise ValueError("every segment needs a stored frame of its own")

    @property
    def frames(self) -> int:
        """T."""
        return sum(self.lengths)

    def parts(self) -> list[tuple[int, int, list[int]]]:
        """Return of each segment its first frame, its length and its stored frames, counted from the video's first."""
        stops = list(accumulate(self.lengths))
        owners = torch.bucketize(torch.tensor(self.times), torch.tensor(stops), right=True).tolist()
        stored: list[list[int]] = [[] for _ in self.lengths]
        for owner, time in zip(owners, self.times, strict=True):
            stored[owner].append(time)
        return [(stop - n, n, own) for stop, n, own in zip(stops, self.lengths, stored, strict=True)]

    def frame_labels(self) -> Tensor:
        """Return the class of every frame, int64 ``[T]``."""
        return torch.tensor(self.labels).repeat_interleave(torch.tensor(self.lengths))


def script_of(labels: Tensor, times: Sequence[int]) -> Script:
    """Return the script of a video with frame classes ``labels`` (int64 ``[T]``) of which ``times`` are stored."""
    values, lengths = torch.unique_consecutive(labels, return_counts=True)
    return Script(tuple(values.tolist()), tuple(lengths.tolist()), tuple(times))


@lru_cache(maxsize=512)
def _interpolation(script: Script) -> tuple[Tensor, Tensor, Tensor]:
    """Return for every frame its two stored neighbours, int64 ``[T]`` each, and the share of the second, ``[T]``.

    Neighbours belong to the frame's own segment: before a segment's first stored frame and after its last, that one is
    held, so nothing is mixed across a change of action.
    """
    times, frames = torch.tensor(script.times), torch.arange(script.frames)
    segment = torch.arange(len(script.lengths)).repeat_interleave(torch.tensor(script.lengths))
    owner = segment[times]
    after = torch.bucketize(frames, times, right=True)
    left, right = (after - 1).clamp(min=0), after.clamp(max=len(times) - 1)
    left = torch.where(owner[left] == segment, left, right)
    right = torch.where(owner[right] == segment, right, left)
    share = (frames - times[left]) / (times[right] - times[left]).clamp(min=1)
    return left, right, torch.where(right > left, share, 0.0)


class SegmentKeys:
    """Condensed videos: scripts, and the feature vectors of their stored frames.

    Attributes:
        vectors: float32 ``[K, D]``, video after video; they may require a gradient, and decoding is differentiable.
        scripts: one a video.
        class_names: C names.
    """

    def __init__(self, vectors: Tensor, scripts: Sequence[Script], class_names: Sequence[str]) -> None:
        """Wrap ``vectors``.

        Raises:
            ValueError: if there are not as many vectors as stored frames, or a label is outside the classes.
        """
        counts = [len(script.times) for script in scripts]
        if vectors.ndim != 2 or sum(counts) != len(vectors):
            raise ValueError(f"{len(vectors)} vectors do not fit scripts that store {sum(counts)} frames")
        if not all(0 <= label < len(class_names) for script in scripts for label in script.labels):
            raise ValueError(f"a label is outside the {len(class_names)} classes")
        self.vectors, self.scripts, self.class_names = vectors, tuple(scripts), tuple(class_names)
        self._starts = list(accumulate(counts, initial=0))

    @property
    def dimension(self) -> int:
        """D, features of a frame."""
        return self.vectors.shape[1]

    def __len__(self) -> int:
        return len(self.scripts)

    def of_video(self, index: int) -> slice:
        """Return where the vectors of a video stand in :attr:`vectors`."""
        return slice(self._starts[index], self._starts[index + 1])

    def features(self, index: int) -> Tensor:
        """Return float32 ``[D, T]`` of a video, between stored frames of a segment on a straight line."""
        own = self.vectors[self.of_video(index)]
        left, right, share = (part.to(own.device) for part in _interpolation(self.scripts[index]))
        return torch.lerp(own[left], own[right], share[:, None]).T

    def labels(self, index: int) -> Tensor:
        """Return int64 ``[T]`` of a video, on the CPU."""
        return self.scripts[index].frame_labels()

    def replaced(self, vectors: Tensor) -> "SegmentKeys":
        """Return the same videos with other vectors ``[K, D]``."""
        return SegmentKeys(vectors, self.scripts, self.class_names)
