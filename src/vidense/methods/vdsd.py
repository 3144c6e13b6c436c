"""VDSD: static memories learned first, then motion, on top of another method (Wang et al., CVPR 2024)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vidense.experts import Expertise
from vidense.method import Group, Optimizer, Recipe, Task, register_method, resolved
from vidense.methods.frepo import LABEL_RATE, label_bytes, starting_labels
from vidense.methods.mtt import RATES, experts_to_follow
from vidense.needs import Condensation
from vidense.objectives.distribution import DistributionMatching
from vidense.objectives.kernel_regression import KernelRegression
from vidense.objectives.network_pool import Turns
from vidense.objectives.real_batches import RealBatches
from vidense.objectives.trajectory import Following, TrajectoryMatching
from vidense.option_types import Count, LearningRate, Momentum, Rate
from vidense.parameterizations.memories import Memories, hallucinator
from vidense.parameterizations.stills import Stills

__all__ = ["Remembering", "remember", "vdsd_dm", "vdsd_frepo", "vdsd_mtt"]

PAPER = "Wang et al., Dancing with Still Images: Video Distillation via Static-Dynamic Disentanglement, CVPR 2024"
STORES = "pictures, one-channel motions, and one small network that joins them"
STEP_SIZE_MOMENTUM = 0.9


@dataclass(frozen=True)
class Remembering:
    """What videos are joined from.

    Attributes:
        memories: pictures of a video, and its motions; each use draws one of either. The paper's videos have 2, on top
            of FRePo 1.
        static_iterations: of the image condensation (``static_dc``) that learns the pictures; None for its default.
        static_lr: its learning rate.
        static_batch_real: its real frames a class; 256 in the paper, None for its default.
        static_outer_loop: its updates under one network; DC's 10 where a class has 10 pictures, as the paper's has at 5
            videos per class.
        static_inner_loop: its passes between two of these; DC's 50 at 10 pictures.
        train_static: move the pictures too, at the motions' rate; the paper leaves them as they were learned.
        lr_hallucinator: learning rate of the network that joins, as published for 1 video per class of MiniUCF.
    """

    memories: Count = 2
    static_iterations: Count | None = None
    static_lr: LearningRate = "auto"
    static_batch_real: Count | None = None
    static_outer_loop: Count = 1
    static_inner_loop: Count = 1
    train_static: bool = False
    lr_hallucinator: Rate = 1e-5

    def groups(self, lr: float, momentum: float = 0.0) -> dict[str, Group]:
        """Return how motions, pictures and hallucinator move."""
        moving = {"dynamic": Group(lr, momentum), "hallucinator": Group(self.lr_hallucinator, momentum)}
        return {**moving, "static": Group(lr, momentum)} if self.train_static else moving


def stored_frames(length: int, options: Mapping[str, Any]) -> tuple[int, int]:
    """Return the stored numbers of a video of ``length`` frames in whole frames: motions have one channel of three."""
    count = options["memories"] * (1 + length / 3)
    return (int(-(-count // 1)),) * 2


def remember(task: Task, remembering: Remembering, soft_labels: Tensor | None = None) -> Memories:
    """Return memories with learned pictures, motions from N(0, 1), a fresh hallucinator, and labels if given.

    The pictures come from a run of ``static_dc`` with ``memories`` times as many videos, once per store and seed.
    """
    each, real = remembering.memories, task.real
    loops = {"outer_loop": remembering.static_outer_loop, "inner_loop": remembering.static_inner_loop}
    options: dict[str, Any] = {"lr": remembering.static_lr, **loops}
    if remembering.static_batch_real is not None:
        options["batch_real"] = remembering.static_batch_real
    stills = task.obtain(Condensation("static_dc", task.vpc * each, remembering.static_iterations, options))
    if not isinstance(stills, Stills):
        raise TypeError(f"static_dc made {type(stills).__name__}")
    pictures = stills.pictures.frames.detach().cpu().view(len(task.labels), each, *real.spec.shape[1:])
    sizes = (len(task.labels), each, real.spec.frames, 1, real.spec.height, real.spec.width)
    motions = torch.randn(sizes, generator=task.generator("motions"))
    joined = hallucinator(task.generator("hallucinator").initial_seed())
    return Memories(pictures, motions, joined, real.spec, real.class_names, task.labels, soft_labels)


@register_method(
    "vdsd_dm",
    paper=PAPER,
    stores=STORES,
    needs="pictures, learned by static_dc",
    iterations={"small": 300, "published": 5000},
    frames=stored_frames,
    rates=(0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0),
)
def vdsd_dm(
    task: Task,
    *,
    lr: LearningRate = "auto",
    momentum: Momentum = 0.95,
    remembering: Remembering,
    batches: RealBatches,
) -> Recipe:
    """Motion on top of still pictures, learned by distribution matching.

    First ``static_dc`` learns pictures from single frames. Then each video is a picture and a motion of one channel,
    drawn from its few of either whenever it is used, and joined by a hallucinator of 327 weights that all videos share;
    motions and hallucinator are learned as in ``dm``. The paper uses learning rates of 1e-4 and 1e-5 at 1 video per
    class of MiniUCF, 1e3 and 1e-6 at 5, momentum 0.95, 64 real clips a class and 5,000 iterations.

    Differences:
        The released code has the settings in scripts, some of them broken; pictures are learned from the clips in the
        store. 8 real clips a class in place of 64. A dataset is stored with its 327 shared weights, which the paper's
        table leaves out.

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the motions, or ``auto``.
        momentum: of SGD, in [0, 1).
        remembering: what videos are joined from.
        batches: how real clips enter an iteration.
    """
    videos = remember(task, remembering)
    return Recipe(videos, DistributionMatching(batches), Optimizer("sgd", remembering.groups(resolved(lr), momentum)))


@register_method(
    "vdsd_mtt",
    paper=PAPER,
    stores=f"{STORES}; a learned step size",
    needs="pictures, learned by static_dc, and experts (vidense experts)",
    iterations={"small": 100, "published": 10000},
    frames=stored_frames,
    rates=RATES,
    lr_hallucinator=1e-3,
)
def vdsd_mtt(
    task: Task,
    *,
    lr: LearningRate = "auto",
    momentum: Momentum = 0.95,
    remembering: Remembering,
    expertise: Expertise,
    following: Following,
) -> Recipe:
    """Motion on top of still pictures, learned by trajectory matching.

    The videos are those of ``vdsd_dm``, joined anew for every update of the training that ``mtt`` matches with its
    experts'. The paper uses learning rates of 1e4 and 1e-3, momentum 0.95 and 10,000 iterations; at 5 videos per class
    ``syn_steps=5`` and ``batch_syn=128``.

    Differences:
        As of ``vdsd_dm`` and ``mtt``. The reference learns the step size at 1 video per class only; here it always
        is.

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the motions, or ``auto``.
        momentum: of SGD, in [0, 1), for motions and hallucinator; the step size has 0.9, as published.
        remembering: what videos are joined from.
        expertise: which experts are trained.
        following: how experts are followed.
    """
    groups = remembering.groups(resolved(lr), momentum)
    groups["step_size"] = Group(following.lr_step_size, STEP_SIZE_MOMENTUM)
    # What is wrong with the experts is said before the pictures are learned.
    need = experts_to_follow(task, expertise, following)
    videos = remember(task, remembering)
    return Recipe(videos, TrajectoryMatching(task.obtain(need), expertise.network, following), Optimizer("sgd", groups))


@register_method(
    "vdsd_frepo",
    paper=PAPER,
    stores=f"{STORES}, and learned labels",
    needs="pictures, learned by static_dc",
    iterations={"small": 300, "published": 10000},
    frames=stored_frames,
    rates=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    beside=label_bytes,
    memories=1,
    lr_hallucinator=1e-3,
)
def vdsd_frepo(
    task: Task,
    *,
    lr: LearningRate = "auto",
    learn_label: bool = True,
    remembering: Remembering,
    turns: Turns,
    batches: RealBatches,
) -> Recipe:
    """Motion on top of still pictures, learned by feature regression.

    Pictures and motions as in ``vdsd_dm``, one of either a video, so that nothing is drawn; motions, hallucinator and
    labels are learned as in ``frepo``, whose learned labels are stored and meant alike. The paper runs 10,000
    iterations with 512 real clips of all classes together; the code's default rate of the motions is 100.

    Differences:
        As of ``vdsd_dm`` and ``frepo``.

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the motions under Adam, or ``auto``; like that of hallucinator and labels (1e-3) it falls
            to a tenth along a cosine.
        learn_label: move the labels too.
        remembering: what videos are joined from.
        turns: how networks take turns.
        batches: how real clips enter an iteration.
    """
    videos = remember(task, remembering, starting_labels(task) if learn_label else None)
    moving = remembering.groups(resolved(lr)) | ({"soft_labels": Group(LABEL_RATE)} if learn_label else {})
    return Recipe(videos, KernelRegression(batches, turns), Optimizer("adam", moving, schedule="cosine", floor=0.1))
