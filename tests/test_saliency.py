"""Saliency and mask against loops over frames, and the properties that the paper leaves no doubt about."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.config import validate
from vidense.errors import UserError
from vidense.options import options_of
from vidense.saliency import (
    SaliencyRule,
    frame_differences,
    masked_update,
    non_key_frames,
    saliency,
    smoothing_weights,
    update_mask,
)
from vidense.seeding import generator

rules = st.builds(
    SaliencyRule,
    window=st.sampled_from(["hann", "triangular"]),
    look_back=st.integers(0, 9),
    percentile=st.sampled_from([0.0, 50.0, 70.0, 90.0, 100.0]),
)
lengths, seeds = st.integers(2, 9), st.integers(0, 999)


def clips(frames: int, seed: int, count: int = 3) -> torch.Tensor:
    """Clips whose frames move by amounts of their own."""
    rng = generator(seed, "clips")
    noise = torch.randn(count, frames, 3, 2, 4, generator=rng)
    return noise * torch.rand(count, frames, 1, 1, 1, generator=rng) * 3


def slow_saliency(clip: torch.Tensor, rule: SaliencyRule) -> list[float]:
    """Equations 6 and 7, frame by frame."""
    last = len(clip) - 1

    def between(a: int, b: int) -> float:
        return (
            sum(abs(float(x - y)) for x, y in zip(clip[a].flatten(), clip[b].flatten(), strict=True)) / clip[a].numel()
        )

    differences = [between(0, 1), *((between(i + 1, i) + between(i, i - 1)) / 2 for i in range(1, last))]
    differences.append(between(last, last - 1))
    count = rule.look_back + 1
    if rule.window == "hann":
        shape = [0.5 - 0.5 * math.cos(2 * math.pi * (m + 1) / (count + 1)) for m in range(count)]
    else:
        shape = [float(min(m + 1, count - m)) for m in range(count)]
    return [sum(shape[m] * differences[max(i - m, 0)] for m in range(count)) / sum(shape) for i in range(len(clip))]


def slow_percentile(values: list[float], percentile: float) -> float:
    """Between the two nearest ranks, linearly."""
    place = percentile / 100 * (len(values) - 1)
    low = math.floor(place)
    ordered = sorted(values)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(values) - 1)] - ordered[low])


@given(lengths, seeds, rules)
def test_saliency_and_mask_equal_the_slow_reference(frames, seed, rule):
    made = clips(frames, seed)
    found, mask, signed = saliency(made, rule), update_mask(made, rule), update_mask(made, rule, signed=True)
    for video, clip in enumerate(made):
        expected = slow_saliency(clip, rule)
        assert found[video].tolist() == pytest.approx(expected, rel=1e-4)
        bound, span = slow_percentile(expected, rule.percentile), max(expected) - min(expected)
        if frames == 2:
            assert mask[video].tolist() == signed[video].tolist() == [1, 1]
            continue
        for i in range(frames):
            assert float(signed[video, i]) == pytest.approx((bound - expected[i]) / span, abs=2e-3)
            assert float(mask[video, i]) == pytest.approx(max(bound - expected[i], 0) / span, abs=2e-3)


@given(st.integers(1, 9), rules, st.floats(-3, 3))
def test_a_constant_video_may_be_changed_everywhere(frames, rule, colour):
    still = torch.full((2, frames, 3, 2, 2), colour)
    for signed in (False, True):
        assert torch.equal(update_mask(still, rule, signed=signed), torch.ones(2, frames))
    assert non_key_frames(still, rule).all()


@given(st.integers(2, 9), rules, st.floats(0.01, 3))
def test_so_may_one_that_moves_evenly(frames, rule, step):
    texture = torch.randn(1, 1, 3, 3, 3, generator=generator(0, "texture"))
    moving = texture + step * torch.arange(frames).view(1, -1, 1, 1, 1)
    assert torch.equal(update_mask(moving, rule), torch.ones(1, frames))


@given(lengths, seeds, rules)
def test_masks_lie_between_zero_and_one_and_vanish_above_the_bound(frames, seed, rule):
    made = clips(frames, seed)
    mask, free = update_mask(made, rule), non_key_frames(made, rule)
    assert mask.min() >= 0 and mask.max() <= 1
    assert not mask[~free].any()
    assert free.any(1).all()


@given(st.integers(3, 9), seeds, rules, st.floats(0.1, 10))
def test_brightness_and_contrast_do_not_matter(frames, seed, rule, factor):
    made = clips(frames, seed)
    assert torch.allclose(update_mask(made * factor + 1, rule), update_mask(made, rule), atol=1e-2)


@given(lengths, seeds, rules)
def test_each_clip_is_judged_by_itself(frames, seed, rule):
    made = clips(frames, seed)
    assert torch.allclose(update_mask(made, rule)[1:2], update_mask(made[1:2], rule), atol=1e-5)
    assert torch.equal(non_key_frames(made, rule)[2:], non_key_frames(made[2:], rule))


@given(rules)
def test_weights_are_one_together_positive_and_symmetric(rule):
    weights = smoothing_weights(rule)
    assert len(weights) == rule.look_back + 1 and weights.min() > 0
    assert float(weights.sum()) == pytest.approx(1) and torch.allclose(weights, weights.flip(0), atol=1e-6)


def test_weights_of_the_default_window():
    # sin^2 at 36, 72, 108 and 144 degrees; 1 2 2 1.
    assert smoothing_weights(SaliencyRule()).tolist() == pytest.approx([0.13820, 0.36180, 0.36180, 0.13820], abs=1e-5)
    triangular = smoothing_weights(SaliencyRule("triangular"))
    assert triangular.tolist() == pytest.approx([1 / 6, 2 / 6, 2 / 6, 1 / 6])


def test_saliency_looks_back_and_never_ahead():
    still = torch.zeros(1, 8, 3, 2, 2)
    jump = still.clone()
    jump[:, 5:] = 1
    assert frame_differences(jump)[0].tolist() == [0, 0, 0, 0, 0.5, 0.5, 0, 0]
    found = saliency(jump, SaliencyRule(look_back=2))[0]
    assert not found[:4].any() and found[4:].all()


def test_seven_in_ten_frames_are_no_key_frames_by_default():
    made = clips(11, seed=1)
    assert non_key_frames(made, SaliencyRule()).sum(1).tolist() == [8, 8, 8]
    assert SaliencyRule() == SaliencyRule("hann", 3, 70.0)


def test_no_gradient_passes_through_a_mask():
    made = clips(5, seed=0).requires_grad_()
    assert not update_mask(made, SaliencyRule()).requires_grad and not saliency(made, SaliencyRule()).requires_grad


@pytest.mark.parametrize("values", [{"percentile": 101}, {"percentile": -1}, {"look_back": -1}, {"window": "box"}])
def test_options_out_of_range_are_refused(values):
    def method(*, rule: SaliencyRule) -> None:
        """Take options."""

    with pytest.raises(UserError, match=next(iter(values))):
        validate(options_of(method).model, values, "options")


def test_a_mask_leaves_its_share_of_an_update():
    before, after, mask = (
        torch.zeros(2, 3, 4),
        torch.full((2, 3, 4), 8.0),
        torch.tensor([[0.0, 0.5, 1.0], [1.0, -1, 2]]),
    )
    assert masked_update(before, after, mask)[..., 3].tolist() == [[0, 4, 8], [8, -8, 16]]
    assert masked_update(before[0, :, 0], after[0, :, 0], mask[0]).tolist() == [0, 4, 8]
