"""How a network is trained, as one frozen value that can be hashed."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import torch

from vidense.errors import UserError
from vidense.nets.precision import real_dtype

__all__ = ["TrainingRecipe"]

# Raised when the same recipe comes to train other weights: what was trained before is then trained again.
VERSION = 1


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
        loss: ``cross_entropy``, or ``mse``: squared error summed over classes, for targets that are no probabilities.
        schedule: ``cosine`` to zero after the warm-up, ``drop`` to a tenth with a fresh optimiser, or ``constant``.
        floor: what share of ``lr`` the cosine ends at, in [0, 1].
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
    loss: Literal["cross_entropy", "mse"] = "cross_entropy"
    schedule: Literal["cosine", "drop", "constant"] = "cosine"
    floor: float = 0.0
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

    def identity(self) -> dict[str, Any]:
        """Return what decides which weights it trains, as JSON types."""
        # Of the first version nothing is said, so that what was trained before there was another is found.
        return asdict(self) | ({"version": VERSION} if VERSION > 1 else {})

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
        if self.schedule == "constant":
            return self.lr
        if self.schedule == "drop":
            return self.lr * (0.1 if step >= self.drop_after * self.per_epoch(clips) else 1.0)
        total = self.length(clips)
        rising = math.ceil(self.warmup * total)
        if step < rising:
            return self.lr * (step + 1) / rising
        falling = 0.5 * (1 + math.cos(math.pi * (step - rising) / (total - rising)))
        return self.lr * (self.floor + (1 - self.floor) * falling)
