"""The small loop that the optimising methods of this package share.

Not :mod:`vidense.engine`: its contracts hold clips of one shape ``[n, T, 3, H, W]`` with one label each, in batches.
Videos of features differ in length and have a label a frame.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from vidense.errors import DivergenceError
from vidense.saliency import masked_update
from vidense.seeding import Draw
from vidense.segmentation.sequences import SegmentKeys
from vidense.segmentation.task import Task

__all__ = ["BATCH", "Descent", "descend", "spread_of"]

# Videos whose graph is held at a time.
BATCH = 8


@dataclass(frozen=True)
class Descent:
    """How vectors are updated.

    Attributes:
        rate: first learning rate of Adam, as a share of the deviation of the features, so that it fits features of
            any scale; a cosine takes it to zero.
        betas: of Adam.
        mask: returns what the update of each vector is multiplied by, ``[K]``, of the videos as they are.
    """

    rate: float
    betas: tuple[float, float]
    mask: Callable[[SegmentKeys], Tensor] | None = None


def spread_of(vectors: Tensor) -> float:
    """Return the deviation of vectors ``[K, D]``, the mean over their D dimensions; 1 if they are all alike."""
    if len(vectors) < 2:
        return 1.0
    return vectors.std(0).mean().item() or 1.0


def descend(
    start: SegmentKeys,
    losses: Callable[[SegmentKeys, list[int], Draw], Tensor],
    how: Descent,
    task: Task,
    phase: str,
) -> SegmentKeys:
    """Return ``start`` after ``task.iterations`` updates of its vectors.

    Args:
        start: the videos to begin with.
        losses: maps the videos, the positions of a batch of them and a draw to a loss. In every iteration the videos
            are dealt over batches at random, and the losses of all of them are summed.
        how: the update.
        task: length, seed and device.
        phase: what the progress display says.

    Raises:
        DivergenceError: at the first loss that is not finite.
    """
    vectors = start.vectors.to(task.device).clone().requires_grad_()
    videos, tell = start.replaced(vectors), task.tell(phase)
    rate = how.rate * spread_of(start.vectors)
    optimizer = torch.optim.Adam([vectors], rate, how.betas)
    for step in range(task.iterations):
        draw = Draw(task.seed, (phase, step))
        mask = None if how.mask is None else how.mask(videos)
        optimizer.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / task.iterations))
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for number, batch in enumerate(_dealt(len(videos), draw)):
            loss = losses(videos, batch, Draw(draw.seed, (*draw.keys, number)))
            total += loss.item()
            loss.backward()  # type: ignore[no-untyped-call]
        if not math.isfinite(total):
            raise DivergenceError(f"the loss is {total} at iteration {step}; the features may be too large: scale them")
        _update(optimizer, vectors, mask)
        if tell is not None:
            tell(step + 1, task.iterations, total)
    return start.replaced(vectors.detach().cpu())


def _dealt(count: int, draw: Draw) -> Iterator[list[int]]:
    order = torch.randperm(count, generator=draw.generator("batches"))
    for part in order.tensor_split(-(-count // BATCH)):
        yield part.tolist()


@torch.no_grad()
def _update(optimizer: torch.optim.Optimizer, vectors: Tensor, mask: Tensor | None) -> None:
    before = vectors.clone()
    optimizer.step()
    if mask is not None:
        vectors.copy_(masked_update(before, vectors, mask))
