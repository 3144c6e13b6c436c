"""Mean, spread and intervals of accuracies over condensation seeds and evaluation networks. Needs no torch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Accuracies", "bootstrap_interval", "paired_difference", "summarise"]

# Accuracy by condensation seed, then by network seed.
Accuracies = Mapping[int, Mapping[int, float]]

DRAWS, SEED = 10_000, 0
LEVEL = 0.95


def summarise(accuracies: Accuracies) -> dict[str, Any]:
    """Return mean and spread, condensation seeds and networks apart.

    Args:
        accuracies: at least one condensation seed with at least one network each.

    Returns:
        ``mean``: of the condensation seeds' means. ``std_condensation``: deviation of those means. ``std_networks``:
        deviation over networks of one condensed set, averaged over the sets. Each deviation as ``ddof0`` (divided by
        n, as the papers do) and ``ddof1`` (by n - 1; None for n = 1). ``interval``: 95 % bootstrap interval of the
        mean, None with one condensation seed. ``condensation_seeds`` and ``networks`` say how many of each (the fewest
        networks of any set).
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
        "interval": bootstrap_interval(means.tolist()),
        "condensation_seeds": len(sets),
        "networks": fewest,
    }


def bootstrap_interval(clusters: Sequence[float]) -> tuple[float, float] | None:
    """Return the 95 % percentile bootstrap interval of the mean of ``clusters``, one value a condensation seed.

    Networks trained on one condensed set are no independent evidence about a method, so whole sets are redrawn.
    The draws are fixed: equal values give equal intervals. None with fewer than two values.
    """
    if len(clusters) < 2:
        return None
    values = np.array(clusters, dtype=np.float64)
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
        ``interval``: its 95 % bootstrap interval over condensation seeds; ``pairs``: how many such seeds. Both None
        where the rows share no seeds, the interval also with one pair.
    """
    differences = []
    for seed in sorted(set(first) & set(second)):
        common = sorted(set(first[seed]) & set(second[seed]))
        if common:
            differences.append(float(np.mean([first[seed][net] - second[seed][net] for net in common])))
    return {
        "difference": float(np.mean(differences)) if differences else None,
        "interval": bootstrap_interval(differences),
        "pairs": len(differences),
    }


def _std(values: NDArray[np.float64], ddof: int) -> float | None:
    return float(values.std(ddof=ddof)) if len(values) > ddof else None
