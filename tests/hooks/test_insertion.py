import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import CLASSES
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.hooks import FrameInsertion, InsertionRule
from vidense.hooks.insertion import neighbour_cosines
from vidense.objectives import Step
from vidense.parameterizations import Dense, KeyFrames

SPEC = ClipSpec(6, 4, 4)
ENDS = torch.tensor([[True, False, False, False, False, True]] * 2)


def rule(**changes) -> InsertionRule:
    return InsertionRule(**changes)


def videos(is_key: torch.Tensor = ENDS) -> KeyFrames:
    frames = torch.randn(*is_key.shape, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    return KeyFrames(frames, is_key, SPEC, CLASSES, torch.zeros(len(is_key)))


def step_with(synthetic: KeyFrames, gradient: torch.Tensor, hook: FrameInsertion, index: int = 5, total: int = 10):
    """Run one iteration of the loop's order around a loss whose gradient on decoded frames is ``gradient``."""
    step = Step(index, total, 0)
    synthetic.watch_frames(hook.watches(step))
    synthetic.frames.grad = None
    (synthetic.decode(torch.arange(len(synthetic))) * gradient).sum().backward()
    hook.before_update(synthetic, step)
    hook.after_update(synthetic, step)
    return synthetic.is_key.clone()


def random_gradient(seed: int = 3) -> torch.Tensor:
    return torch.randn(2, *SPEC.shape, generator=torch.Generator().manual_seed(seed))


def slow_triggers(gradient: torch.Tensor, is_key: torch.Tensor, epsilon: float) -> torch.Tensor:
    """PRISM equations 4 to 6, one frame at a time."""
    found = torch.zeros_like(is_key)
    for video in range(len(is_key)):
        times = [t for t in range(is_key.shape[1]) if is_key[video, t]]
        for left, right in pairwise(times):
            for t in range(left + 1, right):
                g = gradient[video].flatten(1)
                cosines = [float(g[t] @ g[k] / (g[t].norm() * g[k].norm())) for k in (left, right)]
                found[video, t] = max(cosines) < epsilon
    return found


@given(st.integers(0, 1000), st.sampled_from([-0.05, 0.0, 0.05]))
def test_triggers_equal_the_slow_reference(seed, epsilon):
    synthetic, gradient = videos(), random_gradient(seed)
    expected = ENDS | slow_triggers(gradient, ENDS, epsilon)
    assert torch.equal(step_with(synthetic, gradient, FrameInsertion(rule(epsilon=epsilon))), expected)


def test_nothing_below_minus_one_and_everything_above_one():
    # epsilon = -1 inserts nothing, epsilon > 1 everything at the first active iteration.
    assert torch.equal(step_with(videos(), random_gradient(), FrameInsertion(rule(epsilon=-1.0))), ENDS)
    assert step_with(videos(), random_gradient(), FrameInsertion(rule(epsilon=1.1))).all()


@pytest.mark.parametrize("total", [10, 100, 7, 5000])
def test_insertion_is_active_in_the_middle_sixty_percent_exactly(total):
    active = [i for i in range(total) if rule().active(Step(i, total, 0))]
    assert active == [i for i in range(total) if 0.2 * total <= i < 0.8 * total]


def test_window_switches():
    assert rule(warm_up=0.0).active(Step(0, 10, 0))
    assert rule(cool_down=0.0).active(Step(9, 10, 0))
    assert not any(rule(criterion="none").active(Step(i, 10, 0)) for i in range(10))


def test_outside_the_window_nothing_is_watched_or_inserted():
    hook, synthetic = FrameInsertion(rule(epsilon=2.0)), videos()
    assert torch.equal(step_with(synthetic, random_gradient(), hook, index=1), ENDS)
    told = hook.telemetry()
    assert told.keys() == {"key_frames", "gradient_norms"} and told["key_frames"] == [2, 2]


def test_most_negative_only_inserts_one_frame_a_video_the_lowest():
    synthetic, gradient = videos(), random_gradient()
    cosines = neighbour_cosines(gradient.flatten(2), gradient.flatten(2), ENDS).amax(2)
    chosen = step_with(synthetic, gradient, FrameInsertion(rule(epsilon=2.0, most_negative_only=True))) & ~ENDS
    assert chosen.sum(1).tolist() == [1, 1]
    for video in range(2):
        assert chosen[video].nonzero().item() == cosines[video].nan_to_num(9).argmin()


def test_random_position_inserts_as_many_frames_as_were_triggered():
    gradient = random_gradient()
    triggered = slow_triggers(gradient, ENDS, 0.02).sum(1)
    assert triggered.sum() > 0
    chosen = step_with(videos(), gradient, FrameInsertion(rule(epsilon=0.02, position="random"))) & ~ENDS
    assert torch.equal(chosen.sum(1), triggered)


def test_l2_threshold_is_a_cosine_of_0_990():
    # unit-vector distance 0.141 <=> cosine 0.990.
    assert pytest.approx(0.990, abs=1e-4) == 1 - 0.141**2 / 2
    angles = torch.tensor([0.0, 0.1400, 0.1420, 0.1, 1.0, 0.0])
    gradient = torch.zeros(2, *SPEC.shape)
    gradient[:, :, 0, 0, 0], gradient[:, :, 0, 0, 1] = angles.cos(), angles.sin()
    chosen = step_with(videos(), gradient, FrameInsertion(rule(criterion="l2"))) & ~ENDS
    assert chosen[0].tolist() == [2 * math.sin(a / 2) > 0.141 for a in angles.tolist()]


def test_max_keys_keeps_the_most_conflicting():
    gradient = random_gradient()
    chosen = step_with(videos(), gradient, FrameInsertion(rule(epsilon=2.0, max_keys=3))) & ~ENDS
    cosines = neighbour_cosines(gradient.flatten(2), gradient.flatten(2), ENDS).amax(2)
    assert chosen.sum(1).tolist() == [1, 1]
    assert all(chosen[v].nonzero().item() == cosines[v].nan_to_num(9).argmin() for v in range(2))


def test_total_gradient_carries_the_interpolated_frames():
    # Key-frames alone pull one way, every interpolated frame the other: only the partial reading sees a conflict.
    gradient = -torch.ones(2, *SPEC.shape)
    gradient[ENDS] = 1.0
    assert step_with(videos(), gradient, FrameInsertion(rule(gradient="partial"))).all()
    assert torch.equal(step_with(videos(), gradient, FrameInsertion(rule(gradient="total"))), ENDS)


def test_a_zero_gradient_triggers_nothing():
    gradient = random_gradient()
    gradient[0, 2] = 0
    gradient[1, 0] = 0
    chosen = step_with(videos(), gradient, FrameInsertion(rule(epsilon=2.0)))
    assert chosen[0].tolist() == [True, True, False, True, True, True]
    assert torch.equal(chosen[1], ENDS[1])


def test_telemetry_has_rate_histogram_and_counts():
    hook = FrameInsertion(rule(epsilon=2.0))
    step_with(videos(), random_gradient(), hook)
    telemetry = hook.telemetry()
    assert telemetry["trigger_rate"] == 1.0
    assert len(telemetry["cosine_histogram"]) == 20 and sum(telemetry["cosine_histogram"]) == 2 * 2 * 4
    assert telemetry["key_frames"] == [6, 6]
    assert telemetry["inserted"] == [[video, time] for video in range(2) for time in range(1, 5)]


def test_what_was_a_key_frame_already_is_not_told_as_inserted():
    hook, keys = FrameInsertion(rule(epsilon=2.0)), ENDS.clone()
    keys[0, 2] = True
    step_with(videos(keys), random_gradient(), hook)
    assert [0, 2] not in hook.telemetry()["inserted"]
    assert len(hook.telemetry()["inserted"]) == 7


def test_the_norm_of_a_frames_gradient_is_a_mean_over_the_videos_that_keep_it():
    hook, keys = FrameInsertion(rule(criterion="none")), ENDS.clone()
    keys[0, 2] = True
    synthetic = videos(keys)
    synthetic.frames.grad = torch.zeros_like(synthetic.frames)
    synthetic.frames.grad[0, 0], synthetic.frames.grad[1, 0], synthetic.frames.grad[0, 2] = 1.0, 3.0, 5.0
    hook.before_update(synthetic, Step(5, 10, 0))
    size = synthetic.spec.frame_numbers**0.5
    assert hook.telemetry()["gradient_norms"] == [
        *(pytest.approx(2 * size, rel=1e-3), None, pytest.approx(5 * size, rel=1e-3), None, None, 0.0)
    ]


def test_all_keys_already_is_no_division_by_zero():
    hook = FrameInsertion(rule())
    step_with(videos(torch.ones(2, 6, dtype=torch.bool)), random_gradient(), hook)
    assert "trigger_rate" not in hook.telemetry()


@pytest.mark.parametrize(("changes", "words"), [({"warm_up": 0.7, "cool_down": 0.4}, "sum"), ({"max_keys": 1}, "end")])
def test_contradictions_are_refused(changes, words):
    with pytest.raises(UserError, match=words):
        rule(**changes)


def test_insertion_needs_key_frames():
    dense = Dense(torch.zeros(1, *SPEC.shape), SPEC, CLASSES, torch.zeros(1))
    with pytest.raises(TypeError, match="Dense"):
        FrameInsertion(rule()).before_update(dense, Step(0, 10, 0))


@pytest.mark.parametrize(
    ("changes", "most"), [({}, 6), ({"max_keys": 3}, 3), ({"max_keys": 99}, 6), ({"criterion": "none"}, 2)]
)
def test_what_videos_may_grow_to_follows_from_the_rule(changes, most):
    synthetic = videos()
    grown = FrameInsertion(rule(**changes)).largest(synthetic)
    assert grown.is_key.sum(1).tolist() == [most, most] and synthetic.is_key.sum(1).tolist() == [2, 2]
    assert grown.is_key[:, [0, -1]].all() and (grown is synthetic) == (most == 2)
