"""Methods, videos and a network so small that a whole run takes milliseconds; registered as a plug-in would."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from unittest import mock

import torch
from torch import Tensor, nn

from vidense import records
from vidense.data.spec import ClipSpec
from vidense.hooks import FrameInsertion, InsertionRule
from vidense.method import METHODS, Group, Optimizer, Recipe, register_method, resolved
from vidense.nets import NETWORKS, Network
from vidense.objectives import Objective
from vidense.option_types import LearningRate, Momentum
from vidense.parameterizations import PARAMETERIZATIONS, Dense, KeyFrames, Parameterization, Stored

SPEC = ClipSpec(4, 4, 4)
RATES = (0.1, 1.0)


class Killed(Exception):
    """Stands for whatever ends a process."""


class Flat(Network):
    """One layer over all pixels of a clip: takes any size, and a bent line suffices to tell networks apart."""

    def __init__(self, spec: ClipSpec, classes: int, *, width: int = 6) -> None:
        super().__init__(spec, classes, width)
        self.body, self.head = nn.Linear(prod(spec.shape), width), nn.Linear(width, classes)

    def features(self, clips: Tensor) -> Tensor:
        self.check_shape(clips)
        return torch.tanh(self.body(clips.flatten(1)))

    def logits(self, features: Tensor) -> Tensor:
        return self.head(features)


class FlatNorm(Flat):
    """The same with batch normalisation in the middle, as teachers have it."""

    def __init__(self, spec: ClipSpec, classes: int, *, width: int = 6) -> None:
        super().__init__(spec, classes, width=width)
        self.norm = nn.BatchNorm1d(width)

    def features(self, clips: Tensor) -> Tensor:
        self.check_shape(clips)
        return torch.tanh(self.norm(self.body(clips.flatten(1))))


# Networks that methods name themselves, and that take no clips as small as these.
STAND_INS = {"convnet": Flat, "convnet_bn": FlatNorm, "minic3d_bn": FlatNorm}


class TowardMeans(Objective):
    """Pulls every video towards its class's mean clip, which each iteration blurs by noise of its own."""

    class_independent = True

    def prepare(self, real):
        self.means = torch.stack([real.decode(real.members(c)).mean(0) for c in range(len(real.class_names))])

    def losses(self, synthetic, real, step):
        for label, name in enumerate(real.class_names):
            videos = (synthetic.labels == label).nonzero().flatten()
            noise = torch.randn(self.means[label].shape, generator=step.draw.generator("noise", name))
            yield (synthetic.decode(videos, step.draw) - self.means[label] - noise).square().sum(1).mean()


class WithGain(TowardMeans):
    """Learns a factor of the means beside the videos, as MTT learns a step size."""

    def __init__(self) -> None:
        self.gain = nn.Parameter(torch.tensor(0.5))

    def losses(self, synthetic, real, step):
        for label in range(len(real.class_names)):
            videos = (synthetic.labels == label).nonzero().flatten()
            yield (synthetic.decode(videos) - self.gain * self.means[label]).square().mean()

    def after_update(self, synthetic, step):
        with torch.no_grad():
            self.gain.clamp_(max=2.0)

    def groups(self):
        return {"gain": [self.gain]}

    def outcome(self):
        return {"gain": self.gain.item()}


class Paired(Parameterization):
    """A still frame a video, and motions any of which may be added to it: the draw decides, video by video."""

    kind, stochastic = "toy_paired", True

    def __init__(self, still, motions, spec, class_names, labels, soft_labels=None) -> None:
        super().__init__(spec, class_names, labels, soft_labels)
        self.still, self.motions = nn.Parameter(still.clone()), nn.Parameter(motions.clone())

    def synthesise(self, index, draw=None):
        return self.still[index][:, None] + self.motions[self.chosen(index, draw)]

    def chosen(self, index, draw):
        if draw is None:
            return torch.zeros_like(index)
        picks = [torch.randint(len(self.motions), (), generator=draw.generator("video", i)) for i in index.tolist()]
        return torch.stack(picks)

    def groups(self):
        return {"still": [self.still], "motions": [self.motions]}

    def pack(self, dtype):
        return Stored({"still": self.still.detach(), "motions": self.motions.detach()})

    @classmethod
    def unpack(cls, stored, spec, class_names, labels, soft_labels):
        return cls(stored.tensors["still"], stored.tensors["motions"], spec, class_names, labels, soft_labels)

    def stored_numbers(self):
        return self.still.numel()


def noise(task, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=task.generator("noise", *shape))


def toy_keys(task, *, lr: LearningRate = 0.2, momentum: Momentum = 0.5, insertion: InsertionRule) -> Recipe:
    """Key-frames from noise, pulled towards the means, with insertion.

    Args:
        task: clips, videos per class, seed.
        lr: a rate.
        momentum: of SGD.
        insertion: when and where.
    """
    clips, real = noise(task, len(task.labels), *task.real.spec.shape), task.real
    videos = KeyFrames.from_clips(clips, [2] * len(clips), real.spec, real.class_names, task.labels)
    moving = Optimizer("sgd", {"frames": Group(resolved(lr), momentum)}, schedule="cosine", floor=0.1)
    return Recipe(videos, TowardMeans(), moving, (FrameInsertion(insertion),))


def toy_gain(task) -> Recipe:
    """Whole clips and a learned factor, under Adam."""
    videos = Dense(
        noise(task, len(task.labels), *task.real.spec.shape), task.real.spec, task.real.class_names, task.labels
    )
    return Recipe(videos, WithGain(), Optimizer("adam", {"frames": Group(0.1), "gain": Group(0.05)}))


def toy_paired(task) -> Recipe:
    """Still frames and shared motions, paired anew in every iteration."""
    still, motions = noise(task, len(task.labels), *task.real.spec.shape[1:]), noise(task, 3, *task.real.spec.shape)
    videos = Paired(still, motions, task.real.spec, task.real.class_names, task.labels)
    return Recipe(videos, TowardMeans(), Optimizer("sgd", {"still": Group(0.1), "motions": Group(0.02, 0.9)}))


@contextmanager
def plugged_in() -> Iterator[None]:
    """Register the toys, and forget them afterwards; files are not forced to the disk, which would cost most time."""
    for build in (toy_keys, toy_gain, toy_paired):
        lengths = {"small": 6, "published": 60}
        register_method(build.__name__, paper="none", stores="toys", iterations=lengths, rates=RATES)(build)
    NETWORKS.register("toy_flat")(Flat)
    replaced = {name: NETWORKS._items[name] for name in STAND_INS}
    NETWORKS._items.update(STAND_INS)
    PARAMETERIZATIONS.register("toy_paired")(Paired)
    try:
        with mock.patch.object(records.os, "fsync"):
            yield
    finally:
        for build in (toy_keys, toy_gain, toy_paired):
            METHODS._items.pop(build.__name__)
        NETWORKS._items.pop("toy_flat")
        NETWORKS._items.update(replaced)
        PARAMETERIZATIONS._items.pop("toy_paired")
