"""Trains one network to classify labelled clips, and scores clips with it.

Nothing here knows whether the clips are real or condensed, nor what is done with the scores.
"""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidense.checkpoints import Checkpoint
from vidense.data.spec import LabelledClips
from vidense.errors import UserError
from vidense.nets import Network
from vidense.nets.precision import real_dtype
from vidense.progress import LossProgress
from vidense.seeding import Draw, generator, seeded
from vidense.training_recipe import TrainingRecipe

__all__ = ["FitRecord", "Lesson", "accuracy", "embeddings", "fit", "predict"]

# Clips up to this many bytes as float32 are decoded once and kept; larger sets are decoded batch by batch.
KEPT_BYTES = 2**30

# Clips [n, T, 3, H, W] and targets of an update, and where randomness may come from.
Lesson = Callable[[Tensor, Tensor, Draw], tuple[Tensor, Tensor]]


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
    lesson: Lesson | None = None,
    validation: Sequence[LabelledClips] = (),
    keep_best: bool = False,
    done: int = 0,
    checkpoint: Checkpoint | None = None,
    progress: LossProgress | None = None,
) -> FitRecord:
    """Train ``network`` in place, on the device it is on, by cross entropy.

    Args:
        network: any network for the clips' spec.
        clips: at least one video.
        recipe: how.
        seed: of the order of the clips and of dropout; the same seed gives the same weights on one machine.
        targets: to learn in place of ``clips.labels``: int64 ``[N]`` or float ``[N, C]``, probabilities or scores.
        lesson: maps the clips of an update and their targets to those that are learned instead (mixed clips, a
            teacher's labels); it draws from nothing but the draw it is handed.
        validation: views whose pooled accuracy is recorded ``recipe.checks`` times.
        keep_best: end with the weights of the best check (the latest of equals) and not with the last ones.
        done: updates that an interrupted call had taken when it left ``network`` as it is; they are not taken again.
            Only an optimiser without memory (SGD without momentum) then ends where one call would have.
        checkpoint: of an interrupted call with the same arguments, taken up so that this call ends where one would
            have. The caller discards it once what was trained is safe.
        progress: called after every update with updates done, all updates, and the loss.

    Returns:
        The record. Training stops at the first number that is not finite, and the record says so.

    Raises:
        UserError: if there are no clips, or the checkpoint cannot be read.
    """
    count = len(clips.labels)
    if count == 0:
        raise UserError("there are no clips to train on; condense or choose at least one video")
    total = recipe.length(count)
    scored_at = {round(total * (i + 1) / recipe.checks) for i in range(recipe.checks)} if validation else set()
    student = _Student(network, clips, clips.labels if targets is None else targets, lesson, recipe, seed)
    if checkpoint is not None and (state := checkpoint.load(student.device)) is not None:
        student.load_state_dict(state)
        done = len(student.losses)
    for step, index in islice(enumerate(_batches(count, recipe.batch, total, seed)), done, None):
        loss = student.update(step, index)
        if loss is None:
            return student.record(step, diverged_at=step)
        if step + 1 in scored_at:
            student.check(step + 1, validation, keep_best)
        if checkpoint is not None:
            checkpoint.keep(student.state_dict)
        if progress is not None:
            progress(step + 1, total, loss)
    if not all(parameter.isfinite().all() for parameter in network.parameters()):
        return student.record(total, diverged_at=total - 1)
    return student.record(student.take_best() or total)


def predict(network: Network, clips: LabelledClips, recipe: TrainingRecipe) -> Tensor:
    """Return class scores, float32 ``[N, C]`` on the CPU, of all clips in order, dropout off."""
    return torch.cat([torch.empty(0, network.classes), *_shown(network, network, clips, recipe)])


def embeddings(network: Network, clips: LabelledClips, recipe: TrainingRecipe) -> Tensor:
    """Return embeddings, float32 ``[N, E]`` on the CPU, of all clips in order, shown as :func:`predict` shows them."""
    return torch.cat([torch.empty(0, network.embed_size), *_shown(network, network.embed, clips, recipe)])


