"""PRISM: key-frames refined by distribution matching, with new ones inserted where gradients conflict (METHODS 10)."""

from typing import Literal

import torch

from vidense.errors import UserError
from vidense.hooks.insertion import FrameInsertion, InsertionRule
from vidense.method import (
    Count,
    LearningRate,
    Momentum,
    NetworkName,
    Optimizer,
    Recipe,
    Share,
    Task,
    register_method,
    resolved,
)
from vidense.objectives.distribution import ClipPolicy, DistributionMatching, Precision
from vidense.parameterizations.key_frames import KeyFrames

__all__ = ["prism"]


@register_method(
    "prism",
    paper="Choi et al., PRISM: Video Dataset Condensation with Progressive Refinement and Insertion for Sparse "
    "Motion, CVPR 2026",
    stores="key-frames and their times; frames between them are interpolated",
    iterations={"small": 500, "published": 5000},
    frames=lambda length: (2, -(-length // 2)),
)
def prism(
    task: Task,
    *,
    lr: LearningRate = "auto",
    momentum: Momentum = 0.95,
    batch_real: Count = 8,
    criterion: Literal["cosine", "l2", "none"] = "cosine",
    epsilon: float = 0.0,
    l2_threshold: float = 0.141,
    position: Literal["triggered", "random"] = "triggered",
    most_negative_only: bool = False,
    gradient: Literal["partial", "total"] = "partial",
    insert_from: Literal["interpolation", "noise"] = "interpolation",
    warm_up: Share = 0.2,
    cool_down: Share = 0.2,
    initial_keys: Count = 2,
    max_keys: Count | None = None,
    all_learnable: bool = False,
    network: NetworkName = "minic3d",
    clip_policy: ClipPolicy = "frozen",
    precision: Precision = "auto",
) -> Recipe:
    """Sparse key-frames from noise, refined, and inserted where both neighbours' gradients point the other way.

    Each video starts as two noise frames, its first and its last, with a straight line between them. Distribution
    matching (as in ``dm``) moves the key-frames; in the middle of the run an interpolated frame becomes a key-frame
    when the gradient of the loss on it has a negative cosine with those on both neighbouring key-frames (PRISM
    equation 6).

    The papers use momentum 0.95, 64 real clips a class, learning rates of 1 / 25 / 50 at 1 / 5 / 10 videos per class of
    MiniUCF, and never state the number of iterations (we read 5,000).

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the key-frames (normalised units), or ``auto``.
        momentum: of SGD, in [0, 1).
        batch_real: real clips of each class and iteration; 64 in the papers, 8 has the same expected gradient.
        criterion: ``cosine`` (the paper), ``l2`` (distance of unit gradients), or ``none`` for no insertion.
        epsilon: insert where both cosines are below it; in [-1, 1].
        l2_threshold: insert where both distances are above it; 0.141 is a tenth of the distance at 90 degrees.
        position: ``triggered``, or ``random``: as many frames as were triggered, at random places.
        most_negative_only: at most one frame a video and iteration, the most conflicting one (DFS).
        gradient: a key-frame's own: ``partial`` at its time step alone, ``total`` with the share of the frames
            interpolated from it.
        insert_from: a new key-frame starts on the line (``interpolation``, which changes no clip) or from ``noise``.
        warm_up: share of the run before insertion may begin.
        cool_down: share of the run after insertion has ended.
        initial_keys: key-frames at the start, evenly spaced, at least 2.
        max_keys: most key-frames of a video; None for no limit.
        all_learnable: make every frame a key-frame at once, starting on the line between two noise frames.
        network: the random embedding network.
        clip_policy: ``frozen`` uses one window of each real video throughout, ``resample`` draws among those stored.
        precision: of real clips' forward pass; ``auto`` is bfloat16 where the hardware computes in it.

    Raises:
        UserError: if the numbers of key-frames contradict each other or the clip's length.
    """
    limits = [limit for limit in (max_keys, task.max_frames) if limit is not None]
    most = min(limits) if limits else None
    if not 2 <= initial_keys <= min(task.real.spec.frames, most or initial_keys):
        allowed = min([task.real.spec.frames, *limits])
        raise UserError(f"initial_keys={initial_keys} must be from 2 to {allowed}, the most a video may have here")
    rule = InsertionRule(
        criterion=criterion,
        epsilon=epsilon,
        l2_threshold=l2_threshold,
        position=position,
        most_negative_only=most_negative_only,
        gradient=gradient,
        start=insert_from,
        warm_up=warm_up,
        cool_down=cool_down,
        max_keys=most,
    )
    return Recipe(
        _noise_key_frames(task, initial_keys, all_learnable),
        DistributionMatching(network=network, batch_real=batch_real, clip_policy=clip_policy, precision=precision),
        Optimizer("sgd", {"frames": resolved(lr)}, momentum=momentum),
        (FrameInsertion(rule),),
    )


def _noise_key_frames(task: Task, initial_keys: int, all_learnable: bool) -> KeyFrames:
    noise = torch.randn(len(task.labels), *task.real.spec.shape, generator=task.generator("noise"))
    counts = [initial_keys] * len(task.labels)
    videos = KeyFrames.from_clips(noise, counts, task.real.spec, task.real.class_names, task.labels)
    if all_learnable:
        videos.insert(torch.ones_like(videos.is_key), "interpolation")
    return videos
