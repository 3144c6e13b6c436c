"""Condensed features without optimisation, at as many stored numbers as the methods that optimise.

``mean`` and ``coreset`` are the names of the baselines in TSGF's Table 10 (after Ding et al., CVPR 2025), which says no
more of them; how they are made at equal stored numbers is our choice.
"""

import torch
from torch import Tensor

from vidense.seeding import generator
from vidense.segmentation.features import FeatureVideos
from vidense.segmentation.sequences import SegmentKeys, script_of
from vidense.segmentation.task import Condensed, Task, vectors_at

__all__ = ["coreset", "mean", "mean_start", "random"]


def random(task: Task) -> Condensed:
    """Keep real features at frames drawn at random, as many of each segment as the other methods store."""
    scripts = []
    for index, even in zip(task.kept(), task.scripts(), strict=True):
        rng = generator(task.seed, "random", index)
        drawn: list[int] = []
        for start, length, stored in even.parts():
            drawn += sorted((start + torch.randperm(length, generator=rng)[: len(stored)]).tolist())
        scripts.append(script_of(task.real.labels(index), drawn))
    return Condensed(vectors_at(task.real, task.kept(), scripts))


def mean(task: Task) -> Condensed:
    """Cut each segment into as many equal parts as it stores vectors, and keep each part's mean at its middle.

    With one vector a segment this is the segment's mean feature, held for its whole length.
    """
    scripts, vectors = [], []
    for index, even in zip(task.kept(), task.scripts(), strict=True):
        features, times = task.real.features(index), []
        for start, length, stored in even.parts():
            for part in torch.arange(start, start + length).tensor_split(len(stored)):
                vectors.append(features[:, part].mean(1))
                times.append(int(part[len(part) // 2]))
        scripts.append(script_of(task.real.labels(index), times))
    return Condensed(SegmentKeys(torch.stack(vectors), scripts, task.real.class_names))


def mean_start(task: Task) -> SegmentKeys:
    """Return what the optimising methods begin with: the vectors of :func:`mean`, at evenly spaced stored frames."""
    return SegmentKeys(mean(task).videos.vectors, task.scripts(), task.real.class_names)


def coreset(task: Task) -> Condensed:
    """Keep whole real videos, as few as show every class, at a frame rate that the other methods' numbers pay for.

    Videos are taken one by one, each the one that shows most classes not seen yet (among equals the first of an order
    drawn by the seed), until all classes are there; then further ones while all frames of all of them fit. A video
    that would leave less than one stored frame a segment is passed over. The stored frames are dealt over the
    segments by length, at least one each, and evenly spaced in them.
    """
    real, room = task.real, sum(len(script.times) for script in task.scripts())
    chosen = _covering(real, room, torch.randperm(len(real), generator=generator(task.seed, "coreset")).tolist())
    lengths = [_segment_lengths(real.labels(index)) for index in chosen]
    counts = torch.split(_dealt(torch.cat(lengths), room), [len(of_video) for of_video in lengths])
    scripts = []
    for index, of_video, stored in zip(chosen, lengths, counts, strict=True):
        times = []
        start = 0
        for length, count in zip(of_video.tolist(), stored.tolist(), strict=True):
            # The middles of equal parts of the segment.
            times += [start + (2 * place + 1) * length // (2 * count) for place in range(count)]
            start += length
        scripts.append(script_of(real.labels(index), times))
    return Condensed(vectors_at(real, chosen, scripts))


def _segment_lengths(labels: Tensor) -> Tensor:
    lengths: Tensor = torch.unique_consecutive(labels, return_counts=True)[1]
    return lengths


def _covering(real: FeatureVideos, room: int, order: list[int]) -> list[int]:
    """Return the videos of a coreset of ``room`` stored frames, as :func:`coreset` says."""
    shown = {index: set(real.labels(index).tolist()) for index in order}
    wanted = set().union(*shown.values())
    chosen: list[int] = []
    segments = frames = 0
    for _ in order:
        left = [index for index in order if index not in chosen]
        left = [i for i in left if segments + len(_segment_lengths(real.labels(i))) <= room]
        # Once no video shows a class that is missing, only whole ones come in.
        left = [i for i in left if shown[i] & wanted] or [i for i in left if frames + len(real.labels(i)) <= room]
        if not left:
            break
        # max() takes the first of equals.
        best = max(left, key=lambda index: len(shown[index] & wanted))
        chosen.append(best)
        wanted -= shown[best]
        segments += len(_segment_lengths(real.labels(best)))
        frames += len(real.labels(best))
    return chosen


def _dealt(lengths: Tensor, room: int) -> Tensor:
    """Return how many of ``room`` stored frames each segment gets: by length, from 1 to the length itself."""
    counts = torch.ones_like(lengths)
    for _ in range(min(room, int(lengths.sum())) - len(lengths)):
        # The segment whose stored frames stand for most frames each comes next; one stored whole is never it again.
        counts[(lengths / counts - (counts == lengths).float() * lengths).argmax()] += 1
    return counts
