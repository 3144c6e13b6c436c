"""Trajectory matching: train on synthetic clips from where an expert was, end where the expert ended up.

Source: MTT (Cazenavette et al., CVPR 2022); the growing range of starts is DATM's (Guo et al., ICLR 2024).
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vidense.data.real import RealClips
from vidense.errors import UserError
from vidense.nets import Network, build_network
from vidense.objectives.base import Objective, Step
from vidense.objectives.known_gradient import known_gradient
from vidense.objectives.real_batches import chunk_size
from vidense.objectives.unroll import InnerBatch, Unrolled, Weights
from vidense.option_types import Count, Rate
from vidense.parameterizations.base import Parameterization
from vidense.seeding import Draw, derive, generator
from vidense.trajectories import Expert

__all__ = ["Following", "TrajectoryMatching", "relative_distance", "student"]

# The reference clips the learned step size from below.
SMALLEST_STEP = 1e-3
# Most clips in one graph: differentiated twice, a clip of 16x112x112 takes 88 MiB.
CHUNK = 32


def relative_distance(reached: Weights, start: Weights, target: Weights) -> Tensor:
    """Return the squared distance of what was reached to the target, in units of start to target (MTT equation 3)."""
    missed = torch.stack([(reached[name] - target[name]).square().sum() for name in target]).sum()
    whole = torch.stack([(start[name] - target[name]).square().sum() for name in target]).sum()
    return missed / whole


def student(network: str, real: RealClips) -> Network:
    """Return a fresh network for clips like ``real``; it is known before experts are trained whether it may be one.

    Raises:
        UserError: if it cannot take the clips, or its layers mix clips.
    """
    built = build_network(network, real.spec, len(real.class_names), seed=0)
    if any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in built.modules()):
        raise UserError(f"network={network!r} normalises over batches, which trajectories cannot; use minic3d")
    return built


@dataclass(frozen=True)
class Following:
    """How experts are followed.

    Attributes:
        syn_steps: updates on synthetic clips.
        expert_epochs: epochs of the expert that they shall cover.
        batch_syn: synthetic clips of one update; None for all.
        step_size: learning rate of the updates at the start; it is learned.
        lr_step_size: learning rate of that learning rate.
        max_start: starts are drawn from the expert's first epochs, up to this one exclusive.
        min_start: and from this one on.
        first_max_start: DATM's schedule: ``max_start`` begins here and grows linearly; None for no schedule.
        expansion: share of the run after which it is reached, in (0, 1].
    """

    syn_steps: Count = 10
    expert_epochs: Count = 1
    batch_syn: Count | None = None
    step_size: Rate = 0.01
    lr_step_size: Rate = 1e-5
    max_start: Count = 10
    min_start: int = 0
    first_max_start: Count | None = None
    expansion: float = 0.5

    def __post_init__(self) -> None:
        first = self.max_start if self.first_max_start is None else self.first_max_start
        if not 0 <= self.min_start < first <= self.max_start:
            raise UserError(
                f"min_start={self.min_start}, first_max_start={self.first_max_start} and max_start={self.max_start} "
                "must be in this order, min_start at least 0 and below the others"
            )
        if not 0 < self.expansion <= 1:
            raise UserError(f"expansion={self.expansion} is a share of the run; give a number above 0, at most 1")

    @property
    def epochs(self) -> int:
        """How many epochs experts must have been trained."""
        return self.max_start - 1 + self.expert_epochs

    def starts(self, step: Step) -> range:
        """Return the epochs that may be started from in an iteration."""
        if self.first_max_start is None:
            return range(self.min_start, self.max_start)
        share = min(1.0, step.index / (self.expansion * step.total))
        grown = self.first_max_start + int(share * (self.max_start - self.first_max_start))
        return range(self.min_start, grown)


class TrajectoryMatching(Objective):
    """Matches where training on the synthetic clips leads, one expert and one start an iteration.

    Attributes:
        step_size: learned with the clips (group ``step_size``), never below 0.001.
    """

    def __init__(self, experts: Sequence[Expert], network: str, following: Following) -> None:
        """Follow ``experts``, networks called ``network``."""
        self.experts, self.network, self.following = experts, network, following
        self.step_size = nn.Parameter(torch.tensor(following.step_size))
        self._student: Network | None = None
        self._telemetry: dict[str, Any] = {}

    def prepare(self, real: RealClips) -> None:
        """Build the network that experts and student have in common.

        Raises:
            UserError: as :func:`student`.
        """
        self._student = student(self.network, real).place(real.device).train().requires_grad_(False)
        self.step_size.data = self.step_size.data.to(real.device)

    def losses(self, synthetic: Parameterization, real: RealClips, step: Step) -> Iterator[Tensor]:
        """Yield nothing but gradients, update by update from the last, and then the loss with the step size's.

        Clips are decoded anew whenever an update needs them, so that those of one update are held, however many there
        are.
        """
        if self._student is None:
            raise RuntimeError("prepare() must come before the first iteration")
        starts, draw = self.following.starts(step), step.draw
        epoch = starts[int(torch.randint(len(starts), (), generator=draw.generator("start")))]
        expert, device = self._expert(step), synthetic.labels.device
        start, target = (
            {name: value.to(device) for name, value in expert.weights(at).items()}
            for at in (epoch, epoch + self.following.expert_epochs)
        )
        updates = list(enumerate(_batches(len(synthetic), self.following.batch_syn, self.following.syn_steps, draw)))
        training = Unrolled(self._student, start, self.step_size.item(), min(chunk_size(device), CHUNK))
        for number, rows in updates:
            training.learn(_inner_batch(synthetic, rows, draw, number))
        loss = training.judge(lambda reached: relative_distance(reached, start, target))
        self._telemetry = {"start": epoch, "step_size": self.step_size.item()}
        for number, rows in reversed(updates):
            inner = _inner_batch(synthetic, rows, draw, number)
            yield known_gradient(torch.zeros_like(loss), [inner.clips], [training.undo(inner)])
        yield known_gradient(loss, [self.step_size], [training.by_step_size])

    def held_out_loss(self, synthetic: Parameterization, real: RealClips, seed: int) -> float:
        """Return the loss of one iteration that no run takes: every one is as long as ten of other methods."""
        judge = deepcopy(self)
        return sum(loss.item() for loss in judge.losses(synthetic, real, Step(0, 1, derive(seed, "held-out"))))

    @torch.no_grad()
    def after_update(self, synthetic: Parameterization, step: Step) -> None:
        """Keep the step size from vanishing."""
        self.step_size.clamp_(min=SMALLEST_STEP)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """One group, ``step_size``."""
        return {"step_size": [self.step_size]}

    def telemetry(self) -> dict[str, Any]:
        """Return the start's epoch and the step size."""
        return self._telemetry

    def outcome(self) -> dict[str, Any]:
        """Return the learned step size, the learning rate that the videos are meant to be trained with."""
        return {"step_size": round(self.step_size.item(), 6)}

    def _expert(self, step: Step) -> Expert:
        """Return the iteration's expert: all of them, in random order, then all again."""
        turn, place = divmod(step.index, len(self.experts))
        order = torch.randperm(len(self.experts), generator=generator(step.seed, "experts", turn))
        return self.experts[int(order[place])]


def _inner_batch(synthetic: Parameterization, batch: Tensor, draw: Draw, number: int) -> InnerBatch:
    """Return what update ``number`` is made on; stochastic videos show other clips in every update."""
    rows, seed = batch.to(synthetic.labels.device), draw.derive("inner", number)
    return InnerBatch(synthetic.decode(rows, Draw(seed)), synthetic.labels[rows], seed)


def _batches(count: int, size: int | None, number: int, draw: Draw) -> Iterator[Tensor]:
    """Yield ``number`` batches of distinct videos: pass after pass over all of them, each in an order of its own."""
    size = min(size or count, count)
    waiting: list[Tensor] = []
    for passes in range(number):
        if not waiting:
            order = torch.randperm(count, generator=draw.generator("order", passes))
            waiting = list(torch.split(order, size))
        yield waiting.pop(0)
