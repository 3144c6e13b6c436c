import pytest
import torch
from torch import nn

from tests.tiny import CLASSES, SPEC, real_clips
from vidense.engine.loop import Loop
from vidense.errors import DivergenceError
from vidense.hooks import Hook
from vidense.method import Group, Optimizer, Recipe
from vidense.objectives import Objective
from vidense.parameterizations import Dense


class Pull(Objective):
    """Half the squared distance of every clip to a constant, one loss a clip, and a step size of its own."""

    def __init__(self, target: float = 1.0) -> None:
        self.target, self.gain = target, nn.Parameter(torch.tensor(1.0))

    def losses(self, synthetic, real, step):
        for video in range(len(synthetic)):
            yield self.gain * 0.5 * (synthetic.decode(torch.tensor([video])) - self.target).square().sum()

    def groups(self):
        return {"gain": [self.gain]}


class Diary(Hook):
    """Writes down what it saw, in the order it was called."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def before_update(self, synthetic, step):
        self.calls.append(f"before {step.index} {float(synthetic.frames.detach().flatten()[0]):.3f}")

    def after_update(self, synthetic, step):
        self.calls.append(f"after {step.index} {float(synthetic.frames.detach().flatten()[0]):.3f}")

    def telemetry(self):
        return {"calls": len(self.calls)}


def recipe(optimizer: Optimizer, hooks=(), objective=None) -> Recipe:
    videos = Dense(torch.zeros(2, *SPEC.shape), SPEC, CLASSES, torch.arange(2))
    return Recipe(videos, objective or Pull(), optimizer, hooks)


def loop(made: Recipe, total: int = 10) -> Loop:
    return Loop(made, real_clips(), seed=0, total=total)


def test_sgd_with_momentum_equals_the_update_by_hand():
    made = recipe(Optimizer("sgd", {"frames": Group(0.1, 0.9)}))
    list(loop(made).run(0, 4))
    x, velocity = 0.0, 0.0
    for _ in range(4):
        velocity = 0.9 * velocity + (x - 1.0)
        x -= 0.1 * velocity
    assert torch.allclose(made.synthetic.frames, torch.full_like(made.synthetic.frames, x))


def test_hooks_see_gradients_before_and_parameters_after_the_update():
    diary = Diary()
    entries = list(loop(recipe(Optimizer("sgd", {"frames": Group(0.5)}), (diary,))).run(0, 2))
    assert diary.calls == ["before 0 0.000", "after 0 0.500", "before 1 0.500", "after 1 0.750"]
    assert [entry["calls"] for entry in entries] == [2, 4]


def test_the_logged_loss_is_the_sum_of_the_parts():
    (entry,) = loop(recipe(Optimizer("sgd", {"frames": Group(0.1)}))).run(0, 1)
    assert entry == {"step": 0, "loss": SPEC.frame_numbers * SPEC.frames * 2 * 0.5}


def test_groups_without_a_rate_stay_fixed_and_others_move():
    made = recipe(Optimizer("sgd", {"gain": Group(1e-6)}))
    list(loop(made).run(0, 2))
    assert (made.synthetic.frames == 0).all() and not made.synthetic.frames.requires_grad
    assert made.objective.gain < 1


def test_cosine_schedule_ends_near_zero():
    made = recipe(Optimizer("adam", {"frames": Group(0.1)}, schedule="cosine"))
    running = loop(made, total=4)
    moves, last = [], 0.0
    for _ in running.run(0, 4):
        now = float(made.synthetic.frames.detach().flatten()[0])
        moves.append(now - last)
        last = now
    assert moves[0] == pytest.approx(0.1, rel=1e-3)
    assert moves[3] < moves[2] < moves[1] < moves[0]


@pytest.mark.parametrize("target", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_at_once_and_says_what_to_do(target):
    with pytest.raises(DivergenceError, match=r"loss is (nan|inf) at iteration 0.*frames=0.1.*third"):
        list(loop(recipe(Optimizer("sgd", {"frames": Group(0.1)}), objective=Pull(target))).run(0, 3))


def test_a_tensor_that_is_not_finite_is_named():
    with pytest.raises(DivergenceError, match="'frames' holds a non-finite number after iteration 0"):
        list(loop(recipe(Optimizer("sgd", {"frames": Group(3e38)}), objective=Pull(100.0))).run(0, 1))


def test_an_unknown_group_is_a_mistake_of_the_method():
    with pytest.raises(ValueError, match="pixels"):
        loop(recipe(Optimizer("sgd", {"pixels": Group(1.0)})))


def test_state_restores_everything_bit_for_bit():
    settings = Optimizer("adam", {"frames": Group(0.1), "gain": Group(0.01)}, schedule="cosine")
    straight, first, second = (recipe(settings) for _ in range(3))
    list(loop(straight).run(0, 6))
    interrupted = loop(first)
    list(interrupted.run(0, 3))
    resumed = loop(second)
    resumed.load_state_dict(interrupted.state_dict())
    list(resumed.run(3, 6))
    assert torch.equal(second.synthetic.frames, straight.synthetic.frames)
    assert torch.equal(second.objective.gain, straight.objective.gain)
