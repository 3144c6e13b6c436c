"""The gradient of what a network becomes, by what it was trained on, in memory that does not grow with the training."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from vidense.nets import Network
from vidense.seeding import seeded

__all__ = ["InnerStep", "Unrolled", "Weights", "unroll"]

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class InnerStep:
    """One update of the network.

    Attributes:
        source: which of the decoded clips it is trained on.
        rows: positions in them, int64 ``[n]``.
        labels: of those clips, int64 ``[n]``.
        seed: of dropout.
    """

    source: int
    rows: Tensor
    labels: Tensor
    seed: int


@dataclass(frozen=True)
class Unrolled:
    """What came of it.

    Attributes:
        loss: a scalar.
        clips: its gradient by each of the sources.
        step_size: its gradient by the step size, a scalar.
    """

    loss: Tensor
    clips: list[Tensor]
    step_size: Tensor


def unroll(
    network: Network,
    start: Weights,
    loss_of: Callable[[Weights], Tensor],
    sources: Sequence[Tensor],
    steps: Sequence[InnerStep],
    step_size: float,
    chunk: int,
) -> Unrolled:
    """Train ``network`` by plain SGD, judge its weights, and differentiate the judgement through all steps.

    The weights after every step are kept, the graphs are not: on the way back each step is computed again, ``chunk``
    clips at a time. With g the gradient of the mean cross entropy and H its Hessian, the adjoint of the weights obeys
    v <- v - a H v, the clips of a step receive -a (dg/dx)' v, and the step size a receives -g'v: the exact reverse
    mode, not an approximation.

    Args:
        network: gives the shape of the computation; in training mode, no layer of it may mix clips.
        start: its weights before the first step.
        loss_of: a differentiable function of the weights after the last.
        sources: decoded clips ``[n, T, 3, H, W]`` without graphs.
        steps: in order.
        step_size: learning rate of the steps.
        chunk: most clips in one graph.
    """
    path = [dict(start)]
    for step in steps:
        gradient = _gradient(network, path[-1], sources, step, chunk)
        path.append({name: value - step_size * gradient[name] for name, value in path[-1].items()})
    last = {name: value.detach().requires_grad_() for name, value in path.pop().items()}
    loss = loss_of(last)
    adjoint = dict(zip(last, torch.autograd.grad(loss, list(last.values())), strict=True))
    by_clips = [torch.zeros_like(source) for source in sources]
    by_size = torch.zeros((), device=loss.device)
    for step in reversed(steps):
        pulled = _pull_back(network, path.pop(), adjoint, sources, step, chunk)
        by_clips[step.source].index_add_(0, step.rows, -step_size * pulled.clips)
        by_size = by_size - pulled.slope
        adjoint = {name: value - step_size * pulled.curved[name] for name, value in adjoint.items()}
    return Unrolled(loss.detach(), by_clips, by_size)


@dataclass(frozen=True)
class _Pulled:
    """Derivatives of g'v: by the clips, by the weights (H v), and its value."""

    clips: Tensor
    curved: dict[str, Tensor]
    slope: Tensor


def _gradient(network: Network, weights: Weights, sources: Sequence[Tensor], step: InnerStep, chunk: int) -> Weights:
    leaves = {name: value.detach().requires_grad_() for name, value in weights.items()}
    total = {name: torch.zeros_like(value) for name, value in weights.items()}
    for part, clips in _parts(sources, step, chunk):
        loss = _loss(network, leaves, clips, step, part)
        for name, value in zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True):
            total[name] += value
    return total


def _pull_back(
    network: Network, weights: Weights, adjoint: Weights, sources: Sequence[Tensor], step: InnerStep, chunk: int
) -> _Pulled:
    leaves = {name: value.detach().requires_grad_() for name, value in weights.items()}
    curved = {name: torch.zeros_like(value) for name, value in weights.items()}
    by_clips, slope = [], torch.zeros((), device=step.rows.device)
    for part, clips in _parts(sources, step, chunk):
        clips.requires_grad_()
        loss = _loss(network, leaves, clips, step, part)
        gradient = torch.autograd.grad(loss, list(leaves.values()), create_graph=True)
        along = torch.stack([(g * v).sum() for g, v in zip(gradient, adjoint.values(), strict=True)]).sum()
        # The cross entropy is linear in the head's bias alone where nothing else moves; an absent derivative is zero.
        by_part, *by_weight = torch.autograd.grad(along, [clips, *leaves.values()], materialize_grads=True)
        by_clips.append(by_part)
        slope = slope + along.detach()
        for name, value in zip(leaves, by_weight, strict=True):
            curved[name] += value
    return _Pulled(torch.cat(by_clips), curved, slope)


def _parts(sources: Sequence[Tensor], step: InnerStep, chunk: int) -> Iterator[tuple[slice, Tensor]]:
    for start in range(0, len(step.rows), chunk):
        part = slice(start, start + chunk)
        yield part, sources[step.source][step.rows[part]].detach()


def _loss(network: Network, weights: Weights, clips: Tensor, step: InnerStep, part: slice) -> Tensor:
    """Return a part's share of the mean cross entropy, under the same dropout whenever it is computed."""
    with seeded(step.seed, "dropout", part.start):
        scores = functional_call(network, dict(weights), (clips,))
    return functional.cross_entropy(scores, step.labels[part], reduction="sum") / len(step.rows)
