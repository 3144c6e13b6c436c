"""Trains an MS-TCN on labelled sequences, and labels the frames of others with it.

Source: Farha and Gall, MS-TCN (CVPR 2019), sections 3.3 and 4, and its code: Adam at 5e-4, one video an update.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from vidense.errors import DivergenceError
from vidense.progress import LossProgress
from vidense.seeding import generator, seeded
from vidense.segmentation.ms_tcn import MsTcn
from vidense.segmentation.sequences import LabelledSequences

__all__ = ["fit", "predict", "segmentation_loss"]

LR = 5e-4
SMOOTHING, LARGEST_CHANGE = 0.15, 16.0


def segmentation_loss(scores: Sequence[Tensor], labels: Tensor) -> Tensor:
    """Return cross entropy plus 0.15 times the truncated squared change of log-probabilities, summed over stages.

    MS-TCN equations 4 to 7. The change is from the frame before, whose log-probabilities get no gradient; its square is
    cut at 16 and averaged over frames and classes.

    Args:
        scores: of each stage, ``[1, C, T]``.
        labels: int64 ``[T]``, on the scores' device.
    """
    total = scores[0].new_zeros(())
    for stage in scores:
        total = total + functional.cross_entropy(stage, labels[None])
        # A single frame has none before it.
        if stage.shape[2] > 1:
            later, earlier = stage[:, :, 1:].log_softmax(1), stage[:, :, :-1].detach().log_softmax(1)
            total = total + SMOOTHING * (later - earlier).square().clamp(max=LARGEST_CHANGE).mean()
    return total


def fit(
    network: MsTcn, videos: LabelledSequences, *, updates: int, seed: int, progress: LossProgress | None = None
) -> float:
    """Train ``network`` in place, on the device it is on.

    Args:
        network: for the features and classes of ``videos``.
        videos: at least one.
        updates: how many, each on one video; every pass has an order of its own.
        seed: of the orders and of dropout; the same seed gives the same weights on one machine.
        progress: called after every update.

    Returns:
        The mean loss of the last pass (of all updates where there were fewer).

    Raises:
        DivergenceError: at the first loss that is not finite.
    """
    device = next(network.parameters()).device
    optimizer = torch.optim.Adam(network.parameters(), LR)
    network.train()
    losses: list[float] = []
    for step in range(updates):
        epoch, place = divmod(step, len(videos))
        if place == 0:
            order = torch.randperm(len(videos), generator=generator(seed, "epoch", epoch)).tolist()
        features, labels = videos.features(order[place]).to(device), videos.labels(order[place]).to(device)
        with seeded(seed, "dropout", step):
            loss = segmentation_loss(network(features[None]), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise DivergenceError(
                f"the loss is {losses[-1]} at update {step}; the features may be too large: scale them"
            )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if progress is not None:
            progress(step + 1, updates, losses[-1])
    last = losses[-len(videos) :]
    return sum(last) / len(last)


@torch.no_grad()
def predict(network: MsTcn, features: Tensor) -> Tensor:
    """Return each frame's class by the last stage, int64 ``[T]`` on the CPU, of features ``[D, T]``; no dropout."""
    device = next(network.parameters()).device
    network.eval()
    found: Tensor = network(features[None].to(device))[-1][0].argmax(0).cpu()
    return found
