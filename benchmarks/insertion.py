"""The tables of PRISM's insertion: what each switch does, and when it fires over a run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.markdown import NOTHING, markdown
from benchmarks.records import (
    Records,
    accuracies,
    average,
    counted,
    difference,
    equal_bytes,
    grouped,
    is_studied,
)
from vidense.statistics import summarise

__all__ = ["study", "trigger"]


def study(records: Records) -> str:
    """Return what each switch of PRISM does, and the control of dense videos from noise."""
    columns = (
        "variant",
        "seeds x nets",
        "top-1 %",
        "minus prism",
        "minus random, equal bytes",
        "key-frames a video",
        "trigger rate, %",
        "lr",
        "bytes on disk",
    )
    rows = []
    prism = [r for r in records if r["point"]["name"].startswith("prism-vpc1")]
    if not prism:
        return NOTHING
    variants = grouped([r for r in records if is_studied(r)])
    groups = {"prism": prism} | {name.removeprefix("prism "): members for name, members in variants.items()}
    for name, members in groups.items():
        if not members:
            continue
        own = summarise(accuracies(members))
        against = "" if name == "prism" else difference(members, accuracies(prism))
        keys = [count for record in members for count in record["key_frames"] or []]
        shown_keys = f"{sum(keys) / len(keys):.1f}" if keys else "all"
        rate = members[0]["settings"]["options"]["lr"]
        size = average([record["storage"] for record in members], "bytes")
        differences = (against, difference(members, equal_bytes(members)))
        seen = (name, counted(own), f"{100 * own['mean']:.1f}", *differences)
        rows.append([*seen, shown_keys, _trigger_rate(members), f"{rate:g}", f"{size:,.0f}"])
    return markdown(columns, rows)


def trigger(records: Records) -> str:
    """Return PRISM's insertion over a run at one video per class, as means over seeds."""
    runs = [r for r in records if r["point"]["name"].startswith("prism-vpc1")]
    if not runs:
        return NOTHING
    length = runs[0]["point"]["iterations"]
    rows = []
    for part in range(1, 20, 2):
        told = [r["telemetry"] for r in runs]
        # Two of the twenty stretches of the log make a row; key-frames are those at its end.
        both = [(t, i) for t in told for i in (part - 1, part)]
        losses = [t["loss"][i] for t, i in both]
        keys = [t["key_frames"][part] for t in told]
        shown = _trigger_rate(runs, (part - 1, part)) or "off"
        reached = f"{(part - 1) * length // 20} to {(part + 1) * length // 20}"
        rows.append([reached, f"{sum(losses) / len(losses):.2f}", f"{sum(keys) / len(keys):.1f}", shown])
    histogram = [sum(column) for column in zip(*(r["telemetry"]["cosine_histogram"] for r in runs), strict=True)]
    near, total = sum(histogram[9:11]), sum(histogram)
    negative = sum(histogram[:10])
    columns = ("iterations", "loss", "key-frames a video", "trigger rate, % of candidates")
    return (
        f"{markdown(columns, rows)}\n\n"
        f"Of {total:,} cosines between the gradients of a frame and of a neighbouring key-frame, "
        f"{100 * near / total:.1f} % lie between -0.1 and 0.1, and {100 * negative / total:.1f} % are negative "
        f"({len(runs)} runs)."
    )


def _trigger_rate(members: Records, parts: Sequence[int] = range(20)) -> str:
    """Return which share of the frames that were not key-frames triggered, in percent, over all iterations of all runs.

    A log keeps the mean rate of each twentieth of a run; a frame that can no longer trigger must not count as one that
    does not, so they are weighed by the frames that were left.

    Args:
        members: the runs.
        parts: which twentieths.
    """
    weighed = [pair for record in members for pair in _rates(record, parts)]
    left = sum(weight for _, weight in weighed)
    return f"{100 * sum(rate * weight for rate, weight in weighed) / left:.2f}" if left else ""


def _rates(record: Mapping[str, Any], parts: Sequence[int]) -> Iterator[tuple[float, float]]:
    """Yield the trigger rate of stretches of a run, and of how many frames a video it is the rate."""
    told = record["telemetry"] or {}
    rates, keys = told.get("trigger_rate") or (), told.get("key_frames") or ()
    for part in parts if rates else ():
        if rates[part] is not None:
            yield rates[part], record["store"]["clip"]["frames"] - (keys[max(part - 1, 0)] + keys[part]) / 2
