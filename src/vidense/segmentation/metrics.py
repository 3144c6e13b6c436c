"""How well predicted frames match the true ones: accuracy, edit score and F1 of segments.

Source: Lea et al., "Temporal Convolutional Networks for Action Segmentation and Detection" (CVPR 2017), section 4.1, as
MS-TCN's evaluation computes them (Farha and Gall, CVPR 2019).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["METRICS", "OVERLAPS", "Segment", "edit_score", "matches", "score", "segments"]

OVERLAPS = (0.1, 0.25, 0.5)
METRICS = ("accuracy", "edit", "f1_10", "f1_25", "f1_50")


@dataclass(frozen=True)
class Segment:
    """A longest run of frames of one class.

    Attributes:
        label: the class.
        start: first frame, 0-based.
        stop: frame after the last.
    """

    label: int
    start: int
    stop: int

    def overlap(self, other: "Segment") -> float:
        """Return intersection over union of the frames, in [0, 1], whatever the labels."""
        shared = min(self.stop, other.stop) - max(self.start, other.start)
        return max(0, shared) / (self.stop - self.start + other.stop - other.start - max(0, shared))


def segments(labels: Tensor, ignored: Collection[int] = ()) -> list[Segment]:
    """Return the segments of a sequence in order.

    Args:
        labels: int64 ``[T]``.
        ignored: classes whose segments are left out (MS-TCN leaves out ``background``).
    """
    values, lengths = torch.unique_consecutive(labels, return_counts=True)
    stops = lengths.cumsum(0)
    found = zip(values.tolist(), (stops - lengths).tolist(), stops.tolist(), strict=True)
    return [Segment(label, start, stop) for label, start, stop in found if label not in ignored]


def edit_score(predicted: Sequence[int], true: Sequence[int]) -> float:
    """Return 100 (1 - d / n) of two sequences of segment labels: d is Levenshtein's distance, n the longer length.

    Returns:
        From 0 to 100; 100 for two empty sequences, where the reference divides by zero.
    """
    if not predicted and not true:
        return 100.0
    row = list(range(len(true) + 1))
    for i, label in enumerate(predicted, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(true, start=1):
            here = diagonal if label == other else 1 + min(diagonal, row[j], row[j - 1])
            diagonal, row[j] = row[j], here
    return 100 * (1 - row[-1] / max(len(predicted), len(true)))


def matches(predicted: Sequence[Segment], true: Sequence[Segment], overlap: float) -> tuple[int, int, int]:
    """Return true positives, false positives and false negatives of one video's segments.

    A predicted segment is compared with the true segment of its label that it overlaps most, the first of equals. It is
    right if the intersection over union reaches ``overlap`` and no predicted segment before it was right about that
    one.

    Args:
        predicted: in order of time.
        true: in order of time.
        overlap: smallest intersection over union, above 0, at most 1.
    """
    taken: set[int] = set()
    for segment in predicted:
        alike = [index for index, other in enumerate(true) if other.label == segment.label]
        if not alike:
            continue
        best = max(alike, key=lambda index: segment.overlap(true[index]))
        if segment.overlap(true[best]) >= overlap:
            taken.add(best)
    return len(taken), len(predicted) - len(taken), len(true) - len(taken)


def score(predicted: Sequence[Tensor], true: Sequence[Tensor], ignored: Collection[int] = ()) -> dict[str, float]:
    """Return all metrics of some videos, each from 0 to 100.

    Args:
        predicted: int64 ``[T]`` of each video.
        true: the same of the ground truth.
        ignored: classes whose segments count neither for edit nor for F1; their frames count for accuracy.

    Returns:
        ``accuracy``: frames that are right, of all frames of all videos. ``edit``: mean over the videos of
        :func:`edit_score`. ``f1_10``, ``f1_25``, ``f1_50``: harmonic mean of precision and recall of segments
        (:func:`matches`), counted over all videos; 0 where no segment is right.

    Raises:
        ValueError: if a prediction has another length than its ground truth, or there is no video.
    """
    if not true:
        raise ValueError("there is no video to score")
    right = frames = 0
    edits = []
    counts = torch.zeros(len(OVERLAPS), 3, dtype=torch.int64)
    for guess, truth in zip(predicted, true, strict=True):
        if guess.shape != truth.shape:
            raise ValueError(f"a prediction of {len(guess)} frames does not fit a video of {len(truth)}")
        right += int((guess == truth).sum())
        frames += len(truth)
        found, wanted = segments(guess, ignored), segments(truth, ignored)
        edits.append(edit_score([s.label for s in found], [s.label for s in wanted]))
        counts += torch.tensor([matches(found, wanted, overlap) for overlap in OVERLAPS])
    # 2 P R / (P + R) is 2 TP / (2 TP + FP + FN), without the cases in which P or R is no number.
    shares = [2 * tp / (2 * tp + fp + fn) if tp else 0.0 for tp, fp, fn in counts.tolist()]
    values = (100 * right / frames, sum(edits) / len(edits), *(100 * share for share in shares))
    return dict(zip(METRICS, values, strict=True))
