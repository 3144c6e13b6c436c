import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.report.scales import Axis, scale_of, text_of

finite = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda value: round(value, 3))
positive = st.floats(1e-6, 1e9)


@given(st.lists(finite, min_size=1, max_size=8))
def test_every_value_lies_between_the_ends_and_larger_ones_lie_further(values):
    scale = scale_of(Axis("x"), values, 10.0, 210.0)
    places = [scale(value) for value in sorted(values)]

    assert scale.low < scale.high
    assert places == sorted(places)
    assert all(10 - 1e-6 <= place <= 210 + 1e-6 for place in places)


@given(st.lists(finite, min_size=1, max_size=8))
def test_ticks_are_few_evenly_spaced_and_within_the_ends(values):
    scale = scale_of(Axis("x"), values, 0.0, 1.0)
    steps = [second - first for first, second in zip(scale.ticks, scale.ticks[1:], strict=False)]

    assert 2 <= len(scale.ticks) <= 8
    assert steps == pytest.approx([steps[0]] * len(steps))
    assert f"{steps[0]:.3e}"[0] in "125"


@given(st.lists(positive, min_size=1, max_size=8))
def test_a_logarithmic_axis_holds_its_values_and_gives_equal_ratios_equal_room(values):
    scale = scale_of(Axis("bytes", log=True), values, 0.0, 100.0)

    assert all(-1e-6 <= scale(value) <= 100 + 1e-6 for value in values)
    assert scale(scale.low * 2) - scale(scale.low) == pytest.approx(scale(scale.high) - scale(scale.high / 2))


def test_round_values_by_hand():
    assert scale_of(Axis("x"), [3, 47], 0, 1).ticks == (0, 10, 20, 30, 40, 50)
    assert scale_of(Axis("x", log=True), [5e3, 4e6], 0, 1).ticks == (1e4, 1e5, 1e6)
    assert scale_of(Axis("x", log=True), [3, 40], 0, 1).ticks == (2, 5, 10, 20, 50)


def test_what_an_axis_must_include_lies_on_it():
    assert scale_of(Axis("x", include=(0,)), [40, 60], 0, 1).low == 0


def test_one_value_stands_between_two_ends():
    scale = scale_of(Axis("x"), [7.0], 0, 100)

    assert 0 < scale(7.0) < 100


def test_an_axis_that_points_up_counts_pixels_down():
    scale = scale_of(Axis("y"), [0, 10], 300.0, 20.0)

    assert (scale(0), scale(10)) == (300, 20)


@pytest.mark.parametrize(
    ("values", "log"), [([], False), ([math.nan], False), ([math.inf, 1], False), ([0, 1], True), ([-1.0], True)]
)
def test_values_that_have_no_place_are_refused(values, log):
    with pytest.raises(ValueError, match="no axis 'size'"):
        scale_of(Axis("size", log=log), values, 0, 1)


def test_numbers_below_zero_have_a_true_minus():
    assert text_of(-2.5) == "\N{MINUS SIGN}2.5"
