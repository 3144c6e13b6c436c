"""A loss whose gradient was computed apart from it."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["known_gradient"]


class _Known(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, count: int, *rest: Tensor) -> Tensor:
        ctx.save_for_backward(*rest[count:])
        ctx.count = count
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        gradients = [outer[0] * known for known in ctx.saved_tensors]
        return (None, None, *gradients, *(None for _ in gradients))


def known_gradient(value: Tensor, inputs: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
    """Return a scalar equal to ``value`` that backpropagates ``gradients`` into ``inputs``.

    Objectives whose loss is made of gradients differentiate it themselves, with respect to the clips alone: the loop's
    own backward pass would also compute, and keep, what nobody needs at every weight of the network.

    Args:
        value: the loss, a scalar.
        inputs: tensors it depends on, each part of a graph or a leaf.
        gradients: of the loss by each input, shaped as they are.
    """
    result: Tensor = _Known.apply(value.detach(), len(inputs), *inputs, *gradients)  # type: ignore[no-untyped-call]
    return result
