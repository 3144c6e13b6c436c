"""Figures of an ablation."""

from collections.abc import Mapping
from typing import Any

from vidense.report.charts import Dot, Point, Series, dots, in_percent, plot
from vidense.report.drawing import Picture
from vidense.report.scales import Axis
from vidense.statistics import shown_interval

__all__ = ["ablation_pictures"]


def ablation_pictures(found: Mapping[str, Any]) -> dict[str, Picture]:
    """Return the figures of what ``vidense ablate`` writes, by name.

    ``accuracy``: top-1 of every variant, with its interval over three seeds and more. ``gradients``, where a variant
    learns all of its frames: the share of the gradient that each frame received, 1 / T each if it is even.
    """
    pictures = {}
    if shown := [dot for row in found["rows"] if (dot := _accuracy(row, found["rows"][0])) is not None]:
        title = f"{found['method']}, {found['grid']}: top-1 of every variant"
        pictures["accuracy"] = dots(title, shown, Axis("top-1 %"))
    if series := [one for row in found["rows"] if (one := _gradients(row)) is not None]:
        title = "Share of the gradient that each frame receives, where all are learned"
        pictures["gradients"] = plot(title, series, Axis("frame"), Axis("%", include=(0,)))
    return pictures


def _accuracy(row: Mapping[str, Any], first: Mapping[str, Any]) -> Dot | None:
    """Return a row's dot; None where a network diverged."""
    own = row["summary"]
    if own is None:
        return None
    return Dot(row["variant"] + _apart(row, first), 100 * own["mean"], in_percent(shown_interval(own)))


def _apart(row: Mapping[str, Any], first: Mapping[str, Any]) -> str:
    """Say what keeps a row from being set against the first: other classes, test clips or evaluation."""
    if len(row["classes"]) != len(first["classes"]):
        return f" ({len(row['classes'])} classes)"
    if row["store"] != first["store"]:
        return " (own test clips)"
    return " (own evaluation)" if row["spec_hash"] != first["spec_hash"] else ""


def _gradients(row: Mapping[str, Any]) -> Series | None:
    shares = [one["gradient_share"] for one in row["sets"] if one["gradient_share"] is not None]
    if not shares:
        return None
    means = [sum(column) / len(column) for column in zip(*shares, strict=True)]
    return Series(row["variant"], [Point(time + 1, 100 * mean) for time, mean in enumerate(means)])
