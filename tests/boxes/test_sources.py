"""Each box source on pictures whose answer is known."""

import numpy as np
import pytest

from tests.boxes.moving import moving_square, overlap, person, texture
from vidense.boxes import BOX_SOURCES, Cropping
from vidense.boxes.tracking import find_tracker
from vidense.errors import UserError
from vidense.opencv import enlarged, require_opencv

REASON = "OpenCV is not installed (extra 'motion')"


def found(name: str, frames: np.ndarray) -> list:
    return BOX_SOURCES.get(name)(frames, "ball", "a.mp4")


def test_whole_is_the_frame_itself():
    assert found("whole", texture(40, 60, 0)[None]) == [(0, 0, 60, 40)]


@pytest.mark.parametrize("name", ["people", "motion"])
def test_without_opencv_the_extra_is_named(no_opencv, name):
    with pytest.raises(UserError, match=rf"'{name}' needs OpenCV.*pip install 'vidense\[motion\]'.*boxes=whole"):
        found(name, moving_square(3))
    assert find_tracker() is None


def test_frames_that_are_large_enough_are_left_alone():
    frame = texture(40, 60, 0)
    same, factor = enlarged(frame, 40)
    assert same is frame and factor == 1


def test_small_frames_are_scaled_up():
    pytest.importorskip("cv2", reason=REASON)
    large, factor = enlarged(texture(20, 30, 0), 50)
    assert large.shape == (50, 75, 3) and factor == 2.5


class TestMotion:
    @pytest.fixture(autouse=True)
    def _opencv(self):
        pytest.importorskip("cv2", reason=REASON)

    @pytest.mark.parametrize(
        ("start", "speed", "side"), [((20, 30), (2, 1), 24), ((80, 20), (-3, 1), 30), ((50, 60), (0, -2), 20)]
    )
    def test_the_box_is_around_the_square_that_moves(self, start, speed, side):
        (box,) = found("motion", moving_square(start=start, speed=speed, side=side))
        assert overlap(box, (*start, side, side)) > 0.5

    def test_what_moves_late_was_there_at_the_start(self):
        early, late = (found("motion", moving_square(wait=wait)) for wait in (0, 5))
        assert early == late

    def test_nothing_moves_in_a_picture_or_a_still_video(self):
        assert found("motion", moving_square(1)) == []
        assert found("motion", moving_square(6, speed=(0, 0))) == []
        assert found("motion", np.full((4, 48, 48, 3), 90, np.uint8)) == []

    def test_the_cameras_motion_is_taken_away(self):
        (box,) = found("motion", moving_square(speed=(2, 0), camera=2))
        assert overlap(box, (20, 30, 24, 24)) > 0.4

    @pytest.mark.parametrize("size", [(4, 4), (1, 9), (17, 5)])
    def test_frames_of_any_size(self, size):
        noise = np.random.default_rng(0).integers(0, 256, (3, *size, 3)).astype(np.uint8)
        for left, top, width, height in found("motion", noise):
            assert 0 <= left < left + width <= size[1] + 1 and 0 <= top < top + height <= size[0] + 1


class TestPeople:
    @pytest.fixture(autouse=True)
    def _opencv(self):
        pytest.importorskip("cv2", reason=REASON)

    @pytest.mark.parametrize("centre", [80, 160, 230])
    def test_an_upright_figure_is_found_where_it_stands(self, centre):
        left, top, width, height = found("people", person(centre)[None])[0]
        assert left + width / 2 == pytest.approx(centre, abs=8)
        # The figure is 110 pixels high and begins at 30; the detector's windows leave a margin.
        assert top <= 35 and top + height >= 135 and height <= 170

    def test_a_small_figure_is_found_too(self):
        left, _, width, height = found("people", person(70, (120, 160), top=30, height=55)[None])[0]
        assert left + width / 2 == pytest.approx(70, abs=6) and 50 < height < 90

    def test_the_first_frame_counts_and_an_empty_one_has_nobody(self):
        empty = np.full((240, 320, 3), 200, np.uint8)
        assert found("people", np.stack([empty, person(160)])) == []
        assert found("people", np.stack([person(160), empty])) != []

    def test_the_same_picture_gives_the_same_boxes_in_the_same_order(self):
        crowd = np.minimum(person(70), person(240, top=60))[None]
        first = found("people", crowd)
        assert len(first) >= 2
        assert all(found("people", crowd) == first for _ in range(3))


def test_a_plug_in_is_a_registered_function():
    @BOX_SOURCES.register("test_corner")
    def corner(frames, class_name, path):
        return [(0, 0, len(class_name), len(path))]

    try:
        assert Cropping("test_corner").source()(moving_square(1), "ball", "a.mp4") == [(0, 0, 4, 5)]
    finally:
        BOX_SOURCES._items.pop("test_corner")


def test_opencv_is_opencv():
    cv2 = pytest.importorskip("cv2", reason=REASON)
    assert require_opencv("a test") is cv2
