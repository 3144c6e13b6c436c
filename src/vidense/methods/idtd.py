"""IDTD, reconstructed: pools of pictures mixed into diverse segments and fused into videos (arXiv 2412.00111)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.method import Group, Optimizer, Recipe, Start, Task, register_method, resolved
from vidense.objectives.diversity import DiverseMatching
from vidense.objectives.real_batches import RealBatches
from vidense.option_types import Count, LearningRate, Rate, Weight
from vidense.parameterizations.feature_pool import LONGEST_SEQUENCE, FeaturePool

__all__ = ["Mixing", "idtd"]


@dataclass(frozen=True)
class Mixing:
    """What videos are mixed from.

    Attributes:
        pool_frames: pictures that a video owns and that are stored.
        segments: how many segments are mixed from them, at least 2.
        segment_frames: frames of a segment; None for half a clip.
        lr_mixing: learning rate of selectors and fusors under Adam.
    """

    pool_frames: Count = 4
    segments: Count = 4
    segment_frames: Count | None = None
    lr_mixing: Rate = 1e-3

    def __post_init__(self) -> None:
        if self.segments < 2:
            raise UserError(f"segments={self.segments} leaves nothing to tell apart; give at least 2")

    def each(self, frames: int) -> int:
        """Return the frames of a segment for clips of ``frames`` frames.

        Raises:
            UserError: if the segments together are shorter than a clip, or more than 16 times as long.
        """
        each = self.segment_frames or -(-frames // 2)
        if not frames <= self.segments * each <= LONGEST_SEQUENCE * frames:
            raise UserError(
                f"segments={self.segments} of segment_frames={each} make {self.segments * each} frames, and clips of "
                f"{frames} are taken from {frames} to {LONGEST_SEQUENCE * frames}; change one of the two"
            )
        return each


def mixing_bytes(spec: ClipSpec, classes: int, options: Mapping[str, Any]) -> int:
    """Return the bytes of a class's selectors and fusor, as if each of its videos had some of its own."""
    mixing = Mixing(options["pool_frames"], options["segments"], options["segment_frames"])
    rows = 3 * mixing.segments * mixing.each(spec.frames)
    return 4 * (rows * (3 * mixing.pool_frames + 1) + 3 * 3 * 27 + 3)


@register_method(
    "idtd",
    paper="after Zhao et al., Video Set Distillation: Information Diversification and Temporal Densification, "
    "arXiv 2412.00111; a minimal reconstruction, as no code was published",
    stores="a few pictures a video, and small convolutions of each class that mix them into longer sequences",
    iterations={"small": 500, "published": 5000},
    frames=lambda length, options: (options["pool_frames"], options["pool_frames"]),
    rates=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    beside=mixing_bytes,
)
def idtd(
    task: Task,
    *,
    lr: LearningRate = "auto",
    start: Start = "real",
    diversity: Weight = 0.1,
    mixing: Mixing,
    batches: RealBatches,
) -> Recipe:
    """IDTD-like: pictures mixed into diverse segments and fused into sequences of which each use samples a clip.

    A reconstruction, not the paper's code. Each video owns a few pictures (feature pool); 1x1 convolutions mix them
    into segments (feature selectors), and a 3x3x3 convolution joins the segments over time (temporal fusor); each use
    takes a clip at a random start and stride (stochastic temporal augmentation). Pictures and convolutions are
    learned by distribution matching as in ``dm``, while a diversity loss lowers the mean cosine between the
    embeddings of a video's segments.

    The videos of a class share convolutions, which start as straight lines in time from picture to picture; Adam moves
    everything, at rates that fall to zero along a cosine.

    Differences:
        No code was published: this follows the paper's abstract and what others report of it. Shapes, what is shared,
        the optimiser, the weight of the diversity loss and the number of iterations are ours, and numbers from here
        are not the paper's.

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the pictures under Adam, about what a pixel (normalised units) moves in an iteration, or
            ``auto``.
        start: ``real`` starts from evenly spaced frames of one random real clip each, ``noise`` from N(0, 1).
        diversity: weight of the diversity loss, 0 or more.
        mixing: what videos are mixed from.
        batches: how real clips enter an iteration.

    Raises:
        UserError: if the segments do not fit the clips' length.
    """
    spec = task.real.spec
    each = mixing.each(spec.frames)
    times = torch.linspace(0, spec.frames - 1, mixing.pool_frames).round().long()
    pool = task.initial_clips(start)[:, times]
    videos = FeaturePool.from_pictures(pool, mixing.segments, each, spec, task.real.class_names, task.labels)
    rates = {"pool": resolved(lr), "selectors": mixing.lr_mixing, "fusor": mixing.lr_mixing}
    moving = {name: Group(rate) for name, rate in rates.items()}
    return Recipe(videos, DiverseMatching(batches, diversity), Optimizer("adam", moving, schedule="cosine"))
