"""DM: distribution matching of whole clips (Zhao and Bilen, WACV 2023)."""

from vidense.method import Group, Optimizer, Recipe, Start, Task, register_method, resolved
from vidense.objectives.distribution import DistributionMatching
from vidense.objectives.real_batches import RealBatches
from vidense.option_types import LearningRate, Momentum
from vidense.parameterizations.dense import Dense

__all__ = ["dm"]


@register_method(
    "dm",
    paper="Zhao and Bilen, Dataset Condensation with Distribution Matching, WACV 2023",
    stores="every frame of every synthetic video",
    iterations={"small": 500, "published": 5000},
)
def dm(
    task: Task,
    *,
    lr: LearningRate = "auto",
    momentum: Momentum = 0.5,
    start: Start = "real",
    batches: RealBatches,
) -> Recipe:
    """Distribution matching: every frame is learned, against class means under random networks.

    Each iteration draws a fresh random network and moves all synthetic clips so that the mean embedding of each class
    approaches that of real clips. The papers' tables use momentum 0.5, 64 real clips a class, a learning rate of 30
    (MiniUCF, 1 video per class) and 5,000 iterations.

    Differences:
        8 real clips a class and iteration in place of 64, with the same expected gradient (batch_real=64 restores
        them); real clips are embedded in bfloat16 where the processor has it; small scale runs a tenth of the
        iterations.

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the pixels (normalised units), or ``auto``.
        momentum: of SGD, in [0, 1). Moving from 0.5 to 0.95 multiplies the effective rate by ten.
        start: ``real`` starts from one random real clip each, ``noise`` from N(0, 1).
        batches: how real clips enter an iteration.
    """
    return Recipe(
        Dense(task.initial_clips(start), task.real.spec, task.real.class_names, task.labels),
        DistributionMatching(batches),
        Optimizer("sgd", {"frames": Group(resolved(lr), momentum)}),
    )
