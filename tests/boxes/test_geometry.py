"""Crops cover their box, have the right shape and never leave the frame."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.boxes.base import Box
from vidense.boxes.geometry import clipped, covering, whole_frame

WIDTH, HEIGHT = 160, 90


@st.composite
def boxes(draw) -> Box:
    """Boxes inside the frame, at least one pixel wide and high."""
    width, height = draw(st.floats(1, WIDTH)), draw(st.floats(1, HEIGHT))
    return Box(draw(st.floats(0, WIDTH - width)), draw(st.floats(0, HEIGHT - height)), width, height)


def inside(box: Box, slack: float = 1e-6) -> bool:
    ends = box.left + box.width <= WIDTH + slack and box.top + box.height <= HEIGHT + slack
    return box.left >= -slack and box.top >= -slack and ends


def contains(outer: Box, inner: Box) -> bool:
    left, top = outer.left <= inner.left + 1e-6, outer.top <= inner.top + 1e-6
    right = outer.left + outer.width >= inner.left + inner.width - 1e-6
    return left and top and right and outer.top + outer.height >= inner.top + inner.height - 1e-6


aspects = st.floats(0.25, 4)


@given(boxes(), aspects)
def test_a_crop_has_the_shape_of_the_output_and_stays_inside(box, aspect):
    crop = covering(box, aspect, WIDTH, HEIGHT)
    assert crop.width == pytest.approx(aspect * crop.height)
    assert inside(crop) and crop.width > 0


@given(boxes(), aspects)
def test_a_crop_covers_its_box_wherever_one_of_its_shape_fits(box, aspect):
    crop = covering(box, aspect, WIDTH, HEIGHT)
    needed = max(box.width, box.height * aspect)
    if needed <= WIDTH and needed / aspect <= HEIGHT:
        assert contains(crop, box)
        # The smallest: one of its sides is the box's.
        assert crop.width == pytest.approx(box.width) or crop.height == pytest.approx(box.height)
    else:
        # The largest: one of its sides is the frame's.
        assert crop.width == pytest.approx(WIDTH) or crop.height == pytest.approx(HEIGHT)


@given(boxes(), aspects)
def test_a_crop_has_its_boxs_centre_unless_an_edge_is_in_the_way(box, aspect):
    crop = covering(box, aspect, WIDTH, HEIGHT)
    for start, extent, of_box, of_box_extent, end in (
        (crop.left, crop.width, box.left, box.width, WIDTH),
        (crop.top, crop.height, box.top, box.height, HEIGHT),
    ):
        centred = abs((start + extent / 2) - (of_box + of_box_extent / 2)) < 1e-6
        assert centred or start < 1e-6 or start + extent > end - 1e-6


@given(boxes(), aspects)
def test_a_crop_of_a_crop_is_the_same(box, aspect):
    crop = covering(box, aspect, WIDTH, HEIGHT)
    assert covering(crop, aspect, WIDTH, HEIGHT) == pytest.approx(crop)


@pytest.mark.parametrize(
    ("box", "aspect", "crop"),
    [
        (Box(40, 20, 20, 20), 1.0, Box(40, 20, 20, 20)),
        (Box(40, 20, 20, 10), 1.0, Box(40, 15, 20, 20)),
        (Box(40, 20, 20, 20), 2.0, Box(30, 20, 40, 20)),
        (Box(0, 20, 10, 30), 1.0, Box(0, 20, 30, 30)),
        (Box(150, 80, 10, 10), 0.5, Box(150, 70, 10, 20)),
        (Box(0, 0, 160, 90), 1.0, Box(35, 0, 90, 90)),
        (Box(70, 0, 5, 90), 16 / 9, Box(0, 0, 160, 90)),
    ],
)
def test_crops_computed_by_hand(box, aspect, crop):
    assert covering(box, aspect, WIDTH, HEIGHT) == pytest.approx(crop)


@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(-50, 400), st.floats(-50, 400))
def test_clipping_is_the_intersection_with_the_frame(left, top, width, height):
    found = clipped(Box(left, top, width, height), WIDTH, HEIGHT)
    wide = min(left + width, WIDTH) - max(left, 0)
    high = min(top + height, HEIGHT) - max(top, 0)
    assert (found is None) == (wide < 1 or high < 1)
    if found is not None:
        assert inside(found) and found == (max(left, 0), max(top, 0), wide, high)
        assert clipped(found, WIDTH, HEIGHT) == pytest.approx(found)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(4))
def test_numbers_that_are_none_give_no_box_outside(bad, place):
    numbers = [10.0, 10.0, 20.0, 20.0]
    numbers[place] = bad
    found = clipped(Box(*numbers), WIDTH, HEIGHT)
    assert found is None or inside(found)


def test_the_whole_frame_is_a_box_of_its_own():
    whole = whole_frame(WIDTH, HEIGHT)
    assert clipped(whole, WIDTH, HEIGHT) == whole == covering(whole, WIDTH / HEIGHT, WIDTH, HEIGHT)