def accuracy(network: Network, views: Sequence[LabelledClips], recipe: TrainingRecipe) -> float:
    """Return the share of clips of all ``views`` whose highest score is their label's, in [0, 1]."""
    right = [predict(network, view, recipe).argmax(1) == view.labels.cpu() for view in views]
    return torch.cat(right).float().mean().item()


@torch.no_grad()
def _shown(
    network: Network, answer: Callable[[Tensor], Tensor], clips: LabelledClips, recipe: TrainingRecipe
) -> list[Tensor]:
    """Return what ``network``, asked through ``answer``, gives for each batch of clips."""
    device = next(network.parameters()).device
    network.eval()
    answers = []
    everyone = torch.arange(len(clips.labels))
    for start in range(0, len(everyone), recipe.test_batch):
        index = everyone[start : start + recipe.test_batch]
        batch = _standardised(clips.decode(index).to(device), recipe)
        with _autocast(device, recipe):
            answers.append(answer(batch).float().cpu())
    return answers


class _Student:
    """A network being trained: its data, its optimiser, one update at a time, and how it went so far."""

    def __init__(
        self,
        network: Network,
        clips: LabelledClips,
        targets: Tensor,
        lesson: Lesson | None,
        recipe: TrainingRecipe,
        seed: int,
    ) -> None:
        self.network, self.clips, self.lesson, self.recipe, self.seed = network, clips, lesson, recipe, seed
        self.device = next(network.parameters()).device
        self.targets = targets.to(self.device)
        # Decoding and moving a small set once saves doing so in every pass.
        kept = not clips.stochastic and len(targets) * math.prod(clips.spec.shape) * 4 <= KEPT_BYTES
        self.kept = clips.decode(torch.arange(len(targets))).to(self.device) if kept else None
        self.optimizer = _optimizer(network, recipe)
        self.losses: list[float] = []
        self.checks: list[tuple[int, float]] = []
        self.best: tuple[int, dict[str, Tensor]] | None = None

    def update(self, step: int, index: Tensor) -> float | None:
        """Take one step on the clips at ``index``; return the loss, or None where it or its gradient is not finite."""
        recipe, parameters = self.recipe, list(self.network.parameters())
        self._set_rate(step)
        batch, targets = self._clips_of(step, index), self.targets[index]
        if self.lesson is not None:
            batch, targets = self.lesson(batch, targets, Draw(self.seed, ("lesson", step)))
        self.network.train()
        with seeded(self.seed, "dropout", step), _autocast(self.device, recipe):
            scores = self.network(_standardised(batch, recipe))
        loss = _loss(scores.float(), targets, recipe)
        value = loss.item()
        self.optimizer.zero_grad(set_to_none=True)
        if not math.isfinite(value):
            return None
        loss.backward()  # type: ignore[no-untyped-call]
        if recipe.clip_norm is not None and not nn.utils.clip_grad_norm_(parameters, recipe.clip_norm).isfinite():
            return None
        self.optimizer.step()
        self.losses.append(value)
        return value

    def check(self, done: int, validation: Sequence[LabelledClips], keep: bool) -> None:
        """Note the accuracy on ``validation`` and, where it is to be kept, the network if none was better so far."""
        value = accuracy(self.network, validation, self.recipe)
        self.checks.append((done, value))
        if keep and value >= max(value for _, value in self.checks):
            self.best = done, copy.deepcopy(self.network.state_dict())

    def take_best(self) -> int | None:
        """Go back to the network that was kept; return its updates, None where none was."""
        if self.best is None:
            return None
        done, weights = self.best
        self.network.load_state_dict(weights)
        return done

    def record(self, selected: int, diverged_at: int | None = None) -> FitRecord:
        """Return how the training went."""
        return FitRecord(tuple(self.losses), tuple(self.checks), selected, diverged_at)

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next update and the record depend on."""
        course = {"losses": self.losses, "checks": self.checks, "best": self.best}
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(), "course": course}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state_dict` returned."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        vars(self).update(state["course"])

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


def _loss(scores: Tensor, targets: Tensor, recipe: TrainingRecipe) -> Tensor:
    if recipe.loss == "mse":
        return (scores - targets).square().sum(1).mean()
    return F.cross_entropy(scores, targets)


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
