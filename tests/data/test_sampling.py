from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.data.sampling import RULES, Extent, evenly_spaced, middle_frames, spread_frames, window_frames

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


@pytest.mark.parametrize(
    ("length", "first", "stride"), [(8, 0, 1), (14, 3, 1), (15, 0, 2), (16, 0, 2), (17, 1, 2), (21, 3, 2), (37, 0, 5)]
)
def test_spread_frames_of_known_lengths(length: int, first: int, stride: int) -> None:
    assert spread_frames(Extent(length), 8) == [first + i * stride for i in range(8)]


def published_spread(total: int, wanted: int = 8) -> list[int]:
    """The rule of Something-Something as its text reads: what remains of the widest stride is halved."""
    stride = (total - 1) // (wanted - 1)
    remain = total - 1 - (wanted - 1) * stride
    return list(range(remain // 2, total, stride))[:wanted]


@given(st.integers(8, 400))
def test_spread_frames_are_those_of_the_published_rule(length: int) -> None:
    assert spread_frames(Extent(length), 8) == published_spread(length)


def as_ffmpeg(length: int, fps: Fraction, base: int) -> list[int]:
    """Let ffmpeg itself choose 8 frames: ``-ss start -t 8/base -vf fps=base``, the window around the middle."""
    unit = Fraction(1, 90_000)
    start = length / fps / 2 - Fraction(4, base)
    graph = av.filter.Graph()
    source = graph.add_buffer(width=16, height=16, format="gray", time_base=unit)
    rate, sink = graph.add("fps", f"fps={base}"), graph.add("buffersink")
    source.link_to(rate)
    rate.link_to(sink)
    graph.configure()
    for i in range(length):
        if start <= i / fps < start + Fraction(8, base):
            frame = av.VideoFrame.from_ndarray(np.full((16, 16), i % 256, np.uint8), format="gray")
            frame.time_base, frame.pts = unit, round((i / fps - start) / unit)
            source.push(frame)
    source.push(None)
    return [int(sink.pull().to_ndarray()[0, 0]) for _ in range(8)]


@pytest.mark.parametrize(
    ("length", "fps", "base"),
    [
        (250, Fraction(25), 2),
        (240, Fraction(24), 2),
        (200, Fraction(30), 2),
        (120, Fraction(30000, 1001), 2),
        (150, Fraction(15), 2),
        (100, Fraction(25), 2),
        (99, Fraction(25), 4),
        (60, Fraction(30), 4),
        (40, Fraction(25), 8),
        (24, Fraction(25), 12),
        (17, Fraction(25), 12),
    ],
)
def test_middle_frames_are_those_that_ffmpeg_takes(length: int, fps: Fraction, base: int) -> None:
    chosen = middle_frames(Extent(length, fps), 8)
    assert [i % 256 for i in chosen] == as_ffmpeg(length, fps, base)


@given(st.integers(1, 1000), st.fractions(1, 120, max_denominator=1001), st.integers(1, 40))
def test_rules_choose_frames_that_exist_or_none(length: int, fps: Fraction, frames: int) -> None:
    for rule in RULES.values():
        chosen = rule(Extent(length, fps), frames)
        assert len(chosen) in (0, frames)
        assert chosen == sorted(chosen)
        assert all(0 <= i < length for i in chosen)


def test_videos_too_short_for_a_rule_give_nothing() -> None:
    assert spread_frames(Extent(7), 8) == []
    assert middle_frames(Extent(16, Fraction(25)), 8) == []
    assert middle_frames(Extent(250), 8) == [], "without a rate nobody knows where two seconds end"


@given(st.integers(100, 300), st.integers(4, 64))
def test_more_frames_of_the_middle_lie_in_the_same_four_seconds(length: int, frames: int) -> None:
    chosen = middle_frames(Extent(length, Fraction(25)), frames)
    assert length / 2 - 51 <= chosen[0] <= chosen[-1] < length / 2 + 50
