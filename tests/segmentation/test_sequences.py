"""Condensed videos: interpolation inside segments against a slow reference."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.segmentation.sequences import Script, SegmentKeys, script_of


@st.composite
def scripts(draw) -> Script:
    """Segments of up to six frames, of which any are stored."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    times: list[int] = []
    start = 0
    for length in lengths:
        own = draw(st.sets(st.integers(0, length - 1), min_size=1))
        times += [start + time for time in sorted(own)]
        start += length
    return Script(tuple(i % 2 for i in range(len(lengths))), tuple(lengths), tuple(times))


def slow_features(script: Script, vectors: list[float]) -> list[float]:
    """Frame by frame: the line between the stored neighbours of its segment, or the only one there is."""
    stored = dict(zip(script.times, vectors, strict=True))
    found, start = [], 0
    for length in script.lengths:
        own = [time for time in script.times if start <= time < start + length]
        for frame in range(start, start + length):
            before = [time for time in own if time <= frame] or own[:1]
            after = [time for time in own if time >= frame] or own[-1:]
            left, right = before[-1], after[0]
            share = (frame - left) / (right - left) if right > left else 0.0
            found.append((1 - share) * stored[left] + share * stored[right])
        start += length
    return found


def test_lines_by_hand():
    script = script_of(torch.tensor([0, 0, 0, 1, 1]), [0, 2, 4])
    assert script == Script((0, 1), (3, 2), (0, 2, 4))
    videos = SegmentKeys(torch.tensor([[0.0], [4.0], [9.0]]), [script], ["a", "b"])
    # No line from 4 to 9: there the action changes.
    assert videos.features(0).tolist() == [[0.0, 2.0, 4.0, 9.0, 9.0]]
    assert videos.labels(0).tolist() == [0, 0, 0, 1, 1]


@given(scripts(), st.randoms(use_true_random=False))
def test_interpolation_is_the_slow_one(script, chance):
    vectors = [chance.uniform(-1, 1) for _ in script.times]
    videos = SegmentKeys(torch.tensor(vectors)[:, None], [script], ["a", "b"])
    assert videos.features(0)[0].tolist() == pytest.approx(slow_features(script, vectors), abs=1e-6)
    assert len(videos.labels(0)) == script.frames == videos.features(0).shape[1]


@given(scripts())
def test_parts_are_the_segments(script):
    parts = script.parts()
    assert [time for _, _, stored in parts for time in stored] == list(script.times)
    assert all(start <= time < start + length for start, length, stored in parts for time in stored)
    assert [length for _, length, _ in parts] == list(script.lengths)


def test_decoding_is_differentiable_and_rows_sum_to_one():
    script = Script((0,), (5,), (0, 4))
    vectors = torch.zeros(2, 3, requires_grad=True)
    SegmentKeys(vectors, [script], ["a"]).features(0).sum().backward()
    assert vectors.grad is not None and vectors.grad.tolist() == [[2.5] * 3] * 2


def test_videos_keep_their_own_vectors():
    first, second = Script((0,), (2,), (0, 1)), Script((1,), (3,), (1,))
    videos = SegmentKeys(torch.tensor([[1.0], [2.0], [3.0]]), [first, second], ["a", "b"])
    assert len(videos) == 2 and videos.dimension == 1
    assert videos.of_video(1) == slice(2, 3) and videos.features(1).tolist() == [[3.0] * 3]
    assert videos.replaced(torch.zeros(3, 1)).features(0).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (((), (), ()), "a class and a length"),
        (((0,), (2, 3), (0,)), "a class and a length"),
        (((0,), (0,), (0,)), "at least 1 frame"),
        (((0,), (3,), ()), "must rise within 0..2"),
        (((0,), (3,), (1, 1)), "must rise within 0..2"),
        (((0,), (3,), (0, 3)), "must rise within 0..2"),
        (((0,), (3,), (-1,)), "must rise within 0..2"),
        (((0, 1), (3, 2), (0, 2)), "every segment needs a stored frame"),
    ],
)
def test_scripts_that_are_none(parts, words):
    with pytest.raises(ValueError, match=words):
        Script(*parts)


def test_vectors_that_do_not_fit():
    script = Script((1,), (3,), (0, 2))
    with pytest.raises(ValueError, match="3 vectors do not fit scripts that store 2 frames"):
        SegmentKeys(torch.zeros(3, 2), [script], ["a", "b"])
    with pytest.raises(ValueError, match="outside the 1 classes"):
        SegmentKeys(torch.zeros(2, 2), [script], ["a"])
