import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.durations import format_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.04, "40 ms"),
        (1.04, "1 s"),
        (9.46, "9.5 s"),
        (42.4, "42 s"),
        (90, "1.5 min"),
        (600, "10 min"),
        (9000, "2.5 h"),
    ],
)
def test_durations_as_people_say_them(seconds, text):
    assert format_duration(seconds) == text


@given(st.floats(0, 1e6) | st.sampled_from([1, 10, 89.9, 90, 599.9, 600, 5399.9, 5400]))
def test_what_is_said_is_near_what_was_measured(seconds):
    number, unit = format_duration(seconds).split()
    said = float(number) * {"ms": 0.001, "s": 1, "min": 60, "h": 3600}[unit]
    assert said == pytest.approx(seconds, rel=0.05, abs=0.0006)
