import re
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.report.charts import WIDTH, Dot, Point, Series, dots, plot, shades
from vidense.report.drawing import LETTER
from vidense.report.scales import Axis

X, Y = Axis("bytes", log=True), Axis("top-1 %")


def elements(picture, tag):
    return list(Xml.fromstring(picture.inline()).iter(tag))


def words(picture):
    return [element.text for element in elements(picture, "text")]


def place(element, *names):
    return tuple(float(element.get(name)) for name in names)


def test_points_lie_where_their_values_say():
    chart = plot("t", [Series("prism", [Point(10, 20), Point(100, 40), Point(1000, 60)])], X, Y)
    (line,) = elements(chart, "polyline")
    corners = [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]
    # The first circle belongs to the legend.
    marks = [place(circle, "cx", "cy") for circle in elements(chart, "circle")[1:]]

    assert [number for corner in corners for number in corner] == pytest.approx(
        [number for mark in marks for number in mark], abs=0.1
    )
    assert corners[1][0] - corners[0][0] == pytest.approx(corners[2][0] - corners[1][0], abs=0.2)
    assert corners[0][1] - corners[1][1] == pytest.approx(corners[1][1] - corners[2][1], abs=0.2)
    assert corners[0][1] > corners[2][1]


def test_an_interval_stands_through_its_point_and_is_told():
    chart = plot("t", [Series("prism", [Point(10, 50, (40, 60))])], X, Y)
    (x, y) = place(elements(chart, "circle")[1], "cx", "cy")
    (bar,) = [line for line in elements(chart, "line") if line.get("class") == "s0"]

    assert place(bar, "x1", "x2") == (x, x)
    low, high = place(bar, "y1", "y2")
    assert high < y < low
    assert "prism: 50 (40 to 60) at 10" in [element.text for element in elements(chart, "title")]


def test_each_series_has_its_own_colour_and_shape_named_in_the_legend():
    chart = plot("t", [Series(name, [Point(10, i), Point(20, i)]) for i, name in enumerate("abc")], X, Y)
    marks = [m for tag in ("circle", "polygon") for m in elements(chart, tag)]

    assert {"a", "b", "c"} <= set(words(chart))
    assert {mark.get("class") for mark in marks} == {"s0", "s1", "s2"}
    assert len(elements(chart, "circle")) == 3


def test_a_series_without_marks_is_a_line_alone_and_one_without_a_name_needs_no_legend():
    chart = plot("t", [Series("", [Point(1, 1), Point(2, 2)], marked=False)], X, Y)

    assert len(elements(chart, "polyline")) == 1
    assert not elements(chart, "circle")


def test_labels_stay_on_the_picture_and_clear_of_each_other():
    crowd = [Point(5, 5, label=f"method {i}") for i in range(4)]
    chart = plot("t", [Series("", [Point(1, 1, label="left"), Point(9, 2, label="right"), *crowd], joined=False)], X, Y)
    labels = [text for text in elements(chart, "text") if text.get("class") == "s0"]
    boxes = [(*place(label, "x", "y"), len(label.text) * LETTER) for label in labels]

    assert [label.text for label in labels] == ["left", "right", *(f"method {i}" for i in range(4))]
    assert all(x >= 0 and x + width <= WIDTH for x, _, width in boxes)
    for i, (x, y, width) in enumerate(boxes):
        for other_x, other_y, other_width in boxes[:i]:
            assert abs(y - other_y) >= 12 or x + width <= other_x or other_x + other_width <= x
    assert not elements(chart, "polyline")


def test_labels_cover_no_mark():
    near = [Point(1, 1, label="first"), Point(5, 5, label="a long name"), Point(5.5, 5, label="next"), Point(1.2, 1)]
    chart = plot("t", [Series("", near, joined=False)], X, Y)
    marks = [place(mark, "cx", "cy") for mark in elements(chart, "circle")]
    assert len(marks) == len(near)
    for label in (text for text in elements(chart, "text") if text.get("class") == "s0"):
        left, bottom = place(label, "x", "y")
        right = left + len(label.text) * LETTER
        for x, y in marks:
            assert right <= x - 4 or x + 4 <= left or bottom <= y - 4 or y + 4 <= bottom - 8


@given(st.lists(st.tuples(st.floats(1, 1e7), st.floats(-100, 100)), min_size=1, max_size=20))
def test_everything_drawn_lies_on_the_picture(values):
    chart = plot("t", [Series("c", [Point(x, y) for x, y in sorted(values)])], X, Y)
    height = float(Xml.fromstring(chart.inline()).get("height"))

    for circle in elements(chart, "circle"):
        x, y = place(circle, "cx", "cy")
        assert 0 <= x <= WIDTH
        assert 0 <= y <= height


def test_rows_show_value_interval_and_what_they_are_held_against():
    chart = dots("t", [Dot("no insertion", 0.2, (-1.8, 2.2)), Dot("lr 1", -10.9)], Axis("points"), reference=0)
    circles = elements(chart, "circle")
    (reference,) = [line for line in elements(chart, "line") if line.get("stroke-dasharray")]

    assert [text for text in words(chart) if text in ("no insertion", "lr 1")] == ["no insertion", "lr 1"]
    assert place(circles[0], "cx") > place(reference, "x1") > place(circles[1], "cx")
    assert len([line for line in elements(chart, "line") if line.get("class") == "s0"]) == 1


def test_a_name_too_long_for_its_row_is_cut_and_says_so():
    chart = dots("t", [Dot("x" * 200, 1.0)], Axis("points"))

    assert any(re.fullmatch("x+\N{HORIZONTAL ELLIPSIS}", text) for text in words(chart))


@pytest.mark.parametrize(
    "draw",
    [
        lambda title: plot(title, [Series("", [Point(1, 2)])], X, Y),
        lambda title: dots(title, [Dot("row", 1.0)], Y),
        lambda title: shades(title, [[1.0]], ["row"], ["column"]),
    ],
)
def test_a_title_too_long_for_the_picture_is_cut_on_it_and_said_whole(draw):
    chart = draw("word " * 40)
    (title,) = [text for text in words(chart) if text.startswith("word")]
    assert title.endswith("\N{HORIZONTAL ELLIPSIS}") and len(title) * LETTER <= WIDTH
    assert chart.title == "word " * 40 and draw("short").title in words(draw("short"))


def test_shades_run_from_nothing_to_the_largest_value():
    chart = shades("t", [[4, 2], [0, 1]], ["a", "b"], ["a", "b"])
    rects = elements(chart, "rect")

    assert [float(rect.get("fill-opacity")) for rect in rects] == [1, 0.5, 0, 0.25]
    assert [element.text for element in elements(chart, "title")] == ["a, a: 4", "a, b: 2", "b, a: 0", "b, b: 1"]


def test_a_table_of_nothing_has_no_shade():
    assert float(elements(shades("t", [[0.0]], ["a"], ["a"]), "rect")[0].get("fill-opacity")) == 0


def test_long_names_leave_room_for_the_shades():
    chart = shades("t", [[1.0]], ["x" * 200], ["y" * 200])

    assert all(place(rect, "width", "height") > (0, 0) for rect in elements(chart, "rect"))
    assert place(elements(chart, "rect")[0], "x")[0] < WIDTH / 2
