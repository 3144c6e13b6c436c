"""Optical flow on motion that is known, and its numbers against slow references."""

import math

import numpy as np
import pytest
import torch

from tests.boxes.moving import texture
from tests.tiny import real_clips
from vidense.data.real import RealClips
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.evaluation.flow import ALGORITHMS, ClassMotion, clip_flow, compare, joined, magnitude, mean_motion

REASON = "OpenCV is not installed (extra 'motion')"
DIRECTIONS = {"right": (2, 0), "left": (-2, 0), "down": (0, 2), "up": (0, -2)}


def sliding(speed: tuple[int, int], size: tuple[int, int] = (64, 64), frames: int = 4, seed: int = 0) -> np.ndarray:
    """Return uint8 ``[frames, 3, H, W]``: a texture that moves by ``speed`` (right, down) pixels a frame."""
    margin = 3 * frames
    ground = texture(size[0] + 2 * margin, size[1] + 2 * margin, seed)
    corners = [(margin - speed[1] * i, margin - speed[0] * i) for i in range(frames)]
    clip = np.stack([ground[top : top + size[0], left : left + size[1]] for top, left in corners])
    return np.ascontiguousarray(clip.transpose(0, 3, 1, 2))


def clips_of(*videos: np.ndarray) -> RealClips:
    """Return one class of these videos."""
    spec, stacked = ClipSpec(len(videos[0]), *videos[0].shape[2:]), np.stack(videos)[:, None]
    places = [(0, i) for i in range(len(videos))]
    labels = torch.zeros(len(videos), dtype=torch.int64)
    return RealClips(spec, ("all",), labels, [str(i) for i in range(len(videos))], [stacked], places, "flow")


def fields(count: int, size: tuple[int, int] = (5, 7)) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [rng.normal(size=(2, *size)) for _ in range(count)]


class TestKnownMotion:
    @pytest.fixture(autouse=True)
    def _opencv(self):
        pytest.importorskip("cv2", reason=REASON)

    @pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
    @pytest.mark.parametrize("direction", sorted(DIRECTIONS))
    def test_a_sliding_texture_moves_as_it_was_moved(self, algorithm, direction):
        found = clip_flow(sliding(DIRECTIONS[direction]), algorithm)
        assert found.shape == (3, 2, 64, 64) and found.dtype == np.float32
        assert found.mean((0, 2, 3)) == pytest.approx(DIRECTIONS[direction], abs=0.25)

    @pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
    @pytest.mark.parametrize("size", [(24, 24), (20, 40), (112, 80)])
    def test_flow_of_any_size_is_in_pixels_of_the_clip(self, algorithm, size):
        found = clip_flow(sliding((1, -1), size), algorithm)
        assert found.shape == (3, 2, *size)
        assert found.mean((0, 2, 3)) == pytest.approx((1, -1), abs=0.25)

    @pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
    def test_equal_frames_do_not_move_at_all(self, algorithm):
        assert not clip_flow(sliding((0, 0)), algorithm).any()
        motion = mean_motion(clips_of(sliding((0, 0))), torch.tensor([0]), algorithm)
        assert not motion.flow.any() and not motion.difference.any()

    def test_small_frames_before_leave_no_trace(self):
        clip = sliding((2, 0))
        alone = clip_flow(clip)
        clip_flow(sliding((1, 0), (36, 41)))
        assert np.array_equal(clip_flow(clip), alone)

    def test_opposite_motions_cancel_and_videos_count_alike(self):
        clips = clips_of(sliding((2, 0)), sliding((-2, 0), seed=1), sliding((0, 3), seed=2))
        found = mean_motion(clips, torch.arange(3))
        assert found.flow.mean((1, 2)) == pytest.approx((0, 1), abs=0.25) and found.videos == 3
        by_hand = np.mean([clip_flow(clips.pixels(torch.tensor([i]))[0].numpy()).mean(0) for i in range(3)], axis=0)
        assert found.flow == pytest.approx(by_hand, abs=1e-6)

    def test_only_the_asked_videos_count(self):
        clips = clips_of(sliding((2, 0)), sliding((-2, 0), seed=1))
        found = mean_motion(clips, torch.tensor([1]))
        assert found.flow[0].mean() == pytest.approx(-2, abs=0.25)
        assert np.array_equal(found.middle, clips.pixels(torch.tensor([1]))[0, 2].permute(1, 2, 0).numpy())

    def test_differences_are_those_of_the_pixels_on_the_screen(self):
        clips = real_clips(videos=2)
        found = mean_motion(clips, torch.tensor([1, 3]))
        pixels = clips.pixels(torch.tensor([1, 3])).numpy().astype(float)
        expected = np.zeros((48, 48))
        for video in range(2):
            for frame in range(7):
                for colour in range(3):
                    expected += abs(pixels[video, frame + 1, colour] - pixels[video, frame, colour])
        assert found.difference == pytest.approx(expected / (2 * 7 * 3))

    def test_clips_of_one_frame_are_refused(self):
        with pytest.raises(UserError, match="clips of one frame do not move"):
            mean_motion(real_clips().single_frames(), torch.tensor([0]))


def test_an_unknown_algorithm_gets_the_nearest_name():
    with pytest.raises(UserError, match=r"unknown algorithm 'farnebeck'; did you mean 'farneback'\?"):
        clip_flow(sliding((1, 0)), "farnebeck")


def test_without_opencv_the_extra_is_named_and_no_option_of_boxes(no_opencv):
    with pytest.raises(UserError, match=r"optical flow needs OpenCV.*pip install 'vidense\[motion\]'$"):
        clip_flow(sliding((1, 0)))


def test_parts_join_to_the_whole():
    (first, second), still = fields(2), np.zeros((5, 7, 3), dtype=np.uint8)
    parts = [ClassMotion(first, first[0] ** 2, still, 3), ClassMotion(second, second[0] ** 2, still + 1, 1)]
    found = joined(parts)
    assert found.flow == pytest.approx(0.75 * first + 0.25 * second)
    assert found.difference == pytest.approx(0.75 * first[0] ** 2 + 0.25 * second[0] ** 2)
    assert found.videos == 4 and np.array_equal(found.middle, still)


def test_numbers_against_a_slow_reference():
    one, other = fields(2)
    products = ones = others = apart = length = 0.0
    for y in range(5):
        for x in range(7):
            (u, v), (p, q) = one[:, y, x], other[:, y, x]
            products, ones, others = products + u * p + v * q, ones + u * u + v * v, others + p * p + q * q
            apart, length = apart + math.hypot(u - p, v - q), length + math.hypot(u, v)
    found = compare(one, other)
    assert found["cosine"] == pytest.approx(products / math.sqrt(ones * others))
    assert found["end_point_error"] == pytest.approx(apart / 35)
    assert magnitude(one) == pytest.approx(length / 35)


def test_a_field_is_like_itself_and_unlike_its_opposite():
    (field,) = fields(1)
    assert compare(field, field) == {"cosine": pytest.approx(1), "end_point_error": 0}
    assert compare(field, -field) == {
        "cosine": pytest.approx(-1),
        "end_point_error": pytest.approx(2 * magnitude(field)),
    }
    assert compare(field, 3 * field)["cosine"] == pytest.approx(1)
    assert all(compare(part, part)["cosine"] <= 1 for part in fields(50))


def test_a_field_of_nothing_has_no_direction():
    (field,), nothing = fields(1), np.zeros((2, 5, 7))
    assert compare(field, nothing) == {"cosine": None, "end_point_error": pytest.approx(magnitude(field))}
    assert compare(nothing, nothing) == {"cosine": None, "end_point_error": 0}
