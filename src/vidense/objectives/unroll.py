"""The gradient of what a network becomes, by what it was trained on, without holding the graph of the training."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from vidense.nets import Network
from vidense.seeding import seeded

__all__ = ["InnerBatch", "Unrolled", "Weights"]

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class InnerBatch:
    """What one update of the network is made on.

    Attributes:
        clips: ``[n, T, 3, H, W]``; a graph behind them is not looked at.
        labels: of the clips, int64 ``[n]``.
        seed: of dropout.
    """

    clips: Tensor
    labels: Tensor
    seed: int


class Unrolled:
    """A training by plain SGD that is gone through once forwards and once backwards.

    The weights before every update are kept, neither graphs nor clips are: on the way back each update is computed
    again, a few clips at a time. With g the gradient of the mean cross entropy, H its Hessian and a the step size, the
    adjoint of the weights obeys v <- v - a H v, the clips of an update receive -a (dg/dx)' v, and the step size
    receives -g'v: the exact reverse mode, not an approximation.

    Attributes:
        by_step_size: gradient of the judgement by the step size, a scalar, as far as the way back has come.
    """

    def __init__(self, network: Network, start: Weights, step_size: float, chunk: int) -> None:
        """Begin at ``start``.

        Args:
            network: gives the shape of the computation; in training mode, no layer of it may mix clips.
            start: its weights before the first update.
            step_size: learning rate of the updates.
            chunk: most clips in one graph.
        """
        self.network, self.step_size, self.chunk = network, step_size, chunk
        self._path: list[dict[str, Tensor]] = [dict(start)]
        self._adjoint: Weights = {}
        self.by_step_size = torch.zeros((), device=next(iter(start.values())).device)

    def learn(self, batch: InnerBatch) -> None:
        """Take one update."""
        now = self._path[-1]
        gradient = {name: torch.zeros_like(value) for name, value in now.items()}
        leaves = {name: value.detach().requires_grad_() for name, value in now.items()}
        for part, clips in self._parts(batch):
            loss = self._loss(leaves, clips, batch, part)
            for name, value in zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True):
                gradient[name] += value
        self._path.append({name: value - self.step_size * gradient[name] for name, value in now.items()})

    def judge(self, loss_of: Callable[[Weights], Tensor]) -> Tensor:
        """Return the loss of where the training ended, a scalar without graph, and turn round.

        Args:
            loss_of: a differentiable function of the weights.
        """
        last = {name: value.detach().requires_grad_() for name, value in self._path.pop().items()}
        loss = loss_of(last)
        self._adjoint = dict(zip(last, torch.autograd.grad(loss, list(last.values())), strict=True))
        return loss.detach()

    def undo(self, batch: InnerBatch) -> Tensor:
        """Return the gradient of the judgement by the clips of an update; the last one first, each once.

        Args:
            batch: the same that :meth:`learn` was given.
        """
        leaves = {name: value.detach().requires_grad_() for name, value in self._path.pop().items()}
        curved = {name: torch.zeros_like(value) for name, value in leaves.items()}
        by_clips, slope = [], torch.zeros_like(self.by_step_size)
        for part, clips in self._parts(batch):
            clips.requires_grad_()
            loss = self._loss(leaves, clips, batch, part)
            gradient = torch.autograd.grad(loss, list(leaves.values()), create_graph=True)
            along = torch.stack([(g * v).sum() for g, v in zip(gradient, self._adjoint.values(), strict=True)]).sum()
            # The cross entropy is linear in the head's bias alone where nothing else moves; an absent derivative is 0.
            by_part, *by_weight = torch.autograd.grad(along, [clips, *leaves.values()], materialize_grads=True)
            by_clips.append(by_part)
            slope = slope + along.detach()
            for name, value in zip(leaves, by_weight, strict=True):
                curved[name] += value
        self.by_step_size = self.by_step_size - slope
        self._adjoint = {name: value - self.step_size * curved[name] for name, value in self._adjoint.items()}
        return -self.step_size * torch.cat(by_clips)

    def _parts(self, batch: InnerBatch) -> Iterator[tuple[slice, Tensor]]:
        for start in range(0, len(batch.labels), self.chunk):
            part = slice(start, start + self.chunk)
            yield part, batch.clips[part].detach()

    def _loss(self, weights: Weights, clips: Tensor, batch: InnerBatch, part: slice) -> Tensor:
        """Return a part's share of the mean cross entropy, under the same dropout whenever it is computed."""
        with seeded(batch.seed, "dropout", part.start):
            scores = functional_call(self.network, dict(weights), (clips,))
        return functional.cross_entropy(scores, batch.labels[part], reduction="sum") / len(batch.labels)
