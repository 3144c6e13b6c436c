"""The figures of a page, by name."""

from collections.abc import Sequence
from dataclasses import replace

from vidense.report.charts import Dot, Point, Series, dots, in_percent, plot, shades
from vidense.report.courses import Stretches
from vidense.report.drawing import Picture
from vidense.report.findings import Row, Table
from vidense.report.scales import Axis
from vidense.statistics import shown_interval

__all__ = ["MOST_CLASSES", "class_figure", "confusion_figure", "course_figures", "size_figure", "table_figures"]

# A table of shades of more classes is too fine to read and too large for a page.
MOST_CLASSES = 40
SIZED_BASELINES = {"random_equal_bytes": "random clips", "random_coded": "random clips, by a codec"}
PERCENT = Axis("%", include=(0,))


def course_figures(stretches: Stretches) -> dict[str, Picture]:
    """Return what a run did over its iterations: loss, key-frames, trigger rate, cosines; only what it logged."""
    ends, iterations = stretches.ends, Axis("iteration", include=(0,))
    pictures = {"loss": plot("Loss", [_line(ends, stretches.loss)], iterations, Axis("loss"))}
    if stretches.key_frames:
        course = _line(ends, stretches.key_frames)
        pictures["key-frames"] = plot("Key-frames a video", [course], iterations, Axis("mean", include=(0,)))
    rates = [(end, 100 * rate) for end, rate in zip(ends, stretches.trigger_rate, strict=True) if rate is not None]
    if rates:
        title = "Trigger rate: candidates whose gradient conflicts"
        course = _line([end for end, _ in rates], [rate for _, rate in rates])
        pictures["trigger-rate"] = plot(title, [course], iterations, PERCENT)
    if any(stretches.cosines):
        pictures["cosines"] = _cosines(stretches.cosines)
    return pictures


def _line(ends: Sequence[int], values: Sequence[float]) -> Series:
    return Series("", [Point(end, value) for end, value in zip(ends, values, strict=True)], marked=False)


def _cosines(counts: Sequence[int]) -> Picture:
    middles = [-1 + (2 * number + 1) / len(counts) for number in range(len(counts))]
    total = sum(counts)
    points = [Point(middle, 100 * count / total) for middle, count in zip(middles, counts, strict=True)]
    title = "Cosines of a frame's gradient with its neighbours'"
    return plot(title, [Series("", points)], Axis("cosine", include=(-1, 1)), Axis("% of all", include=(0,)))


def table_figures(table: Table) -> tuple[Picture | None, list[tuple[Row, dict[str, Picture]]]]:
    """Return the figure of a table, and by name those of each of its methods, as far as there are such."""
    found = []
    for row in [row for row in table.rows if row.role == "method"]:
        drawn = {"classes": class_figure(table, row), "confusion": confusion_figure(table, row)}
        found.append((row, {name: picture for name, picture in drawn.items() if picture is not None}))
    return size_figure(table), found


def confusion_figure(table: Table, row: Row) -> Picture | None:
    """Return which classes were taken for which, summed over networks, in percent of each true class.

    None for more than :data:`MOST_CLASSES` classes, where a network diverged, and where nothing was counted.
    """
    names = table.store["class_names"]
    counted = [found for result in row.results if (found := result.get("confusion")) is not None]
    if row.diverged or not counted or len(names) > MOST_CLASSES:
        return None
    sums = [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*counted, strict=True)]
    # As shares of the true class, for classes have different numbers of test videos.
    shares = [[round(100 * cell / (sum(of_class) or 1), 1) for cell in of_class] for of_class in sums]
    fullest = max(map(max, shares))
    title = f"{row.title}: answers (columns) to each class (rows), %; darkest: {fullest:g} %"
    return shades(title, shares, names, names)


def size_figure(table: Table) -> Picture | None:
    """Return accuracy against bytes on disk, of methods and of the random clips that stand for as many bytes.

    None where fewer than two methods did not diverge.
    """
    methods = [row for row in table.rows if row.role == "method"]
    series = [Series("condensed", [_sized(row, row.disk, row.title) for row in methods if row.disk and row.mean])]
    for role, title in SIZED_BASELINES.items():
        pairs = [(row, row.method_row) for row in table.rows if row.role == role and row.mean and row.method_row]
        series.append(Series(title, [_sized(row, of.disk, "") for row, of in pairs if of.disk]))
    shown = [replace(one, joined=False) for one in series if one.points]
    if len(series[0].points) < 2:
        return None
    # Bytes are cheap for a codec: a curve without it flatters.
    coded = any(row.role == "random_coded" for row in table.rows)
    title = "Accuracy against bytes" + ("" if coded else " (no codec beside it: vidense evaluate --codec av1)")
    return plot(title, shown, Axis("kB on disk", log=True), Axis(table.metric))


def _sized(row: Row, disk: float, label: str) -> Point:
    interval = None if row.summary is None else shown_interval(row.summary)
    return Point(disk / 1e3, 100 * (row.mean or 0), in_percent(interval), label)


def class_figure(table: Table, row: Row) -> Picture | None:
    """Return by how much a method is above random clips at equal bytes, class by class, the best first.

    Of many classes the first and the last; None where a network of either diverged.
    """
    baseline = next((other for other in table.rows if other.method_row is row), None)
    if baseline is None or row.diverged or baseline.diverged or not row.per_class or not baseline.per_class:
        return None
    differences = {
        name: 100 * (own - other)
        for name, own, other in zip(table.store["class_names"], row.per_class, baseline.per_class, strict=True)
        if own is not None and other is not None
    }
    ranked = sorted(differences.items(), key=lambda item: -item[1])
    title = f"{row.title} minus random clips at equal bytes, by class"
    if len(ranked) > MOST_CLASSES:
        ranked, title = ranked[: MOST_CLASSES // 2] + ranked[-MOST_CLASSES // 2 :], f"{title}: the first and the last"
    return dots(title, [Dot(name, value) for name, value in ranked], Axis("points"), reference=0)
