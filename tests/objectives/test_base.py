"""The contract of objectives: steps and their draws, and the judgement that is given where none is written."""

from itertools import combinations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.engine.toys import SPEC, TowardMeans
from tests.tiny import CLASSES, real_clips
from vidense.objectives import Objective, Step
from vidense.parameterizations import Dense
from vidense.seeding import Draw, derive


def drawn(draw: Draw, *keys) -> list[float]:
    return torch.rand(4, generator=draw.generator(*keys)).tolist()


@given(st.integers(0, 10**6), st.integers(0, 10**4), st.integers(1, 10**4))
def test_what_a_step_draws_depends_on_its_seed_and_number_alone(seed, index, total):
    one, other = Step(index, total, seed).draw, Step(index, total + 1, seed).draw
    assert one == other == Draw(seed, ("step", index))
    assert drawn(one, "real", "ball") == drawn(other, "real", "ball")
    assert one.derive("network") == derive(seed, "step", index, "network")


def test_steps_seeds_and_names_each_give_other_draws():
    places = [Step(i, 9, seed).draw for i in range(3) for seed in range(3)] + [Draw(0), Draw(0, ("update", 0))]
    values = [drawn(place, *keys) for place in places for keys in ((), ("a",), ("a", "b"), ("b", "a"), ("ab",))]
    assert all(one != other for one, other in combinations(values, 2))


def test_a_draw_can_be_made_again_and_costs_its_place_nothing():
    place = Draw(3, ("step", 1))
    first = drawn(place, "video", 0)
    drawn(place, "video", 1)
    assert drawn(place, "video", 0) == first and hash(place) == hash(Draw(3, ("step", 1)))


def test_a_nested_place_is_its_keys_one_after_the_other():
    assert Draw(5, ("a",)).derive("b") == Draw(5).derive("a", "b") == Draw(5, ("a", "b")).derive()


class Learner(Objective):
    """Counts its losses and changes itself with each of them, as an online network does."""

    def __init__(self) -> None:
        self.weight, self.steps = nn.Parameter(torch.ones(())), []

    def losses(self, synthetic, real, step):
        with torch.no_grad():
            self.weight += 1
        self.steps.append(step)
        for video in range(len(synthetic)):
            yield self.weight * synthetic.decode(torch.tensor([video])).mean()


def ones() -> Dense:
    return Dense(torch.ones(3, *SPEC.shape), SPEC, CLASSES, torch.arange(3))


def test_judging_changes_nothing_of_the_objective():
    learner, synthetic = Learner(), ones()
    # Weights 2, 3, 4, 5 over three videos of mean 1; the mean over the four iterations.
    assert learner.held_out_loss(synthetic, None, 0) == pytest.approx(3 * (2 + 3 + 4 + 5) / 4)
    assert learner.weight == 1 and learner.steps == []
    assert synthetic.frames.grad is None


def test_judging_takes_draws_that_no_run_takes():
    seen = []

    class Spy(TowardMeans):
        def losses(self, synthetic, real, step):
            seen.append(step)
            yield from super().losses(synthetic, real, step)

    real, spy = real_clips(spec=SPEC), Spy()
    spy.prepare(real)
    values = [spy.held_out_loss(ones(), real, seed) for seed in (0, 0, 1)]
    assert values[0] == values[1] != values[2]
    assert all(step.index == 0 and step.seed not in (0, 1) for step in seen)
    assert len({step.seed for step in seen[:4]}) == 4


def test_what_an_objective_need_not_write():
    plain = TowardMeans()
    assert plain.telemetry() == plain.outcome() == plain.groups() == plain.state_dict() == {}
    assert Objective.class_independent is False
    plain.load_state_dict({})
    plain.after_update(ones(), Step(0, 1, 0))
