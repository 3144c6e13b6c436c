"""Trains one network to classify labelled clips, and scores clips with it.

Nothing here knows whether the clips are real or condensed, nor what is done with the scores.
"""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidense.data.spec import LabelledClips
from vidense.errors import UserError
from vidense.nets import Network
from vidense.nets.precision import real_dtype
from vidense.seeding import Draw, generator, seeded

__all__ = ["FitRecord", "TrainingRecipe", "accuracy", "fit", "predict"]

# Clips up to this many bytes as float32 are decoded once and kept; larger sets are decoded batch by batch.
KEPT_BYTES = 2**30


@dataclass(frozen=True)
class TrainingRecipe:
    """How a network is trained; the defaults are the recipe of the ``clean`` protocol, chosen in docs/evaluation.md.

    A run lasts at least ``steps`` updates and at least ``epochs`` passes, whichever is longer: tiny sets get enough
    updates to fit, large ones enough passes to have seen everything often.

    Attributes:
        optimizer: ``sgd`` or ``adamw``.
        lr: highest learning rate, above 0.
        momentum: of SGD, in [0, 1).
        weight_decay: at least 0.
        batch: clips of one update, at least 1; the last batch of a pass holds what is left.
        steps: fewest updates.
        epochs: fewest passes over the clips.
        schedule: ``cosine`` to zero after the warm-up, or ``drop`` to a tenth with a fresh optimiser.
        warmup: share of all updates over which the rate rises linearly, in [0, 1); of ``cosine`` only.
        drop_after: passes before the drop; of ``drop`` only.
        clip_norm: gradients longer than this are scaled down to it; None leaves them alone.
        batch_standardise: subtract from every batch, trained on or scored, its own scalar mean and divide by its
            unbiased deviation, as the VDSD reference code does.
        precision: number type of the convolutions, as :func:`vidense.nets.precision.real_dtype` takes it.
        checks: how often, evenly spaced, validation clips are scored.
        test_batch: clips scored at once; moves numbers only with ``batch_standardise``.
    """

    optimizer: Literal["sgd", "adamw"] = "sgd"
    lr: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 5e-4
    batch: int = 16
    steps: int = 150
    epochs: int = 20
    schedule: Literal["cosine", "drop"] = "cosine"
    warmup: float = 0.1
    drop_after: int = 0
    clip_norm: float | None = 1.0
    batch_standardise: bool = False
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    checks: int = 5
    test_batch: int = 64

    def __post_init__(self) -> None:
        for name in ("batch", "checks", "test_batch"):
            if getattr(self, name) < 1:
                raise UserError(f"{name}={getattr(self, name)} is too small; give an integer of at least 1")
        if max(self.steps, self.epochs) < 1:
            raise UserError(f"steps={self.steps} and epochs={self.epochs} train nothing; raise one of them above 0")
        if not self.lr > 0:
            raise UserError(f"learning rate {self.lr} is not positive; give a number above 0")

    def on(self, device: torch.device) -> "TrainingRecipe":
        """Return the recipe with ``precision`` as it is on ``device``, so that what is hashed is what was run."""
        exact = real_dtype(device, self.precision) == torch.float32
        return replace(self, precision="float32" if exact else "bfloat16")

    def length(self, clips: int) -> int:
        """Return how many updates a set of ``clips`` clips gets."""
        return max(self.steps, self.epochs * self.per_epoch(clips))

    def per_epoch(self, clips: int) -> int:
        """Return how many updates one pass over ``clips`` clips takes."""
        return math.ceil(clips / self.batch)

    def rate(self, step: int, clips: int) -> float:
        """Return the learning rate of the 0-based update ``step``."""
        if self.schedule == "drop":
            return self.lr * (0.1 if step >= self.drop_after * self.per_epoch(clips) else 1.0)
        total = self.length(clips)
        rising = math.ceil(self.warmup * total)
        if step < rising:
            return self.lr * (step + 1) / rising
        return self.lr * 0.5 * (1 + math.cos(math.pi * (step - rising) / (total - rising)))


