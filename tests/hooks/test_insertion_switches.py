"""Every switch of the insertion rule against slow references, and the switches together."""

import math

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
from vidense.parameterizations import KeyFrames

FRAMES, DIMENSIONS = 7, 3
SPEC = ClipSpec(FRAMES, 1, 1)


@st.composite
def cases(draw, videos: int = 3):
    """Key-frame masks and gradients on frames of three numbers, some frames silent."""
    inner = draw(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=videos, max_size=videos))
    is_key = torch.tensor([[True, *row, True] for row in inner])
    rng = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    gradient = torch.randn(videos, *SPEC.shape, generator=rng)
    gradient[torch.rand(videos, FRAMES, generator=rng) < 0.1] = 0
    return is_key, gradient


def chosen(rule: InsertionRule, is_key: torch.Tensor, gradient: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Return the frames that one iteration in the middle of a run inserts."""
    videos = KeyFrames(torch.ones(len(is_key), *SPEC.shape), is_key, SPEC, CLASSES, torch.zeros(len(is_key)))
    hook, step = FrameInsertion(rule), Step(5, 10, seed)
    videos.watch_frames(hook.watches(step))
    (videos.decode(torch.arange(len(is_key))) * gradient).sum().backward()
    hook.before_update(videos, step)
    assert torch.equal(videos.is_key, is_key), "nothing moves before the update"
    hook.after_update(videos, step)
    return videos.is_key & ~is_key


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    """Return the cosine of two vectors, NaN where one of them is zero."""
    norm = math.sqrt(float(a @ a)) * math.sqrt(float(b @ b))
    return max(-1.0, min(1.0, float(a @ b) / norm)) if norm else math.nan


def slow_cosines(is_key: torch.Tensor, gradient: torch.Tensor) -> list[dict[int, tuple[float, float]]]:
    """Return (left, right) of every frame that may be inserted, video by video, as PRISM section 3.2 has it."""
    found = []
    for keys, frames in zip(is_key.tolist(), gradient.double().flatten(2), strict=True):
        pairs = {}
        for t in range(FRAMES):
            left = max(k for k in range(t + 1) if keys[k]) if not keys[t] else t
            right = min(k for k in range(t, FRAMES) if keys[k])
            pair = cosine(frames[t], frames[left]), cosine(frames[t], frames[right])
            if not keys[t] and not any(map(math.isnan, pair)):
                pairs[t] = pair
        found.append(pairs)
    return found


def slow_choice(rule: InsertionRule, is_key: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Return what the triggered positions of ``rule`` are, one frame after the other."""
    mask = torch.zeros_like(is_key)
    for video, pairs in enumerate(slow_cosines(is_key, gradient)):
        if rule.criterion == "l2":
            far = {t for t, pair in pairs.items() if min(math.sqrt(2 - 2 * c) for c in pair) > rule.l2_threshold}
        else:
            far = {t for t, pair in pairs.items() if max(pair) < rule.epsilon}
        order = sorted(far, key=lambda t, pairs=pairs: max(pairs[t]))
        room = FRAMES if rule.max_keys is None else max(0, rule.max_keys - int(is_key[video].sum()))
        limit = min(room, 1) if rule.most_negative_only else room
        mask[video, order[:limit]] = True
    return mask


rules = st.builds(
    InsertionRule,
    criterion=st.sampled_from(["cosine", "l2"]),
    epsilon=st.sampled_from([-0.6, -0.1, 0.0, 0.3, 2.0]),
    l2_threshold=st.sampled_from([0.0, 0.141, 1.0, 1.6]),
    most_negative_only=st.booleans(),
    max_keys=st.sampled_from([None, 2, 3, 5, 9]),
    insert_from=st.sampled_from(["interpolation", "noise"]),
)


@given(cases(), rules)
def test_any_rule_equals_the_slow_reference(case, rule):
    assert torch.equal(chosen(rule, *case), slow_choice(rule, *case))


@given(cases(), rules, st.integers(0, 20))
def test_random_position_inserts_as_many_elsewhere(case, rule, seed):
    is_key, gradient = case
    at_random = InsertionRule(**{**vars(rule), "position": "random"})
    found = chosen(at_random, is_key, gradient, seed)
    assert torch.equal(found.sum(1), slow_choice(rule, is_key, gradient).sum(1))
    assert not (found & is_key).any()
    assert torch.equal(found, chosen(at_random, is_key, gradient, seed))


@given(cases(), st.floats(-0.95, 0.95))
def test_a_distance_is_a_cosine(case, epsilon):
    # |a - b|^2 = 2 - 2 cos for unit vectors, so both criteria are one under two names.
    distance = InsertionRule(criterion="l2", l2_threshold=math.sqrt(2 - 2 * epsilon))
    near = [abs(c - epsilon) for pairs in slow_cosines(*case) for pair in pairs.values() for c in pair]
    if not near or min(near) > 1e-5:
        assert torch.equal(chosen(distance, *case), chosen(InsertionRule(epsilon=epsilon), *case))


def test_random_positions_under_a_limit_do_not_look_at_the_cosines():
    is_key = torch.zeros(1, FRAMES, dtype=torch.bool)
    is_key[0, [0, -1]] = True
    gradient = torch.randn(1, *SPEC.shape, generator=torch.Generator().manual_seed(0))
    rule = InsertionRule(epsilon=2.0, position="random", max_keys=3)
    draws = sum(chosen(rule, is_key, gradient, seed).int() for seed in range(500))
    # Uniform over five places: 100 each, and six deviations of a binomial are 54.
    assert draws[0, [0, -1]].tolist() == [0, 0] and (draws[0, 1:-1] - 100).abs().max() < 54


def test_random_positions_are_drawn_among_all_frames_not_only_the_triggered_ones():
    is_key = torch.zeros(1, FRAMES, dtype=torch.bool)
    is_key[0, [0, -1]] = True
    gradient = torch.ones(1, *SPEC.shape)
    gradient[0, 3] = -1
    assert chosen(InsertionRule(), is_key, gradient)[0].nonzero().item() == 3
    rule = InsertionRule(position="random")
    places = {chosen(rule, is_key, gradient, seed)[0].nonzero().item() for seed in range(60)}
    assert places == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("scale", [1e-12, 1e-4, 1e4, 1e12])
def test_only_directions_matter(scale):
    is_key = torch.tensor([[True, False, False, True, False, False, True]])
    gradient = torch.randn(1, *SPEC.shape, generator=torch.Generator().manual_seed(1)).flatten(2)
    sizes = torch.logspace(-3, 3, FRAMES)[None, :, None]
    plain, scaled = (neighbour_cosines(g, g, is_key) for g in (gradient, gradient * sizes * scale))
    assert torch.allclose(plain, scaled, atol=1e-5, equal_nan=True)


@given(st.integers(0, 500))
def test_exactly_opposite_gradients_are_not_below_minus_one(seed):
    # Rounding must not take a product of unit vectors past -1, where nothing may be inserted.
    is_key = torch.tensor([[True] + [False] * 5 + [True]])
    direction = torch.randn(SPEC.shape[1:], generator=torch.Generator().manual_seed(seed))
    gradient = torch.stack([direction, *[-direction * s for s in (0.1, 1, 3, 7, 1e3)], direction])[None]
    assert not chosen(InsertionRule(epsilon=-1.0), is_key, gradient).any()
    assert chosen(InsertionRule(epsilon=-0.999), is_key, gradient).sum() == 5


@given(st.integers(1, 60), st.floats(0, 0.5), st.floats(0, 0.5))
def test_window_arithmetic(total, warm_up, cool_down):
    rule = InsertionRule(warm_up=warm_up, cool_down=cool_down)
    active = [index for index in range(total) if rule.active(Step(index, total, 0))]
    assert active == list(range(active[0], active[-1] + 1)) if active else True
    assert len(active) == pytest.approx((1 - warm_up - cool_down) * total, abs=1.0001)
    if active:
        assert active[0] == math.ceil(warm_up * total) and active[-1] < (1 - cool_down) * total


@pytest.mark.parametrize(("total", "active"), [(1, []), (2, [1]), (3, [1, 2]), (4, [1, 2, 3]), (9, range(2, 8))])
def test_windows_of_short_and_odd_runs(total, active):
    assert [i for i in range(total) if InsertionRule().active(Step(i, total, 0))] == list(active)


def test_without_warm_up_and_cool_down_every_iteration_counts():
    rule = InsertionRule(warm_up=0.0, cool_down=0.0)
    assert all(rule.active(Step(i, 7, 0)) for i in range(7))
    shut = InsertionRule(warm_up=0.5, cool_down=0.5)
    assert not any(shut.active(Step(i, 7, 0)) for i in range(7))


@pytest.mark.parametrize("changes", [{"warm_up": -0.1}, {"cool_down": -0.1}, {"warm_up": 1.1}, {"max_keys": 0}])
def test_shares_and_limits_out_of_range_are_refused(changes):
    with pytest.raises(UserError, match=next(iter(changes))):
        InsertionRule(**changes)


@given(cases())
def test_telemetry_counts_what_was_seen(case):
    is_key, gradient = case
    videos = KeyFrames(torch.ones(3, *SPEC.shape), is_key, SPEC, CLASSES, torch.zeros(3))
    hook, step = FrameInsertion(InsertionRule()), Step(5, 10, 0)
    videos.watch_frames(True)
    (videos.decode(torch.arange(3)) * gradient).sum().backward()
    hook.before_update(videos, step)
    told, slow = hook.telemetry(), slow_cosines(is_key, gradient)
    assert sum(told["cosine_histogram"]) == 2 * sum(map(len, slow))
    candidates = int((~is_key).sum())
    triggered = int(slow_choice(InsertionRule(), is_key, gradient).sum())
    assert told.get("trigger_rate") == (pytest.approx(triggered / candidates) if candidates else None)
    assert told["key_frames"] == is_key.sum(1).tolist()


def test_the_total_reading_needs_a_gradient_on_the_parameter():
    is_key = torch.tensor([[True] + [False] * 5 + [True]])
    videos = KeyFrames(torch.ones(1, *SPEC.shape), is_key, SPEC, CLASSES, torch.zeros(1))
    videos.watch_frames(True)
    with pytest.raises(RuntimeError, match="before any loss"):
        FrameInsertion(InsertionRule(gradient="total")).before_update(videos, Step(5, 10, 0))


@given(cases())
def test_the_total_reading_compares_with_what_the_key_frame_is_moved_by(case):
    is_key, gradient = case
    videos = KeyFrames(torch.ones(3, *SPEC.shape), is_key, SPEC, CLASSES, torch.zeros(3))
    anchors = torch.einsum("ntk,ntd->nkd", videos.weights, gradient.flatten(2))
    cosines = neighbour_cosines(gradient.flatten(2), anchors, is_key).amax(2)
    expected = (cosines < 0) & ~is_key
    unsure = (cosines.abs() < 1e-5) | (anchors.abs().amax(2) < 1e-5).any(1, keepdim=True)
    found = chosen(InsertionRule(gradient="total"), is_key, gradient)
    assert torch.equal(found & ~unsure, expected & ~unsure)
