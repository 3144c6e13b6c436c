"""Mean, spread and intervals of accuracies over condensation seeds and evaluation networks. Needs no torch."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Accuracies",
    "interval_kind",
    "mean_interval",
    "paired_difference",
    "rank_correlation",
    "shown_interval",
    "summarise",
]

# Accuracy by condensation seed, then by network seed.
Accuracies = Mapping[int, Mapping[int, float]]

FEWEST_SHOWN = 3
DRAWS, SEED = 10_000, 0
# Shares of test videos that differ differ by far more; less is rounding.
EQUAL = 1e-9
LEVEL = 0.95
FEWEST_TO_REDRAW = 10
# 97.5 % quantiles of Student's t for 1, 2, ... degrees of freedom (NIST/SEMATECH e-Handbook, table 1.3.6.7.2), enough
# for fewer than FEWEST_TO_REDRAW values.
T_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306)


def summarise(accuracies: Accuracies) -> dict[str, Any]:
    """Return mean and spread, condensation seeds and networks apart.

    Args:
        accuracies: at least one condensation seed with at least one network each.

    Returns:
        ``mean``: of the condensation seeds' means. ``std_condensation``: deviation of those means. ``std_networks``:
        deviation over networks of one condensed set, averaged over the sets. Each deviation as ``ddof0`` (divided by
        n, as the papers do) and ``ddof1`` (by n - 1; None for n = 1). ``interval``: of the mean, as
        :func:`mean_interval`, and ``interval_kind`` of :func:`interval_kind`. ``condensation_seeds`` and ``networks``
        say how many of each (the fewest networks of any set).
    """
    sets = [np.array(list(networks.values()), dtype=np.float64) for networks in accuracies.values()]
    means = np.array([values.mean() for values in sets])
    fewest = min(len(values) for values in sets)
    return {
        "mean": float(means.mean()),
        "std_condensation": {"ddof0": _std(means, 0), "ddof1": _std(means, 1)},
        "std_networks": {
            "ddof0": float(np.mean([values.std() for values in sets])),
            "ddof1": float(np.mean([values.std(ddof=1) for values in sets])) if fewest > 1 else None,
        },
        "interval": mean_interval(means.tolist()),
        "interval_kind": interval_kind(means.tolist()),
        "condensation_seeds": len(sets),
        "networks": fewest,
    }


def interval_kind(clusters: Sequence[float]) -> Literal["t", "bootstrap"] | None:
    """Return how :func:`mean_interval` works with these values; None where it gives no interval."""
    if len(clusters) < 2 or max(clusters) - min(clusters) < EQUAL:
        return None
    return "t" if len(clusters) < FEWEST_TO_REDRAW else "bootstrap"


def mean_interval(clusters: Sequence[float]) -> tuple[float, float] | None:
    """Return a 95 % interval of the mean of ``clusters``, one value a condensation seed.

    None with fewer than two, and where all are equal: their spread then says nothing of how far the next may lie (a
    network that always answers one class scores alike at every seed), and an interval of no width claims certainty.

    Networks trained on one condensed set are no independent evidence about a method, so whole sets count. Fewer than
    ten values: Student's t, for a percentile bootstrap of so few is too narrow (of two it is no wider than the two
    values). Its ends are not cut to [0, 1]: an end outside says that the values say little. Ten and more: percentile
    bootstrap with fixed draws, so that equal values give equal intervals.
    """
    kind, values = interval_kind(clusters), np.array(clusters, dtype=np.float64)
    if kind is None:
        return None
    if kind == "t":
        half = T_QUANTILES[len(values) - 2] * float(values.std(ddof=1)) / len(values) ** 0.5
        return float(values.mean()) - half, float(values.mean()) + half
    draws = np.random.default_rng(SEED).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.quantile(values[draws].mean(1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def paired_difference(first: Accuracies, second: Accuracies) -> dict[str, Any]:
    """Compare two rows whose seeds mean the same: equal condensation seeds start alike, equal network seeds are equal.

    Args:
        first: accuracies of one row.
        second: of the other.

    Returns:
        ``difference``: mean of first - second over condensation seeds, each the mean over its common networks;
        ``first`` and ``second``: the means that it is between, of those seeds and networks; ``interval`` and
        ``interval_kind``: of the difference, as in :func:`summarise`; ``pairs``: how many such seeds. Difference and
        means are None where the rows share no seeds, the interval also where :func:`mean_interval` gives none.
    """
    means: list[tuple[float, float]] = []
    for seed in sorted(set(first) & set(second)):
        if common := sorted(set(first[seed]) & set(second[seed])):
            one, other = ([row[seed][net] for net in common] for row in (first, second))
            means.append((float(np.mean(one)), float(np.mean(other))))
    differences = [one - other for one, other in means]
    of_first, of_second = (float(np.mean(column)) for column in zip(*means, strict=True)) if means else (None, None)
    return {
        "difference": float(np.mean(differences)) if differences else None,
        "first": of_first,
        "second": of_second,
        "interval": mean_interval(differences),
        "interval_kind": interval_kind(differences),
        "pairs": len(differences),
    }


def shown_interval(found: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the interval of :func:`summarise` or :func:`paired_difference` where it is worth showing.

    That of two sets is wider than any chart, and says nothing in a table of many.
    """
    interval: tuple[float, float] | None = found["interval"]
    return interval if found.get("pairs", found.get("condensation_seeds")) >= FEWEST_SHOWN else None


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> dict[str, float | None]:
    """Return how alike two lists of figures rank the same things.

    Args:
        first: at least two figures.
        second: as many, of the same things in the same order.

    Returns:
        ``spearman``: the correlation of ranks, equal figures sharing their mean rank. ``kendall``: tau-b, the share of
        pairs in the same order less that in the other, equal figures allowed for. Both in [-1, 1], and None where all
        figures of a list are equal.
    """
    one, other = np.array(first, dtype=np.float64), np.array(second, dtype=np.float64)
    signs = [np.sign(values[:, None] - values[None, :]) for values in (one, other)]
    untied = [float(np.abs(sign).sum()) for sign in signs]
    if not all(untied):
        return {"spearman": None, "kendall": None}
    # The rank of a figure is a constant plus half of how many are smaller less how many are larger.
    ranks = [sign.sum(1) for sign in signs]
    return {
        "spearman": float(np.corrcoef(ranks[0], ranks[1])[0, 1]),
        "kendall": float((signs[0] * signs[1]).sum() / (untied[0] * untied[1]) ** 0.5),
    }


def _std(values: NDArray[np.float64], ddof: int) -> float | None:
    return float(values.std(ddof=ddof)) if len(values) > ddof else None
