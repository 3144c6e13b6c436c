"""Action retrieval: how often a clip of the same class is among the nearest."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from vidense.data.real import RealClips
from vidense.data.spec import LabelledClips
from vidense.nets import Network
from vidense.training import embeddings
from vidense.training_recipe import TrainingRecipe

__all__ = ["RANKS", "recall", "retrieval_scores"]

RANKS = (1, 5, 10, 20)
# Queries searched with at once: all of them beside a large gallery would not fit into memory.
BLOCK = 256


def retrieval_scores(
    network: Network, views: Sequence[LabelledClips], test: RealClips, train: RealClips, recipe: TrainingRecipe
) -> dict[str, Any]:
    """Search with every test video, in three ways, for PRISM (section 5, table 7) does not say which is its own.

    Args:
        network: its embeddings have length 1.
        views: windows of the test videos; a video is where its windows are on average.
        test: the test videos, for their classes and sources.
        train: the training videos.
        recipe: how the network was trained, which decides how clips are shown to it.

    Returns:
        ``recall1``: Recall@1 of ``in_train``, the figure that rows are ranked by. ``in_train``: among the training
        videos. ``in_test``: among the other test videos. ``other_sources``: among the other test videos without
        the siblings of the query (videos of its class and its group), which are easy to find. Each as :func:`recall`
        returns it.
    """
    queries = F.normalize(torch.stack([embeddings(network, view, recipe) for view in views]).mean(0), dim=1)
    gallery = F.normalize(embeddings(network, train, recipe), dim=1)
    labels, own, sources = test.labels.cpu(), torch.arange(len(queries)), test.sources
    scores = {
        "in_train": recall(queries, labels, gallery, train.labels.cpu()),
        "in_test": recall(queries, labels, queries, labels, hidden=(own, own)),
        "other_sources": recall(queries, labels, queries, labels, hidden=(sources, sources)),
    }
    return {"recall1": scores["in_train"]["recall"][0], **scores}


def recall(
    queries: Tensor,
    labels: Tensor,
    gallery: Tensor,
    gallery_labels: Tensor,
    *,
    hidden: tuple[Tensor, Tensor] | None = None,
) -> dict[str, Any]:
    """Return Recall@K: the share of queries with at least one of their class among the K nearest by cosine.

    Args:
        queries: unit vectors ``[q, E]``.
        labels: their classes, int64 ``[q]``.
        gallery: unit vectors ``[g, E]``.
        gallery_labels: their classes, int64 ``[g]``.
        hidden: a number for each query, int64 ``[q]``, and for each of the gallery, int64 ``[g]``: what has its own
            number a query may not find.

    Returns:
        JSON types. ``queries``: how many had anything of their class to find; the others cannot be right and are left
        out. ``recall``: in [0, 1] at 1, 5, 10 and 20, of those; None where there are none. ``chance``: the same for a
        gallery in random order.
    """
    found, sizes, hits = [], [], []
    for rows in torch.split(torch.arange(len(queries)), BLOCK):
        near, right = queries[rows] @ gallery.T, labels[rows, None] == gallery_labels
        allowed = torch.ones_like(right) if hidden is None else hidden[0][rows, None] != hidden[1]
        best = near.masked_fill(~allowed, -torch.inf).topk(min(RANKS[-1], len(gallery)), dim=1).indices
        found.append((right & allowed).gather(1, best))
        sizes.append(allowed.sum(1))
        hits.append((right & allowed).sum(1))
    return _scores(torch.cat(found), torch.cat(sizes), torch.cat(hits))


def _scores(found: Tensor, sizes: Tensor, hits: Tensor) -> dict[str, Any]:
    """Return what :func:`recall` does.

    Args:
        found: which of the nearest, nearest first, are of the query's class, bool ``[q, K]``.
        sizes: how many a query may find, int64 ``[q]``.
        hits: how many of those are of its class, int64 ``[q]``.
    """
    asked = hits > 0
    if not asked.any():
        return {"queries": 0, "recall": [None] * len(RANKS), "chance": [None] * len(RANKS)}
    return {
        "queries": int(asked.sum()),
        "recall": [found[asked, :rank].any(1).double().mean().item() for rank in RANKS],
        "chance": [_chance(sizes[asked], hits[asked], rank) for rank in RANKS],
    }


def _chance(sizes: Tensor, hits: Tensor, rank: int) -> float:
    """Return how often at least one of ``hits`` lies among ``rank`` drawn from ``sizes``, averaged over queries."""
    missed = torch.ones(len(sizes), dtype=torch.float64)
    for drawn in range(rank):
        # Of what is left, this share is wrong; once everything is drawn, nothing is left to miss.
        missed *= ((sizes - hits - drawn).clamp(min=0) / (sizes - drawn).clamp(min=1)).double()
    return (1 - missed).mean().item()
