"""The folded form of the first convolution against the convolution itself."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from vidense.nets.stem import Stem
from vidense.seeding import generator, seeded


def layer(width: int = 5) -> Stem:
    with seeded(1, "stem"):
        return Stem(width)


def clips(count: int, frames: int, height: int, width: int) -> torch.Tensor:
    return torch.randn(count, 3, frames, height, width, generator=generator(0, "clips"))


def literal(stem: Stem, values: torch.Tensor) -> torch.Tensor:
    return F.conv3d(values, stem.weight, stem.bias, stride=(1, 2, 2), padding=(1, 3, 3))


@given(frames=st.integers(1, 4), height=st.integers(1, 13), width=st.integers(1, 13))
def test_a_gradient_to_the_clips_alone_is_that_of_the_convolution_on_sides_even_and_odd(frames, height, width):
    stem = layer().requires_grad_(False)
    ours, reference = (clips(2, frames, height, width).requires_grad_() for _ in range(2))
    made, wanted = stem(ours), literal(stem, reference)
    torch.testing.assert_close(made, wanted, atol=1e-5, rtol=1e-5)
    (given_to_ours,) = torch.autograd.grad(made.square().sum(), ours)
    (given_to_reference,) = torch.autograd.grad(wanted.square().sum(), reference)
    torch.testing.assert_close(given_to_ours, given_to_reference, atol=1e-4, rtol=1e-4)


def test_bfloat16_trains_weights_as_the_convolution_does():
    stem, values = layer(), clips(3, 4, 12, 9)
    with torch.autocast("cpu", torch.bfloat16):
        made = stem(values)
    assert made.dtype is torch.bfloat16
    wanted = literal(stem, values)
    assert (made.float() - wanted).norm() < 0.01 * wanted.norm()
    ours = torch.autograd.grad(made.float().square().sum(), list(stem.parameters()))
    reference = torch.autograd.grad(wanted.square().sum(), list(stem.parameters()))
    for found, expected in zip(ours, reference, strict=True):
        assert (found - expected).norm() < 0.02 * expected.norm()


@pytest.mark.parametrize("trained", [True, False])
def test_float32_without_a_gradient_to_the_clips_alone_keeps_every_bit(trained):
    stem, values = layer().requires_grad_(trained), clips(2, 3, 10, 11)
    assert torch.equal(stem(values), literal(stem, values))
    both = values.requires_grad_(trained)
    assert torch.equal(stem(both), literal(stem, both))


def test_a_second_derivative_of_clips_and_weights_is_that_of_the_convolution():
    def of(function) -> torch.Tensor:
        stem, values = layer(), clips(1, 3, 8, 8).requires_grad_()
        (slope,) = torch.autograd.grad(function(stem, values).square().sum(), stem.weight, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), values)[0]

    torch.testing.assert_close(of(lambda stem, values: stem(values)), of(literal))


@pytest.mark.parametrize(
    ("dtype", "clips_learn", "weights_learn", "channels"),
    [
        (torch.bfloat16, False, False, 12),
        (torch.bfloat16, False, True, 12),
        (torch.float32, True, False, 12),
        (torch.float32, False, False, 3),
        (torch.float32, False, True, 3),
        (torch.float32, True, True, 3),
    ],
)
def test_folds_where_that_is_quicker(monkeypatch, dtype, clips_learn, weights_learn, channels):
    met = []
    convolve = F.conv3d
    monkeypatch.setattr(
        F, "conv3d", lambda values, *rest, **more: met.append(values.shape[1]) or convolve(values, *rest, **more)
    )
    stem = layer().to(dtype).requires_grad_(weights_learn)
    stem(clips(1, 2, 8, 8).to(dtype).requires_grad_(clips_learn))
    assert met == [channels]


def test_its_state_is_that_of_a_convolution():
    assert {name: list(value.shape) for name, value in layer(64).state_dict().items()} == {
        "weight": [64, 3, 3, 7, 7],
        "bias": [64],
    }