@dataclass(frozen=True)
class FitRecord:
    """What happened while a network was trained.

    Attributes:
        losses: training loss of every update, in order.
        checks: ``(updates done, validation accuracy)`` pairs.
        selected_step: updates after which the returned weights were taken.
        diverged_at: 0-based update whose loss, gradient or weights stopped being finite; None if all stayed finite.
            The network is then worthless and must not be scored.
    """

    losses: tuple[float, ...]
    checks: tuple[tuple[int, float], ...]
    selected_step: int
    diverged_at: int | None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types, losses to five digits."""
        checks = [list(check) for check in self.checks]
        return {**asdict(self), "losses": [float(f"{loss:.5g}") for loss in self.losses], "checks": checks}


def fit(
    network: Network,
    clips: LabelledClips,
    recipe: TrainingRecipe,
    seed: int,
    *,
    targets: Tensor | None = None,
    validation: Sequence[LabelledClips] = (),
    keep_best: bool = False,
    done: int = 0,
    progress: Callable[[int, int, float], None] | None = None,
) -> FitRecord:
    """Train ``network`` in place, on the device it is on, by cross entropy.

    Args:
        network: any network for the clips' spec.
        clips: at least one video.
        recipe: how.
        seed: of the order of the clips and of dropout; the same seed gives the same weights on one machine.
        targets: what to learn in place of ``clips.labels``: int64 ``[N]`` or class probabilities, float ``[N, C]``.
        validation: views whose pooled accuracy is recorded ``recipe.checks`` times.
        keep_best: end with the weights of the best check (the latest of equals) and not with the last ones.
        done: updates that an interrupted call had taken when it left ``network`` as it is; they are not taken again.
            Only an optimiser without memory (SGD without momentum) then ends where one call would have.
        progress: called after every update with updates done, all updates, and the loss.

    Returns:
        The record. Training stops at the first number that is not finite, and the record says so.

    Raises:
        UserError: if there are no clips.
    """
    count = len(clips.labels)
    if count == 0:
        raise UserError("there are no clips to train on; condense or choose at least one video")
    total = recipe.length(count)
    scored_at = {round(total * (i + 1) / recipe.checks) for i in range(recipe.checks)} if validation else set()
    student = _Student(network, clips, clips.labels if targets is None else targets, recipe, seed)
    losses: list[float] = []
    checks: list[tuple[int, float]] = []
    best: tuple[int, dict[str, Tensor]] | None = None
    for step, index in islice(enumerate(_batches(count, recipe.batch, total, seed)), done, None):
        loss = student.update(step, index)
        if loss is None:
            return FitRecord(tuple(losses), tuple(checks), step, step)
        losses.append(loss)
        if step + 1 in scored_at:
            checks.append((step + 1, accuracy(network, validation, recipe)))
            if keep_best and checks[-1][1] >= max(value for _, value in checks):
                best = step + 1, copy.deepcopy(network.state_dict())
        if progress is not None:
            progress(step + 1, total, loss)
    if not all(parameter.isfinite().all() for parameter in network.parameters()):
        return FitRecord(tuple(losses), tuple(checks), total, total - 1)
    if best is not None:
        network.load_state_dict(best[1])
    return FitRecord(tuple(losses), tuple(checks), best[0] if best else total, None)


@torch.no_grad()
def predict(network: Network, clips: LabelledClips, recipe: TrainingRecipe) -> Tensor:
    """Return class scores, float32 ``[N, C]`` on the CPU, of all clips in order, dropout off."""
    device = next(network.parameters()).device
    network.eval()
    scores = [torch.empty(0, network.classes)]
    everyone = torch.arange(len(clips.labels))
    for start in range(0, len(everyone), recipe.test_batch):
        index = everyone[start : start + recipe.test_batch]
        batch = _standardised(clips.decode(index).to(device), recipe)
        with _autocast(device, recipe):
            scores.append(network(batch).float().cpu())
    return torch.cat(scores)


def accuracy(network: Network, views: Sequence[LabelledClips], recipe: TrainingRecipe) -> float:
    """Return the share of clips of all ``views`` whose highest score is their label's, in [0, 1]."""
    right = [predict(network, view, recipe).argmax(1) == view.labels.cpu() for view in views]
    return torch.cat(right).float().mean().item()


class _Student:
    """A network being trained: its data, its optimiser, one update at a time."""

    def __init__(
        self, network: Network, clips: LabelledClips, targets: Tensor, recipe: TrainingRecipe, seed: int
    ) -> None:
        self.network, self.clips, self.recipe, self.seed = network, clips, recipe, seed
        self.device = next(network.parameters()).device
        self.targets = targets.to(self.device)
        # Decoding and moving a small set once saves doing so in every pass.
        kept = not clips.stochastic and len(targets) * math.prod(clips.spec.shape) * 4 <= KEPT_BYTES
        self.kept = clips.decode(torch.arange(len(targets))).to(self.device) if kept else None
        self.optimizer = _optimizer(network, recipe)

    def update(self, step: int, index: Tensor) -> float | None:
        """Take one step on the clips at ``index``; return the loss, or None where it or its gradient is not finite."""
        recipe, parameters = self.recipe, list(self.network.parameters())
        self._set_rate(step)
        batch = self._clips_of(step, index)
        self.network.train()
        with seeded(self.seed, "dropout", step), _autocast(self.device, recipe):
            scores = self.network(_standardised(batch, recipe))
        loss = F.cross_entropy(scores.float(), self.targets[index])
        value = loss.item()
        self.optimizer.zero_grad(set_to_none=True)
        if not math.isfinite(value):
            return None
        loss.backward()  # type: ignore[no-untyped-call]
        if recipe.clip_norm is not None and not nn.utils.clip_grad_norm_(parameters, recipe.clip_norm).isfinite():
            return None
        self.optimizer.step()
        return value

    def _clips_of(self, step: int, index: Tensor) -> Tensor:
        if self.kept is not None:
            return self.kept[index]
        return self.clips.decode(index, Draw(self.seed, ("update", step))).to(self.device)

    def _set_rate(self, step: int) -> None:
        count = len(self.targets)
        rate = self.recipe.rate(step, count)
        if self.recipe.schedule == "drop" and step == self.recipe.drop_after * self.recipe.per_epoch(count):
            # The reference makes a new optimiser here, so its momentum starts again from zero.
            self.optimizer = _optimizer(self.network, self.recipe)
        for group in self.optimizer.param_groups:
            group["lr"] = rate


def _optimizer(network: Network, recipe: TrainingRecipe) -> torch.optim.Optimizer:
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(network.parameters(), recipe.lr, weight_decay=recipe.weight_decay)
    return torch.optim.SGD(network.parameters(), recipe.lr, momentum=recipe.momentum, weight_decay=recipe.weight_decay)


def _batches(count: int, size: int, total: int, seed: int) -> Iterator[Tensor]:
    done = epoch = 0
    while done < total:
        order = torch.randperm(count, generator=generator(seed, "epoch", epoch))
        for start in range(0, count, size)[: total - done]:
            yield order[start : start + size]
            done += 1
        epoch += 1


def _standardised(batch: Tensor, recipe: TrainingRecipe) -> Tensor:
    return (batch - batch.mean()) / batch.std() if recipe.batch_standardise else batch


def _autocast(device: torch.device, recipe: TrainingRecipe) -> torch.autocast:
    dtype = real_dtype(device, recipe.precision)
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype is torch.bfloat16)
