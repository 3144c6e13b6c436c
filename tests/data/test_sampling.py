from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.data.sampling import evenly_spaced, window_frames

positions = st.floats(0, 1, exclude_max=True)
counts = st.integers(1, 64)


def published_starts(length: int, frames: int = 16, gap: int = 4) -> list[int]:
    """All 0-based starts of the published rule, written as its text reads: 1-based, upper end included."""
    skip = gap if length >= frames * gap else length // frames
    return [start - 1 for start in range(1, length - (frames - 1) * skip - 1 + 1)]


@pytest.mark.parametrize("length", [17, 18, 31, 32, 33, 47, 48, 63, 64, 65, 100, 1000])
def test_starts_are_those_of_the_published_rule(length: int) -> None:
    starts = published_starts(length)
    exact = [float(Fraction(2 * i + 1, 2 * len(starts))) for i in range(len(starts))]
    assert [window_frames(length, 16, 4, position)[0] for position in exact] == starts


@pytest.mark.parametrize(
    ("length", "first", "last"),
    [(64, [0, 4, 8], 62), (63, [0, 3, 6], 62), (32, [0, 2, 4], 30), (17, [0, 1, 2], 15)],
)
def test_published_lengths(length: int, first: list[int], last: int) -> None:
    assert window_frames(length, 16, 4, 0.0)[:3] == first
    assert window_frames(length, 16, 4, 0.999999)[-1] <= last


@given(st.integers(1, 16))
def test_videos_too_short_for_the_rule_play_once_and_repeat_the_last_frame(length: int) -> None:
    assert window_frames(length, 16, 4, 0.7) == list(range(length)) + [length - 1] * (16 - length)


@given(st.integers(1, 5000), counts, st.integers(1, 12), positions)
def test_frames_exist_are_in_order_and_evenly_spaced(length: int, frames: int, stride: int, position: float) -> None:
    chosen = window_frames(length, frames, stride, position)
    assert len(chosen) == frames
    assert chosen == sorted(chosen)
    assert 0 <= chosen[0] <= chosen[-1] < length
    steps = set(np.diff(chosen).tolist())
    if length > frames:
        assert steps <= {stride if length >= frames * stride else length // frames}
        assert len(steps) <= 1


@given(st.integers(2, 500), st.integers(1, 16), st.integers(1, 6))
def test_every_start_can_be_drawn_equally_often(length: int, frames: int, stride: int) -> None:
    starts = max(1, len(published_starts(length, frames, stride))) if length > frames else 1
    drawn = [window_frames(length, frames, stride, (i + 0.5) / (3 * starts))[0] for i in range(3 * starts)]
    assert drawn == [i // 3 for i in range(3 * starts)]


@given(st.integers(1, 50))
def test_evenly_spaced_positions_are_symmetric(count: int) -> None:
    spaced = evenly_spaced(count)
    assert len(spaced) == count
    assert np.allclose(np.add(spaced, spaced[::-1]), 1)
    assert 0 < min(spaced) <= max(spaced) < 1
