"""Reads the committed JSON of a suite, and says what tables are made of: groups, means, paired differences."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidense.statistics import Accuracies, paired_difference, shown_interval, summarise

__all__ = [
    "CEILING",
    "CODEC",
    "ROOT",
    "STUDIED",
    "Record",
    "Records",
    "accuracies",
    "average",
    "counted",
    "difference",
    "equal_bytes",
    "grouped",
    "in_points",
    "interval",
    "is_studied",
    "ranked",
    "read",
]

ROOT = Path(__file__).resolve().parent
CEILING = "ceiling"
# Random real clips, stored by a video codec.
CODEC = "codec"
# Variants of these are settings of one study; those of other methods are methods of their own.
STUDIED = ("prism", "dm")
Record = Mapping[str, Any]
Records = Sequence[Record]


def read(results: Path) -> Records:
    """Return what was measured.

    Raises:
        ValueError: if records were evaluated differently under one name; they must not share a column.
    """
    found = [json.loads(file.read_text()) for file in sorted(results.glob("*.json"))]
    specs = {(record["point"].get("evaluated", ""), record["eval"]["hash"]) for record in found}
    if len(specs) > len(dict(specs)):
        raise ValueError(f"the records in {str(results)!r} have different EvalSpecs; measure the older ones again")
    return found


def grouped(records: Records) -> dict[str, list[Mapping[str, Any]]]:
    """Return records by method, variant and evaluation, as far as they have a name."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        point = record["point"]
        if point["method"] != CEILING:
            named = (point["method"], point["variant"], point.get("evaluated", ""))
            groups[" ".join(filter(None, named))].append(record)
    return groups


def is_studied(record: Mapping[str, Any]) -> bool:
    """Return whether a record belongs to the study of PRISM's switches, and to no column of methods."""
    return bool(record["point"]["variant"]) and record["point"]["method"] in STUDIED


def accuracies(members: Records) -> Accuracies:
    """Return top-1 by condensation seed and network seed.

    Raises:
        ValueError: if a network diverged; such a record has no accuracy to average and must be named in the text.
    """
    return {record["point"]["seed"]: _by_net(record["networks"]) for record in members}


def equal_bytes(members: Records) -> Accuracies:
    """Return the accuracies of random clips that hold as many stored frames, as :func:`accuracies` does."""
    return {record["point"]["seed"]: _by_net(record["random_equal_bytes"]["networks"]) for record in members}


def _by_net(networks: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    if any(net["diverged"] for net in networks):
        raise ValueError("a network diverged; its point cannot be averaged")
    return {net["net_seed"]: net["top1"] for net in networks}


def difference(members: Records, other: Accuracies) -> str:
    """Return ``first - second`` in points with its interval, in bold where the interval excludes zero.

    Without an interval where :func:`~vidense.statistics.shown_interval` has none.
    """
    return in_points(paired_difference(accuracies(members), other))


def in_points(found: Mapping[str, Any] | None) -> str:
    """Return what :func:`vidense.statistics.paired_difference` found as :func:`difference` shows it."""
    if found is None or found["difference"] is None:
        return ""
    text = f"{100 * found['difference']:+.1f}"
    if (shown := shown_interval(found)) is None:
        return text
    low, high = (100 * value for value in shown)
    text += f" ({low:+.1f} to {high:+.1f})"
    return f"**{text}**" if low > 0 or high < 0 else text


def counted(own: Mapping[str, Any]) -> str:
    """Return how many seeds and networks a summary is of."""
    return f"{own['condensation_seeds']} x {own['networks']}"


def interval(own: Mapping[str, Any]) -> str:
    """Return the 95 % interval of a summary in points; nothing where too few seeds were measured."""
    shown = shown_interval(own)
    return "" if shown is None else "{:.1f} to {:.1f}".format(*(100 * value for value in shown))


def ranked(by_method: Mapping[str, Records]) -> list[str]:
    """Return the names, highest mean accuracy first."""
    return sorted(by_method, key=lambda name: -summarise(accuracies(by_method[name]))["mean"])


def average(values: Sequence[Mapping[str, float]], key: str) -> float:
    """Return the mean of the values called ``key``."""
    return sum(value[key] for value in values) / len(values)
