"""From class scores to accuracies: top-1, top-5, per class, confusion."""

from typing import Any, Literal

import torch
from torch import Tensor

__all__ = ["classification_scores"]

TOP_K = 5


def classification_scores(
    windows: Tensor, labels: Tensor, pooling: Literal["mean_softmax", "pooled"]
) -> dict[str, Any]:
    """Score predictions of a test split.

    Args:
        windows: class scores ``[W, N, C]`` of W clips of each of N videos.
        labels: int64 ``[N]``.
        pooling: as :class:`vidense.evaluation.spec.EvalSpec`.

    Returns:
        JSON types: ``answers`` (how many were judged: N, or W N when pooled), ``top1`` and ``top5`` in [0, 1] (``top5``
        is None with at most 5 classes, where it would be 1 by definition), ``per_class`` (accuracy of each class, None
        where a class has no test video) and ``confusion`` (``[true][predicted]`` counts).
    """
    classes = windows.shape[2]
    if pooling == "mean_softmax":
        answers, truth = windows.softmax(2).mean(0), labels
    else:
        answers, truth = windows.flatten(0, 1), labels.repeat(len(windows))
    confusion = torch.bincount(truth * classes + answers.argmax(1), minlength=classes**2).view(classes, classes)
    right, present = confusion.diagonal(), confusion.sum(1)
    top5 = None
    if classes > TOP_K:
        top5 = (answers.topk(TOP_K, 1).indices == truth[:, None]).any(1).double().mean().item()
    return {
        "answers": len(truth),
        "top1": right.sum().item() / len(truth),
        "top5": top5,
        "per_class": [
            hits / total if total else None for hits, total in zip(right.tolist(), present.tolist(), strict=True)
        ],
        "confusion": confusion.tolist(),
    }
