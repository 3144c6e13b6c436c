"""FRePo: neural feature regression with a pool of networks (Zhou et al., NeurIPS 2022)."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vidense.data.spec import ClipSpec
from vidense.method import Group, Optimizer, Recipe, Start, Task, register_method, resolved
from vidense.objectives.kernel_regression import KernelRegression, initial_labels
from vidense.objectives.network_pool import Turns
from vidense.objectives.real_batches import RealBatches
from vidense.option_types import LearningRate
from vidense.parameterizations.dense import Dense

__all__ = ["LABEL_RATE", "frepo", "label_bytes", "starting_labels"]

LABEL_RATE = 1e-3


def starting_labels(task: Task) -> Tensor:
    """Return the labels that learning starts from, float32 ``[C vpc, C]``."""
    return initial_labels(task.labels, len(task.real.class_names))


def label_bytes(spec: ClipSpec, classes: int, options: Mapping[str, Any]) -> int:
    """Return the bytes of a video's learned label: one float32 a class."""
    return 4 * classes if options["learn_label"] else 0


@register_method(
    "frepo",
    paper="Zhou, Nezhadarya and Ba, Dataset Distillation using Neural Feature Regression, NeurIPS 2022",
    stores="every frame of every synthetic video, and its learned label",
    iterations={"small": 300, "published": 10000},
    rates=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    beside=label_bytes,
)
def frepo(
    task: Task,
    *,
    lr: LearningRate = "auto",
    start: Start = "real",
    learn_label: bool = True,
    turns: Turns,
    batches: RealBatches,
) -> Recipe:
    """Feature regression: videos from whose features a network's last layer, solved exactly, tells real ones apart.

    Each iteration picks one of a pool of networks, regresses the labels of real clips on its features of all synthetic
    videos (kernel ridge regression), moves videos and labels down the squared error, and takes one training step of
    that network on them. The reference draws 512 real clips of all classes together, about 10 a class of MiniUCF, and
    runs 10,000 iterations.

    Learned labels are stored beside the videos as ``soft_labels``, float32 ``[N, C]``. They are targets of a
    regression, not probabilities: near (one-hot - 1/C) / sqrt(C/10), where they start, with negative entries and rows
    that sum to anything. Protocols ``clean`` and ``published`` train on the class of each
    video, as they do for every method; protocol ``frepo`` learns these labels.

    Differences:
        Real clips are drawn alike from all classes, 8 of each, in place of 512 of all together. The reference's warm-
        up of the networks' rate, longer than their lives, is left out. Memory does not grow with the number of
        videos.

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the pixels under Adam, about what a pixel (normalised units) moves in an iteration, or
            ``auto``; like that of the labels, 1e-3, it falls to a tenth along a cosine.
        start: ``real`` starts from one random real clip each, ``noise`` from N(0, 1).
        learn_label: move the labels too.
        turns: how networks take turns.
        batches: how real clips enter an iteration.
    """
    labels = starting_labels(task) if learn_label else None
    moving = {"frames": Group(resolved(lr))} | ({"soft_labels": Group(LABEL_RATE)} if learn_label else {})
    return Recipe(
        Dense(task.initial_clips(start), task.real.spec, task.real.class_names, task.labels, labels),
        KernelRegression(batches, turns),
        Optimizer("adam", moving, schedule="cosine", floor=0.1),
    )
