"""What is cut out is what was in the box, at the size of a region."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.boxes.moving import footage, moving_square, square_at, texture
from vidense.boxes.base import Box
from vidense.boxes.crops import Crop, cut


def ramp(height: int, width: int) -> np.ndarray:
    """Return one frame whose red is its column and whose green is its row."""
    frame = np.zeros((1, height, width, 3), np.uint8)
    frame[..., 0], frame[..., 1] = np.arange(width), np.arange(height)[:, None]
    return frame


def test_a_crop_of_its_own_size_is_the_pixels_themselves():
    frames = moving_square(3)
    boxes = [Box(10, 12, 32, 32), Box(0, 0, 32, 32), Box(96, 64, 32, 32)]
    found = cut(footage(frames), boxes, (32, 32))
    assert found.dtype == torch.uint8
    for i, (left, top) in enumerate([(10, 12), (0, 0), (96, 64)]):
        expected = frames[i, top : top + 32, left : left + 32].transpose(2, 0, 1)
        assert np.array_equal(found[i].numpy(), expected)


def test_a_crop_follows_its_boxes():
    frames = moving_square(6)
    boxes = [Box(*map(float, square_at(i, (20, 30), (3, 2))), 24.0, 24.0) for i in range(6)]
    found = cut(footage(frames), boxes, (24, 24))
    assert all(torch.equal(frame, found[0]) for frame in found)


def test_halving_averages_four_pixels():
    frames = texture(40, 40, 3)[None]
    found = cut(footage(frames), [Box(8, 8, 16, 16)], (8, 8))[0].float()
    means = torch.from_numpy(frames[0, 8:24, 8:24]).float().view(8, 2, 8, 2, 3).mean((1, 3)).permute(2, 0, 1)
    # The bilinear kernel of half size reaches a little beyond the four; on a smooth picture that hardly shows.
    assert (found - means).abs().mean() < 3


@pytest.mark.parametrize(
    ("aspect", "size", "shape"),
    [(1.0, (20, 20), 1.0), (4 / 3, (20, 20), 4 / 3), (1.0, (10, 20), 2.0), (0.5, (10, 20), 1.0)],
)
def test_the_shape_is_the_outputs_in_the_stores_own_distortion(aspect, size, shape):
    found = cut(footage(ramp(120, 200), aspect), [Box(80, 40, 30, 30)], size)[0].float()
    # The ramps tell how many columns and rows were taken.
    wide = (found[0, 0, -1] - found[0, 0, 0]).item() * size[1] / (size[1] - 1)
    high = (found[1, -1, 0] - found[1, 0, 0]).item() * size[0] / (size[0] - 1)
    assert wide / high == pytest.approx(shape, rel=0.08)
    assert found[0].mean().item() == pytest.approx(94.5, abs=1.5) and found[1].mean().item() == pytest.approx(
        54.5, abs=1
    )


def test_the_whole_frame_of_a_squashed_store_is_squashed_as_its_clips_are():
    frames = ramp(60, 120)
    found = cut(footage(frames, aspect=2.0), [Box(0, 0, 120, 60)], (30, 30))[0]
    assert found[0, 0, 0] <= 4 and found[0, 0, -1] >= 115 and found[1, 0, 0] <= 2 and found[1, -1, 0] >= 57


@given(st.floats(0, 127), st.floats(0, 95), st.floats(1, 128), st.floats(1, 96), st.sampled_from([(1, 1), (7, 5)]))
def test_any_box_gives_a_crop(left, top, width, height, size):
    box = Box(left, top, min(width, 128 - left), min(height, 96 - top))
    assert cut(footage(moving_square(1)), [box], size).shape == (1, 3, *size)


@pytest.mark.parametrize(
    ("step", "frames", "kept"), [(1, [0, 3, 3, 6], [0, 3, 3, 6]), (3, [0, 2, 3, 8, 18], [0, 0, 1, 2, 6])]
)
def test_frames_of_the_whole_video_are_found_among_the_kept_ones(step, frames, kept):
    pixels = torch.arange(7, dtype=torch.uint8).view(7, 1, 1, 1).expand(7, 3, 2, 2)
    assert Crop(pixels, 7 * step, step).at(frames)[:, 0, 0, 0].tolist() == kept
