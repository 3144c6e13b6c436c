"""Siamese augmentation: the same for all clips and frames, differentiable, and each operation as it is described."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.augmentation import OPERATIONS, Siamese


def clips(number: int = 2, frames: int = 3, height: int = 8, width: int = 8) -> torch.Tensor:
    return torch.randn(number, frames, 3, height, width, generator=torch.Generator().manual_seed(0))


def drawn(operation: str) -> Siamese:
    """Return the first draw that is ``operation``."""
    return next(s for s in (Siamese(torch.Generator().manual_seed(i)) for i in range(99)) if s.operation == operation)


draws = st.lists(st.floats(0, 0.999), min_size=3, max_size=3).map(torch.tensor)
names = st.sampled_from(sorted(OPERATIONS))


@given(names, draws)
def test_every_clip_and_frame_is_transformed_alike(name, numbers):
    one = clips(1, 1)
    many = OPERATIONS[name](one.expand(3, 4, 3, 8, 8), numbers)
    assert torch.allclose(many, OPERATIONS[name](one, numbers).expand_as(many), atol=1e-5)


@given(names, draws)
def test_shapes_stay_and_gradients_flow(name, numbers):
    given_clips = clips(height=6, width=9).requires_grad_()
    made = OPERATIONS[name](given_clips, numbers)
    assert made.shape == given_clips.shape and made.isfinite().all()
    (gradient,) = torch.autograd.grad(made.square().sum(), given_clips)
    assert gradient.isfinite().all() and gradient.abs().sum() > 0


def test_every_operation_is_drawn_and_the_same_generator_draws_the_same():
    found = [Siamese(torch.Generator().manual_seed(seed)) for seed in range(60)]
    assert {siamese.operation for siamese in found} == set(OPERATIONS)
    for seed, siamese in enumerate(found):
        assert torch.equal(siamese(clips()), Siamese(torch.Generator().manual_seed(seed))(clips()))


def test_one_draw_serves_batches_of_any_size():
    siamese = drawn("rotate")
    assert torch.allclose(siamese(clips(5))[:2], siamese(clips(5)[:2]), atol=1e-6)


def test_neutral_strengths_change_nothing():
    middle = torch.tensor([0.5, 0.5, 0.5])
    for name in ("color", "crop", "rotate"):
        assert torch.allclose(OPERATIONS[name](clips(), middle), clips(), atol=1e-5), name
    neutral = (1 - 1 / 1.2) / (1.2 - 1 / 1.2)
    assert torch.allclose(OPERATIONS["scale"](clips(), torch.tensor([neutral] * 3)), clips(), atol=1e-5)
    assert torch.equal(OPERATIONS["flip"](clips(), middle), clips())
    assert torch.equal(OPERATIONS["flip"](clips(), torch.zeros(3)), clips().flip(-1))


def test_crop_shifts_by_at_most_an_eighth_and_zeros_come_in():
    made = OPERATIONS["crop"](clips(), torch.tensor([0.999, 0.0, 0.0]))
    expected = torch.zeros_like(made)
    expected[..., 1:, :-1] = clips()[..., :-1, 1:]
    assert torch.equal(made, expected)


@given(draws)
def test_cutout_zeroes_one_box_of_at_most_half_the_sides(numbers):
    hole = (OPERATIONS["cutout"](torch.ones(1, 1, 3, 8, 8), numbers) == 0)[0, 0, 0]
    rows, columns = hole.any(1), hole.any(0)
    assert 2 <= rows.sum() <= 4 and 2 <= columns.sum() <= 4
    assert int(hole.sum()) == int(rows.sum() * columns.sum())


def test_brightness_saturation_and_contrast_by_hand():
    given_clips, (b, s, c) = clips(), (0.9, 0.2, 0.7)
    made = OPERATIONS["color"](given_clips, torch.tensor([b, s, c]))
    bright = given_clips + (b - 0.5)
    grey = bright.mean(2, keepdim=True)
    coloured = grey + (bright - grey) * 2 * s
    for clip, found in zip(coloured, made, strict=True):
        assert torch.allclose(found, clip.mean() + (clip - clip.mean()) * (c + 0.5), atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(33, 33), (33, 65)])
def test_a_turned_point_lies_where_trigonometry_puts_it(height, width):
    image = torch.zeros(1, 1, 3, height, width)
    image[..., height // 2, width // 2 + 12] = 1.0
    angle = math.radians(15 * (2 * 0.9 - 1))
    made = OPERATIONS["rotate"](image, torch.tensor([0.9, 0.0, 0.0]))[0, 0, 0]
    weight = made / made.sum()
    row = (weight.sum(1) * torch.arange(height)).sum() - height // 2
    column = (weight.sum(0) * torch.arange(width)).sum() - width // 2
    assert column == pytest.approx(12 * math.cos(angle), abs=0.3)
    assert abs(row) == pytest.approx(12 * math.sin(angle), abs=0.3)
