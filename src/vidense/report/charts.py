"""Charts of results: series over sizes and budgets, rows with intervals, tables of shades."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from vidense.report.drawing import LETTER, SERIES, Picture
from vidense.report.scales import Axis, Scale, scale_of, text_of

__all__ = ["Dot", "Point", "Series", "dots", "in_percent", "plot", "shades"]

WIDTH, HEIGHT = 640, 360
TOP, RIGHT, BOTTOM, GAP = 34, 16, 44, 8
LEGEND_LINE, ROW, LINE = 18, 26, 12
SIZE = 4.0
# Corners of the marks of series, in units of their size; the first is round. A shape beside each colour.
SHAPES = (
    (),
    ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    ((0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
    ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
    ((0, 1.3), (1.2, -0.9), (-1.2, -0.9)),
    ((-0.4, -1.3), (0.4, -1.3), (0.4, 1.3), (-0.4, 1.3)),
    ((-1.3, -0.4), (1.3, -0.4), (1.3, 0.4), (-1.3, 0.4)),
)
CELL = 30


@dataclass(frozen=True)
class Point:
    """A measured value.

    Attributes:
        x: where it was measured.
        y: the value.
        interval: that holds it with 95 %; None where none is known.
        label: written beside it.
    """

    x: float
    y: float
    interval: tuple[float, float] | None = None
    label: str = ""


@dataclass(frozen=True)
class Series:
    """Points of one thing.

    Attributes:
        title: of the thing.
        points: in the order of the line.
        marked: draw a mark at each point, not the line alone.
        joined: draw a line from point to point.
    """

    title: str
    points: Sequence[Point]
    marked: bool = True
    joined: bool = True


@dataclass(frozen=True)
class Dot:
    """One row of :func:`dots`.

    Attributes:
        title: of the row.
        value: that is marked.
        interval: that holds it with 95 %; None where none is known.
    """

    title: str
    value: float
    interval: tuple[float, float] | None = None


def in_percent(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return an interval of shares as one of percentages."""
    return None if interval is None else (100 * interval[0], 100 * interval[1])


def plot(title: str, series: Sequence[Series], x: Axis, y: Axis) -> Picture:
    """Draw series over one another.

    Args:
        title: of the chart.
        series: at least one with a point. Colours and shapes of marks repeat after eight and seven.
        x: the axis to the right.
        y: the axis upwards.

    Raises:
        ValueError: as :func:`~vidense.report.scales.scale_of`.
    """
    points = [point for one in series for point in one.points]
    heights = [point.y for point in points] + [end for point in points for end in point.interval or ()]
    legend = _legend_rows([one.title for one in series])
    top = TOP + LEGEND_LINE * len(legend)
    up = scale_of(y, heights, top + HEIGHT - BOTTOM - TOP, top)
    left = _room([text_of(tick) for tick in up.ticks]) + LEGEND_LINE
    across = scale_of(x, [point.x for point in points], left + GAP, WIDTH - RIGHT - GAP)
    picture = _titled(up.start + BOTTOM, title)
    _draw_legend(picture, legend)
    _draw_axes(picture, across, up, x, y, left)
    for number, one in enumerate(series):
        _draw_series(picture, one, number, across, up)
    return picture


