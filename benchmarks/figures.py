"""The figures of docs/results.md: made of the committed JSON, and of nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.records import Record, Records, accuracies, average, grouped, is_studied, read
from vidense.report.charts import Dot, Point, Series, dots, in_percent, plot
from vidense.report.drawing import Picture
from vidense.report.scales import Axis
from vidense.statistics import Accuracies, paired_difference, shown_interval, summarise

__all__ = ["budget_figure", "cost_figure", "insertion_figure", "study_figure", "sweep_figure"]

TOP1 = Axis("top-1 %")
KILOBYTES = Axis("kB on disk", log=True)


def cost_figure(records: Records, of: Path, axis: Axis, cost: Callable[[Record], float], title: str) -> Picture | None:
    """Draw every method's accuracy at one video per class against what it takes.

    Args:
        records: of the jobs of costs; methods that take less than a second are left out.
        of: folder of the results that the accuracies are taken from.
        axis: of the cost.
        cost: returns it, of what a job found.
        title: of the figure.
    """
    measured = grouped([r for r in read(of) if r["point"]["vpc"] == 1 and not is_studied(r)])
    found = [record["result"] for record in records if record["result"]["seconds"] >= 1]
    points = [
        Point(cost(one), 100 * _mean(measured[one["method"]]), label=one["method"])
        for one in found
        if one["method"] in measured
    ]
    return plot(title, [Series("", points, joined=False)], axis, TOP1) if points else None


def budget_figure(records: Records) -> Picture | None:
    """Draw the accuracy of every method against the bytes its sets really take."""
    found: dict[str, dict[str, list[Record]]] = {}
    for record in records:
        if record["point"]["budget"] and "refused" not in record:
            found.setdefault(record["point"]["method"], {}).setdefault(record["point"]["budget"], []).append(record)
    series = []
    for name, by_budget in found.items():
        points = [
            Point(average([r["storage"] for r in of], "bytes") / 1e3, 100 * _mean(of)) for of in by_budget.values()
        ]
        series.append(Series(name, sorted(points, key=lambda point: point.x)))
    return plot("Accuracy against true bytes", series, KILOBYTES, TOP1) if series else None


def sweep_figure(records: Records, grid: str, title: str, *, log: bool) -> Picture | None:
    """Draw one grid of ``vidense ablate`` along its size, beside random clips at equal videos.

    Args:
        records: of the jobs of sweeps.
        grid: ``vpc`` or ``frames``.
        title: of the axis to the right.
        log: whether that axis is logarithmic.
    """
    rows = [row for record in records if record["job"] == grid for row in record["result"]["rows"] if _ended(row)]
    if not rows:
        return None
    series = []
    for name, key in (("prism", "networks"), ("random", "random")):
        measured = [(int(row["variant"].split()[0]), _of_row(row, key)) for row in rows]
        points = [Point(size, 100 * summarise(own)["mean"], _interval(own)) for size, own in sorted(measured)]
        series.append(Series(name, points))
    return plot(f"{title}: prism and random clips", series, Axis(title.lower(), log=log), TOP1)


def study_figure(records: Records) -> Picture | None:
    """Draw what each switch of PRISM's insertion changes."""
    prism = [r for r in records if r["point"]["name"].startswith("prism-vpc1")]
    variants = grouped([r for r in records if is_studied(r)])
    if not prism or not variants:
        return None
    rows = []
    for name, members in variants.items():
        found = paired_difference(accuracies(members), accuracies(prism))
        if found["difference"] is not None:
            seeds = f"{found['pairs']} seed{'s' * (found['pairs'] > 1)}"
            title = f"{name.removeprefix('prism ')} ({seeds})"
            rows.append(Dot(title, 100 * found["difference"], in_percent(shown_interval(found))))
    rows.sort(key=lambda row: row.value, reverse=True)
    return dots("Top-1 of variants, minus that of prism", rows, Axis("points, paired by seed"), reference=0)


def insertion_figure(records: Records) -> Picture | None:
    """Draw how many key-frames a video has over a run, for settings that insert."""
    names = {"prism": "rate 10", "prism lr3": "rate 3", "prism lr1": "rate 1", "prism real64": "64 real clips"}
    runs = grouped([r for r in records if r["point"]["vpc"] == 1 and r["point"]["method"] == "prism"])
    series = []
    for name, title in names.items():
        told = [r["telemetry"]["key_frames"] for r in runs.get(name, [])]
        if told:
            length = runs[name][0]["point"]["iterations"]
            means = [sum(column) / len(column) for column in zip(*told, strict=True)]
            points = [Point((part + 1) * length / len(means), mean) for part, mean in enumerate(means)]
            series.append(Series(title, points, marked=True))
    axis = Axis("iteration", include=(0,))
    return plot("Key-frames a video, of 8", series, axis, Axis("key-frames", include=(0, 8))) if series else None


def _mean(members: Records) -> float:
    return float(summarise(accuracies(members))["mean"])


def _ended(row: dict[str, Any]) -> bool:
    """Return whether no network of a point diverged: a mean over the others would flatter."""
    return not any(net["diverged"] for one in row["sets"] for key in ("networks", "random") for net in one[key])


def _of_row(row: dict[str, Any], key: str) -> Accuracies:
    return {one["seed"]: {net["net_seed"]: net["top1"] for net in one[key]} for one in row["sets"]}


def _interval(own: Accuracies) -> tuple[float, float] | None:
    return in_percent(shown_interval(summarise(own)))
