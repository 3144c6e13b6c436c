"""Kernel ridge regression from synthetic to real videos, on features of networks that learn along the way.

Source: FRePo (Zhou et al., NeurIPS 2022), section 3, and the code that VDSD (CVPR 2024) runs it with on videos.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from vidense.data.real import RealClips
from vidense.errors import UserError
from vidense.nets import Network, build_network
from vidense.objectives.base import Objective, Step
from vidense.objectives.known_gradient import known_gradient
from vidense.objectives.network_pool import NetworkPool, Turns
from vidense.objectives.real_batches import RealBatches, chunk_size, real_embeddings
from vidense.parameterizations.base import Parameterization

__all__ = ["KernelRegression", "centred", "initial_labels", "label_margin", "predicted"]

RIDGE = 1e-6


def centred(labels: Tensor, classes: int) -> Tensor:
    """Return what regression aims at for ``labels`` (int64 ``[n]``): one-hot minus 1/C, float32 ``[n, C]``."""
    return functional.one_hot(labels, classes).float() - 1 / classes


def initial_labels(labels: Tensor, classes: int) -> Tensor:
    """Return what synthetic videos of ``labels`` start from: :func:`centred` over sqrt(C/10), float32 ``[n, C]``."""
    return centred(labels, classes) / math.sqrt(classes / 10)


def predicted(features: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
    """Return what kernel ridge regression predicts: K_ts (K_ss + r tr(K_ss)/n I)^-1 Y, r = 1e-6.

    Args:
        features: of synthetic clips ``[n, E]``.
        labels: Y ``[n, C]``.
        queries: features of real clips ``[m, E]``.

    Returns:
        float64 ``[m, C]``, because the ridge is of the size of float32's rounding. Not finite where the features are
        not, or are all zero.
    """
    features, labels, queries = features.double(), labels.double(), queries.double()
    kernel = features @ features.T
    ridge = RIDGE * kernel.trace() / len(kernel) * torch.eye(len(kernel), dtype=kernel.dtype, device=kernel.device)
    # The checked solver would raise on numbers that are not finite; the loop says better what that means.
    weights, _ = torch.linalg.solve_ex(kernel + ridge, labels)
    found: Tensor = queries @ features.T @ weights
    return found


def label_margin(labels: Tensor) -> Tensor:
    """Return minus the mean margin of ``labels`` ``[n, C]``, a margin being largest minus second, at most 1/C."""
    first, second = labels.topk(2, dim=1).values.unbind(1)
    return -(first - second).clamp(max=1 / labels.shape[1]).mean()


class KernelRegression(Objective):
    """Regresses real labels on features under one network of a pool, which then learns a step from the videos.

    The loss is the squared error summed over classes, its mean over the real batch, plus :func:`label_margin`. It ties
    all synthetic videos together, but only through their features: it is differentiated by these, and the clips are
    embedded again, a chunk at a time, to carry that gradient on. So memory does not grow with their number.
    """

    def __init__(self, batches: RealBatches, turns: Turns) -> None:
        """Regress the labels of real clips as ``batches`` draws them, under networks that take ``turns``."""
        self.batches, self.turns = batches, turns
        self._pool: NetworkPool | None = None

    def prepare(self, real: RealClips) -> None:
        """Start with an empty pool.

        Raises:
            UserError: if there is only one class.
        """
        spec, classes = real.spec, len(real.class_names)
        if classes < 2:
            raise UserError(f"kernel regression tells classes apart, and these clips have {classes}; give at least 2")

        def build(seed: int) -> Network:
            return build_network(self.batches.network, spec, classes, seed=seed)

        self._pool = NetworkPool(self.turns, build)

    def losses(self, synthetic: Parameterization, real: RealClips, step: Step) -> Iterator[Tensor]:
        """Yield the loss with its gradient on one chunk of videos and all labels, then what the other chunks get."""
        device, classes = synthetic.labels.device, len(synthetic.class_names)
        network = self._ready().pick(step, device)
        queries, wanted = self._real(network, real, classes, step)

        def embed(videos: Tensor) -> Tensor:
            return network.embed(synthetic.decode(videos, step.draw))

        *others, last = torch.split(torch.arange(len(synthetic), device=device), chunk_size(device))
        with torch.no_grad():
            found = [embed(videos) for videos in others]
        # This chunk keeps its graph, so that few videos are embedded once.
        kept = embed(last)
        features = torch.cat([*found, kept.detach()]).requires_grad_()
        labels = _targets(synthetic).requires_grad_()
        loss = (predicted(features, labels, queries) - wanted).square().sum(1).mean() + label_margin(labels)
        by_features, by_labels = torch.autograd.grad(loss, [features, labels])
        *rest, own = torch.split(by_features, chunk_size(device))
        if synthetic.soft_labels is None:
            yield known_gradient(loss, [kept], [own])
        else:
            yield known_gradient(loss, [kept, synthetic.soft_labels], [own, by_labels])
        for videos, gradient in zip(others, rest, strict=True):
            yield known_gradient(torch.zeros_like(loss), [embed(videos)], [gradient])

    def after_update(self, synthetic: Parameterization, step: Step) -> None:
        """Train the network of this iteration on the updated videos and labels."""
        self._ready().train(step, synthetic.frozen(), _targets(synthetic))

    def bytes_to_come(self) -> int:
        """Return what the networks take that were not picked yet."""
        return self._ready().bytes_to_come()

    def state_dict(self) -> dict[str, Any]:
        """Return the pool's state."""
        return self._ready().state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Hand the state to the pool."""
        self._ready().load_state_dict(state)

    def _ready(self) -> NetworkPool:
        if self._pool is None:
            raise RuntimeError("prepare() must come before the first iteration")
        return self._pool

    def _real(self, network: Network, real: RealClips, classes: int, step: Step) -> tuple[Tensor, Tensor]:
        """Return features ``[m, E]`` and centred labels ``[m, C]`` of the iteration's real clips, class by class."""
        for_real = self.batches.for_real(network)
        found = real_embeddings(for_real, real, [self.batches.draw(real, label, step) for label in range(classes)])
        labels = torch.arange(classes).repeat_interleave(torch.tensor([len(part) for part in found]))
        queries = torch.cat(found)
        return queries, centred(labels, classes).to(queries.device)


def _targets(synthetic: Parameterization) -> Tensor:
    """Return the labels that synthetic videos carry into the regression ``[N, C]``, off the graph."""
    if synthetic.soft_labels is None:
        return initial_labels(synthetic.labels, len(synthetic.class_names))
    return synthetic.soft_labels.detach()
