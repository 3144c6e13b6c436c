"""Boxes follow what they are around."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.boxes.moving import moving_square, overlap, square_at
from vidense.boxes.base import Box
from vidense.boxes.tracking import find_tracker, track

FRAMES = moving_square(8)


class Scripted:
    """Says what it was told to say, as OpenCV's trackers do."""

    def __init__(self, answers: list) -> None:
        self.answers, self.began = answers, None

    def init(self, frame, box) -> None:
        assert frame.shape == FRAMES.shape[1:] and frame.flags["C_CONTIGUOUS"]
        self.began = box

    def update(self, frame):
        return self.answers.pop(0)


def test_a_moving_square_is_followed():
    pytest.importorskip("cv2", reason="OpenCV is not installed (extra 'motion')")
    boxes = track(FRAMES, Box(20, 30, 24, 24), find_tracker())
    assert boxes[0] == (20, 30, 24, 24)
    for i, box in enumerate(boxes):
        assert overlap(box, (*square_at(i, (20, 30), (3, 2)), 24, 24)) > 0.6
    assert boxes == track(FRAMES, Box(20, 30, 24, 24), find_tracker())


def test_a_box_stays_where_it_was_last_seen():
    answers = [(True, (5, 6, 20, 20)), (False, (0, 0, 0, 0)), (True, (500, 6, 20, 20)), (True, (7, 8, 20, 20))]
    answers += [(False, (1, 1, 9, 9))] * 3
    tracker = Scripted(answers)
    boxes = track(FRAMES, Box(3.4, 4.6, 20.2, 20.0), lambda: tracker)
    assert tracker.began == (3, 5, 20, 20)
    seen, later = Box(5, 6, 20, 20), Box(7, 8, 20, 20)
    assert boxes == [Box(3.4, 4.6, 20.2, 20.0), seen, seen, seen, later, later, later, later]


@given(st.lists(st.tuples(st.booleans(), st.tuples(*[st.integers(-200, 200)] * 4)), min_size=7, max_size=7))
def test_whatever_a_tracker_says_boxes_stay_inside(answers):
    boxes = track(FRAMES, Box(10, 10, 20, 20), lambda: Scripted(answers))
    assert len(boxes) == len(FRAMES)
    height, width = FRAMES.shape[1:3]
    for left, top, wide, high in boxes:
        assert 0 <= left < left + wide <= width and 0 <= top < top + high <= height


@pytest.mark.parametrize("box", [Box(0, 0, 128, 96), Box(5, 5, 3, 50), Box(5, 5, 50, 2)])
def test_nothing_is_followed_that_cannot_be(box):
    def never():
        raise AssertionError("a tracker was made")

    assert track(FRAMES, box, never) == [box] * 8


def test_without_a_tracker_boxes_are_constant():
    assert track(FRAMES, Box(9, 9, 30, 30), None) == [Box(9, 9, 30, 30)] * 8
