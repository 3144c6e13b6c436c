"""Colours of directions, and a picture whose panels are where they belong."""

import colorsys
import math

import numpy as np
import pytest
from PIL import Image

from vidense.evaluation.flow import ClassMotion
from vidense.evaluation.flow_figure import GAP, HEADER, LABELS, PANEL, TURN, draw_motion, flow_colours, full_scale

RED, GREEN, BLUE = 0, 1, 2


def one_vector(right: float, down: float, full: float = 1.0) -> list[int]:
    return flow_colours(np.array([[[right]], [[down]]], dtype=float), full)[0, 0].tolist()


def motion(height: int = 48, width: int = 48, right: float = 1.0, difference: float = 30.0) -> ClassMotion:
    flow = np.stack([np.full((height, width), right), np.zeros((height, width))])
    middle = np.full((height, width, 3), (10, 200, 30), dtype=np.uint8)
    return ClassMotion(flow, np.full((height, width), difference), middle, 1)


def panel(picture: Image.Image, row: int, column: int, wide: int = PANEL, high: int = PANEL) -> tuple[int, ...]:
    """Return the colour in the middle of a panel."""
    across = LABELS + column * (wide + GAP) + wide // 2
    return picture.getpixel((across, HEADER + row * (high + 28 + GAP) + high // 2))


@pytest.mark.parametrize(
    ("vector", "strongest"), [((1, 0), RED), ((0, -1), GREEN), ((-1, 0), BLUE)], ids=["right", "up", "left"]
)
def test_right_is_reddish_up_greenish_left_bluish(vector, strongest):
    colour = one_vector(*vector)
    assert colour[strongest] == 255 and sorted(colour)[1] < 200


def test_down_is_violet():
    red, green, blue = one_vector(0, 1)
    assert blue == 255 and 150 < red < 255 and green == 0


@pytest.mark.parametrize("degrees", range(0, 360, 23))
@pytest.mark.parametrize("strength", [0.1, 0.5, 1.0])
def test_colours_are_those_of_the_textbook(degrees, strength):
    right, up = (strength * function(math.radians(degrees)) for function in (math.cos, math.sin))
    expected = [255 * value for value in colorsys.hsv_to_rgb((degrees + TURN) % 360 / 360, strength, strength)]
    assert one_vector(2 * right, -2 * up, full=2.0) == pytest.approx(expected, abs=0.51)


def test_what_is_faster_than_full_scale_is_no_brighter():
    assert one_vector(5, 0, full=1.0) == one_vector(1, 0, full=1.0)


def test_what_stands_still_is_black():
    assert one_vector(0, 0) == [0, 0, 0]
    assert not flow_colours(np.zeros((2, 4, 5)), full_scale(np.zeros((4, 5)))).any()


def test_the_scale_is_the_99th_percentile_unless_that_is_nothing():
    values = np.zeros((10, 10))
    values[0, 0] = 7
    assert full_scale(np.arange(101.0)) == 99
    assert full_scale(np.where(values > 0, values, 1)) < 2
    assert full_scale(np.zeros(1000)) == 0
    values = np.zeros(1000)
    values[0] = 7
    assert full_scale(values) == 7


def test_a_picture_has_a_row_of_three_panels_a_set(tmp_path):
    rows = [("real\n3 videos", motion()), ("dm", motion(right=-1.0)), ("random", motion(right=0.0, difference=0.0))]
    draw_motion(tmp_path / "a.png", "Surfing", "dm beside real clips", rows)
    picture = Image.open(tmp_path / "a.png")
    assert [panel(picture, row, 0) for row in range(3)] == [(10, 200, 30)] * 3
    assert [panel(picture, row, 1) for row in range(3)] == [(255, 64, 0), (0, 191, 255), (0, 0, 0)]
    assert [panel(picture, row, 2) for row in range(3)] == [(255, 255, 255), (255, 255, 255), (0, 0, 0)]
    assert not list(tmp_path.glob(".*"))


def test_panels_keep_the_shape_of_the_frames(tmp_path):
    draw_motion(tmp_path / "a.png", "wide", "", [("real", motion(30, 60))] * 3)
    picture = Image.open(tmp_path / "a.png")
    assert [panel(picture, row, 0, PANEL, PANEL // 2) for row in range(3)] == [(10, 200, 30)] * 3


def test_the_wheel_explains_the_colours(tmp_path):
    draw_motion(tmp_path / "a.png", "Surfing", "", [("real", motion())] * 3)
    picture = Image.open(tmp_path / "a.png")
    across, down = LABELS + 3 * (PANEL + GAP) + 85, HEADER + PANEL // 2
    around = {name: picture.getpixel((across + x, down + y)) for name, x, y in (("right", 49, 0), ("left", -49, 0))}
    assert around["right"][RED] > 200 > around["right"][BLUE] and around["left"][BLUE] > 200 > around["left"][RED]
    assert max(picture.getpixel((across, down))) < 20
