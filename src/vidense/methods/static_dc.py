"""Static-DC: one still picture a video, condensed from single frames (VDSD, CVPR 2024, section 3.2)."""

from vidense.method import Group, Optimizer, Recipe, Start, Task, register_method, resolved
from vidense.objectives.gradient import Distance, GradientMatching, Rounds
from vidense.objectives.real_batches import RealBatches
from vidense.objectives.single_frames import SingleFrames
from vidense.option_types import LearningRate, Momentum
from vidense.parameterizations.stills import Stills

__all__ = ["static_dc"]


@register_method(
    "static_dc",
    paper="Wang et al., Dancing with Still Images: Video Distillation via Static-Dynamic Disentanglement, CVPR 2024",
    stores="one picture a video, repeated over time",
    iterations={"small": 300, "published": 3000},
    frames=lambda length, options: (1, 1),
    network="convnet",
    clip_policy="resample",
    batch_real=32,
    precision="float32",
)
def static_dc(
    task: Task,
    *,
    lr: LearningRate = "auto",
    momentum: Momentum = 0.5,
    start: Start = "noise",
    distance: Distance = "dc",
    rounds: Rounds,
    batches: RealBatches,
) -> Recipe:
    """Image condensation: gradient matching of single frames under a 2-D network; every video stands still.

    Each iteration draws real frames from anywhere in the stored clips and matches them as ``dc`` matches clips. The
    paper calls the result boring videos, and learns the static memories of ``vdsd_dm`` and its kin this way: 3,000
    iterations, a learning rate of 0.1, 256 frames a class.

    Differences:
        32 real frames a class in place of 256; frames come from the clips in the store, not from whole videos.

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the pixels (normalised units), or ``auto``.
        momentum: of SGD, in [0, 1).
        start: ``real`` starts from the middle frame of one random real clip each, ``noise`` from N(0, 1).
        distance: ``dc`` sums 1 - cosine over the rows of each layer; ``mse`` is the plain squared distance.
        rounds: how long a network serves.
        batches: how real frames enter an iteration.
    """
    spec = task.real.spec
    pictures = task.initial_clips(start)[:, spec.frames // 2]
    return Recipe(
        Stills(pictures, spec, task.real.class_names, task.labels),
        SingleFrames(GradientMatching(batches, distance, rounds=rounds)),
        Optimizer("sgd", {"frames": Group(resolved(lr), momentum)}),
    )