def dots(title: str, rows: Sequence[Dot], axis: Axis, *, reference: float | None = None) -> Picture:
    """Draw one row a thing: its value and interval.

    Args:
        title: of the chart.
        rows: at least one, from the top.
        axis: of the values.
        reference: a value to hold the others against, drawn as a line.

    Raises:
        ValueError: as :func:`~vidense.report.scales.scale_of`.
    """
    values = [row.value for row in rows] + [end for row in rows for end in row.interval or ()]
    left = min(_room([row.title for row in rows]), WIDTH / 2)
    bottom = TOP + ROW * len(rows)
    known = values if reference is None else [*values, reference]
    across = scale_of(axis, known, left + GAP, WIDTH - RIGHT - GAP)
    picture = _titled(bottom + BOTTOM, title)
    _draw_ticks(picture, across, axis, TOP, bottom)
    if reference is not None:
        picture.line("soft", across(reference), TOP, across(reference), bottom, stroke_dasharray="4 3")
    for number, row in enumerate(rows):
        height = TOP + ROW * (number + 0.5)
        picture.text("ink", left - GAP, height + 4, _shortened(row.title, left - GAP), "end")
        tip = f"{row.title}: {_said(row.value, row.interval)}"
        if row.interval is not None:
            low, high = (across(end) for end in row.interval)
            picture.line("s0", low, height, high, height, tip, stroke_width=2)
        picture.add("circle", "s0", tip, cx=across(row.value), cy=height, r=SIZE, fill="currentColor")
    return picture


def shades(title: str, values: Sequence[Sequence[float]], rows: Sequence[str], columns: Sequence[str]) -> Picture:
    """Draw a table of values as shades, from none at 0 to full at the largest.

    Args:
        title: of the chart.
        values: at least 0, one row after another.
        rows: names of the rows; empty names are left out.
        columns: names of the columns, written upwards.
    """
    full = max((value for row in values for value in row), default=0.0) or 1.0
    left, above = min(_room(rows), WIDTH / 3) + GAP, TOP + min(_room(columns), WIDTH / 3)
    cell = min(CELL, (WIDTH - left - RIGHT) / max(len(columns), 1))
    picture = _titled(above + cell * len(rows) + GAP, title)
    for j, name in enumerate(columns):
        x = left + cell * (j + 0.5) + 4
        picture.text(
            "soft", x, above - 6, _shortened(name, above - TOP), transform=f"rotate(-90 {x:.1f} {above - 6:.1f})"
        )
    for i, row in enumerate(values):
        y = above + cell * i
        picture.text("soft", left - GAP, y + cell / 2 + 4, _shortened(rows[i], left - GAP), "end")
        for j, value in enumerate(row):
            x, tip = left + cell * j, f"{rows[i]}, {columns[j]}: {value:g}"
            picture.add(
                "rect", "s0", tip, x=x, y=y, width=cell - 1, height=cell - 1, fill="currentColor",
                fill_opacity=f"{value / full:.3f}", stroke="currentColor", stroke_opacity="0.15",
            )  # fmt: skip
    return picture


def _titled(height: float, title: str) -> Picture:
    """Begin a picture under its title, as much of it as fits; a screen reader says all of it."""
    picture = Picture(WIDTH, height, title)
    picture.text("ink", 0, 16, _shortened(title, WIDTH), font_weight="600")
    return picture


def _room(names: Sequence[str]) -> float:
    """Return the width that the longest name takes."""
    return max((len(name) for name in names), default=0) * LETTER + GAP


