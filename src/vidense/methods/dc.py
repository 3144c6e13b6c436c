"""DC: gradient matching of whole clips (Zhao et al., ICLR 2021)."""

from vidense.method import Group, Optimizer, Recipe, Start, Task, register_method, resolved
from vidense.objectives.gradient import Distance, GradientMatching, Rounds
from vidense.objectives.real_batches import RealBatches
from vidense.option_types import LearningRate, Momentum
from vidense.parameterizations.dense import Dense

__all__ = ["dc"]


@register_method(
    "dc",
    paper="Zhao, Mopuri and Bilen, Dataset Condensation with Gradient Matching, ICLR 2021",
    stores="every frame of every synthetic video",
    iterations={"small": 300, "published": 1000},
    # One gradient of rows by cosines is off by 6 % in bfloat16.
    precision="float32",
)
def dc(
    task: Task,
    *,
    lr: LearningRate = "auto",
    momentum: Momentum = 0.5,
    start: Start = "noise",
    distance: Distance = "dc",
    siamese: bool = False,
    rounds: Rounds,
    batches: RealBatches,
) -> Recipe:
    """Gradient matching: synthetic clips that push a random network's weights where real ones push them.

    Each iteration compares, class by class, the gradient of the cross entropy on real and on synthetic clips at every
    weight of a network, and moves all pixels down the distance, which takes a second backward pass through the network.
    For images the paper uses 1,000 updates, a learning rate of 0.1, momentum 0.5, 256 real images a class, and one
    update a network at 1 image a class, ten at 10.

    Differences:
        The paper condenses images; no paper reports it on video. miniC3D takes the place of ConvNet, with dropout
        off; 8 real clips a class in place of 256. miniC3D has channels that hardly fire for a clip; their rows, below a
        hundredth of the mean of their layer, are left out, or one of them throws the clip off its course.

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the pixels (normalised units), or ``auto``.
        momentum: of SGD, in [0, 1).
        start: ``real`` starts from one random real clip each, ``noise`` from N(0, 1).
        distance: ``dc`` sums 1 - cosine over the rows of each layer; ``mse`` is the plain squared distance.
        siamese: transform the real and synthetic clips of a class by one random augmentation each iteration (``dsa``).
        rounds: how long a network serves.
        batches: how real clips enter an iteration.
    """
    return Recipe(
        Dense(task.initial_clips(start), task.real.spec, task.real.class_names, task.labels),
        GradientMatching(batches, distance, rounds=rounds, augment=siamese),
        Optimizer("sgd", {"frames": Group(resolved(lr), momentum)}),
    )
