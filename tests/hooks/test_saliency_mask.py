"""Masked updates against Adam by hand, and pixels in their range."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiny import CLASSES
from vidense.data.spec import ClipSpec
from vidense.engine.loop import Loop
from vidense.hooks import Clamp, SaliencyMask
from vidense.method import Group, Optimizer, Recipe
from vidense.objectives import Objective, Step
from vidense.parameterizations import Dense, KeyFrames, Stills
from vidense.saliency import SaliencyRule, update_mask
from vidense.seeding import generator

SPEC, RULE = ClipSpec(6, 3, 4), SaliencyRule(look_back=1)
RATE, BETAS, ITERATIONS = 0.2, (0.5, 0.9), 6


class Pull(Objective):
    """Pulls all clips towards one that each iteration draws."""

    def losses(self, synthetic, real, step):
        target = torch.randn(SPEC.shape, generator=step.draw.generator("target"))
        yield (synthetic.decode(torch.arange(len(synthetic))) - target).square().sum()


def start() -> torch.Tensor:
    rng = generator(0, "start")
    return torch.randn(3, *SPEC.shape, generator=rng) * torch.rand(3, 6, 1, 1, 1, generator=rng)


def dense() -> Dense:
    return Dense(start(), SPEC, CLASSES, torch.arange(3))


def loop(synthetic: Dense, *hooks) -> Loop:
    optimizer = Optimizer("adam", {"frames": Group(RATE)}, betas=BETAS, schedule="cosine")
    return Loop(Recipe(synthetic, Pull(), optimizer, hooks), None, seed=0, total=ITERATIONS)


def by_hand(on: str, signed: bool) -> torch.Tensor:
    """Adam with bias correction and a cosine, written out; mask from the clips before each update."""
    frames = start()
    first, second = torch.zeros_like(frames), torch.zeros_like(frames)
    for index in range(ITERATIONS):
        target = torch.randn(SPEC.shape, generator=Step(index, ITERATIONS, 0).draw.generator("target"))
        gradient = 2 * (frames - target)
        mask = update_mask(frames, RULE, signed=signed).view(3, 6, 1, 1, 1)
        if on == "gradient":
            gradient = gradient * mask
        first = BETAS[0] * first + (1 - BETAS[0]) * gradient
        second = BETAS[1] * second + (1 - BETAS[1]) * gradient**2
        corrected = first / (1 - BETAS[0] ** (index + 1)), second / (1 - BETAS[1] ** (index + 1))
        rate = RATE * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * index / ITERATIONS)))
        change = -rate * corrected[0] / (corrected[1].sqrt() + 1e-8)
        frames = frames + (mask * change if on == "update" else change)
    return frames


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("on", ["update", "gradient"])
def test_masked_adam_equals_adam_by_hand(on, signed):
    synthetic = dense()
    entries = list(loop(synthetic, SaliencyMask(RULE, on=on, signed=signed)).run(0, ITERATIONS))
    assert torch.allclose(synthetic.frames, by_hand(on, signed), atol=1e-4)
    assert entries[0]["mask"] == pytest.approx(update_mask(start(), RULE, signed=signed).mean().item())


def test_frames_above_the_bound_do_not_move_in_an_iteration():
    synthetic = dense()
    mask = update_mask(start(), RULE)
    list(loop(synthetic, SaliencyMask(RULE)).run(0, 1))
    moved = (synthetic.frames.detach() - start()).abs().amax((2, 3, 4))
    assert (mask == 0).any(1).all() and not moved[mask == 0].any()
    # Adam's first step is the rate itself wherever there is a gradient.
    assert torch.allclose(moved, RATE * mask, atol=1e-4)


def test_a_mask_on_the_gradient_is_all_but_undone_by_adam():
    synthetic = dense()
    mask = update_mask(start(), RULE)
    list(loop(synthetic, SaliencyMask(RULE, on="gradient")).run(0, 1))
    moved = (synthetic.frames.detach() - start()).abs().amax((2, 3, 4))
    assert torch.allclose(moved, RATE * (mask > 0).float(), atol=1e-4)


@pytest.mark.parametrize("on", ["update", "gradient"])
def test_a_constant_video_moves_as_without_a_mask(on):
    masked, free = (Dense(torch.ones(3, *SPEC.shape), SPEC, CLASSES, torch.arange(3)) for _ in range(2))
    list(loop(masked, SaliencyMask(RULE, on=on)).run(0, 1))
    list(loop(free).run(0, 1))
    assert torch.allclose(masked.frames, free.frames, atol=1e-6)


@given(st.integers(1, ITERATIONS - 1))
@settings(max_examples=5)
def test_resuming_needs_nothing_of_the_hooks(stop):
    straight, broken, again = dense(), dense(), dense()
    hooks = [(SaliencyMask(RULE), Clamp()) for _ in range(3)]
    list(loop(straight, *hooks[0]).run(0, ITERATIONS))
    interrupted, resumed = loop(broken, *hooks[1]), loop(again, *hooks[2])
    list(interrupted.run(0, stop))
    resumed.load_state_dict(interrupted.state_dict())
    list(resumed.run(stop, ITERATIONS))
    assert torch.equal(again.frames, straight.frames)


def test_videos_that_share_frames_are_refused():
    keys = KeyFrames.from_clips(start(), [2, 2, 2], SPEC, CLASSES, torch.arange(3))
    with pytest.raises(TypeError, match="KeyFrames"):
        SaliencyMask(RULE).before_update(keys, Step(0, 1, 0))


def test_nothing_is_told_before_the_first_iteration():
    assert SaliencyMask(RULE).telemetry() == {} and Clamp().telemetry() == {}


@pytest.mark.parametrize("kind", ["dense", "key_frames", "stills"])
def test_pixels_are_clamped_channel_by_channel(kind):
    spec = ClipSpec(6, 3, 4, mean=(0.5, 0.4, 0.3), std=(0.5, 0.2, 0.1))
    wild, labels = 100 * start(), torch.arange(3)
    made = {
        "dense": lambda: Dense(wild, spec, CLASSES, labels),
        "key_frames": lambda: KeyFrames.from_clips(wild, [3, 3, 3], spec, CLASSES, labels),
        "stills": lambda: Stills(wild[:, 0], spec, CLASSES, labels),
    }[kind]()
    Clamp().after_update(made, Step(0, 1, 0))
    (frames,) = made.groups()["frames"]
    for channel, (low, high) in enumerate([(-1, 1), (-2, 3), (-3, 7)]):
        found = frames.detach().movedim(-3, 0)[channel]
        assert float(found.min()) == pytest.approx(low) and float(found.max()) == pytest.approx(high)


def test_pixels_in_range_stay_as_they_are():
    synthetic = Dense(start() * 0.1, SPEC, CLASSES, torch.arange(3))
    before = synthetic.frames.detach().clone()
    Clamp().after_update(synthetic, Step(0, 1, 0))
    assert torch.equal(synthetic.frames, before)