def _shortened(name: str, room: float) -> str:
    letters = int(room / LETTER)
    return name if len(name) <= letters else name[: letters - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _said(value: float, interval: tuple[float, float] | None) -> str:
    """Return a value and its interval in words."""
    return text_of(value) + ("" if interval is None else " ({} to {})".format(*map(text_of, interval)))


def _legend_rows(titles: Sequence[str]) -> list[list[tuple[int, float, str]]]:
    """Return number, place and title of each entry, line by line; no legend for a single series without a title."""
    lines: list[list[tuple[int, float, str]]] = []
    x = float(WIDTH)
    for number, title in enumerate(titles):
        room = len(title) * LETTER + 30
        if not title:
            continue
        if x + room > WIDTH:
            lines.append([])
            x = 0.0
        lines[-1].append((number, x, title))
        x += room
    return lines


def _draw_legend(picture: Picture, legend: Sequence[Sequence[tuple[int, float, str]]]) -> None:
    for line, entries in enumerate(legend):
        y = TOP + LEGEND_LINE * line
        for number, x, title in entries:
            _draw_mark(picture, number, x + 8, y - 4, "")
            picture.text("ink", x + 18, y, _shortened(title, WIDTH - x - 18))


def _draw_axes(picture: Picture, across: Scale, up: Scale, x: Axis, y: Axis, left: float) -> None:
    for tick in up.ticks:
        picture.line("line", left, up(tick), WIDTH - RIGHT, up(tick))
        picture.text("soft", left - 6, up(tick) + 4, text_of(tick), "end")
    _draw_ticks(picture, across, x, up.start, up.start)
    middle = (up.start + up.end) / 2
    picture.text("soft", 12, middle, y.title, "middle", transform=f"rotate(-90 12 {middle:.1f})")


def _draw_ticks(picture: Picture, across: Scale, axis: Axis, top: float, bottom: float) -> None:
    """Draw the axis to the right: lines from ``top`` to ``bottom``, values below."""
    end = -math.inf
    for tick in across.ticks:
        words = text_of(tick)
        half = len(words) * LETTER / 2
        picture.line("line", across(tick), top, across(tick), bottom + 4)
        # A value that would run into the one before it stays unwritten.
        if across(tick) - half > end:
            picture.text("soft", min(across(tick), WIDTH - half), bottom + 18, words, "middle")
            end = across(tick) + half + GAP
    picture.text("soft", (across.start + across.end) / 2, bottom + 36, axis.title, "middle")


def _draw_series(picture: Picture, series: Series, number: int, across: Scale, up: Scale) -> None:
    colour = f"s{number % SERIES}"
    places = [(across(point.x), up(point.y)) for point in series.points]
    if series.joined and len(places) > 1:
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        picture.add("polyline", colour, points=line, fill="none", stroke="currentColor", stroke_width=1.8)
    if not series.marked:
        return
    for point, (x, y) in zip(series.points, places, strict=True):
        if point.interval is not None:
            low, high = (up(end) for end in point.interval)
            picture.line(colour, x, low, x, high, stroke_width=1.2)
        interval = "" if point.interval is None else " ({:g} to {:g})".format(*point.interval)
        _draw_mark(picture, number, x, y, f"{series.title or point.label}: {point.y:g}{interval} at {point.x:g}")
    _draw_labels(picture, colour, [(x, y, p.label) for p, (x, y) in zip(series.points, places, strict=True)])


def _draw_labels(picture: Picture, colour: str, labels: Sequence[tuple[float, float, str]]) -> None:
    """Write each label where it covers no other and no mark, as far as one of eight places around its point allows."""
    # A mark takes the room of a letter or two, also where it has no label.
    taken = [(x - SIZE, y + 4.0, 2 * SIZE) for x, y, _ in labels]
    for x, y, label in filter(itemgetter(2), labels):
        room = len(label) * LETTER
        places = [
            (left, y + down)
            for left in (x + GAP, x - room / 2, x - GAP - room)
            for down in (4.0, -8.0, 16.0)
            if left > 0 and left + room < WIDTH
        ]
        free = (place for place in places if all(_apart(place, room, other) for other in taken))
        left, height = next(free, (x + GAP, y))
        taken.append((left, height, room))
        picture.text(colour, left, height, label)


def _apart(place: tuple[float, float], room: float, other: tuple[float, float, float]) -> bool:
    """Return whether a label neither covers another nor touches it."""
    left, height, width = other
    return abs(place[1] - height) >= LINE or place[0] + room <= left or left + width <= place[0]


def _draw_mark(picture: Picture, number: int, x: float, y: float, tip: str) -> None:
    colour, shape = f"s{number % SERIES}", SHAPES[number % len(SHAPES)]
    if shape:
        corners = " ".join(f"{x + SIZE * right:.1f},{y + SIZE * down:.1f}" for right, down in shape)
        picture.add("polygon", colour, tip, points=corners, fill="currentColor")
    else:
        picture.add("circle", colour, tip, cx=x, cy=y, r=SIZE, fill="currentColor")
