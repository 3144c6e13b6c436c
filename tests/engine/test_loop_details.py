"""The loop's fine print: rates, momenta, order of calls, names that collide, what state holds."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.engine.toys import SPEC, Paired, TowardMeans, WithGain, plugged_in
from tests.tiny import CLASSES, real_clips, write_store
from vidense import condense, load
from vidense.engine.loop import Loop
from vidense.errors import DivergenceError
from vidense.hooks import Hook
from vidense.method import Group, Optimizer, Recipe
from vidense.objectives import Objective
from vidense.parameterizations import Dense

LABELS = torch.arange(3)


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def dense(soft: bool = False) -> Dense:
    return Dense(torch.zeros(3, *SPEC.shape), SPEC, CLASSES, LABELS, torch.eye(3) if soft else None)


class Slope(Objective):
    """A loss whose gradient is 1 everywhere, whatever moves."""

    def losses(self, synthetic, real, step):
        yield sum(tensor.sum() for tensors in synthetic.trainable().values() for tensor in tensors)


def loop(recipe: Recipe, total: int = 8, seed: int = 0) -> Loop:
    real = real_clips(spec=SPEC)
    recipe.objective.prepare(real)
    return Loop(recipe, real, seed=seed, total=total)


def moves(optimizer: Optimizer, total: int) -> list[float]:
    """Return how far the first number moved in each iteration under a constant gradient of 1."""
    videos = dense()
    places = [0.0]
    for _ in loop(Recipe(videos, Slope(), optimizer), total).run(0, total):
        places.append(float(videos.frames.detach().flatten()[0]))
    return [before - after for before, after in pairwise(places)]


@given(st.integers(1, 9), st.floats(0, 1), st.floats(0.01, 10))
def test_the_cosine_goes_from_the_rate_down_towards_its_floor(total, floor, rate):
    found = moves(Optimizer("sgd", {"frames": Group(rate)}, schedule="cosine", floor=floor), total)
    expected = [rate * (floor + (1 - floor) * (1 + math.cos(math.pi * i / total)) / 2) for i in range(total)]
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert found[0] == pytest.approx(rate, rel=1e-4)


def test_a_constant_rate_stays():
    assert moves(Optimizer("sgd", {"frames": Group(0.5)}, floor=0.1), 3) == pytest.approx([0.5] * 3)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_factor_at_the_ends(share):
    schedule = Optimizer("adam", {}, schedule="cosine", floor=0.2)
    assert schedule.factor(share) == pytest.approx(0.2 + 0.8 * (1 + math.cos(math.pi * share)) / 2)
    assert schedule.factor(0.0) == 1.0 and schedule.factor(1.0) == pytest.approx(0.2)


def test_every_group_has_a_rate_and_a_momentum_of_its_own():
    videos = dense(soft=True)
    groups = {"frames": Group(0.1, 0.9), "soft_labels": Group(1.0)}
    list(loop(Recipe(videos, Slope(), Optimizer("sgd", groups))).run(0, 3))
    # With momentum m the update at iteration i is the rate times 1 + m + ... + m^i.
    assert float(videos.frames.detach().flatten()[0]) == pytest.approx(-0.1 * (1 + 1.9 + 2.71))
    assert float(videos.soft_labels.detach()[0, 1]) == pytest.approx(-3.0)


def test_adam_takes_the_betas_of_the_settings():
    optimizer = loop(Recipe(dense(), Slope(), Optimizer("adam", {"frames": Group(0.1)}, betas=(0.5, 0.9))))._optimizer
    assert optimizer.param_groups[0]["betas"] == (0.5, 0.9)


class Witness(Objective):
    """Notes in one diary, shared with its hooks, who was called when."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    def losses(self, synthetic, real, step):
        for part in ("a", "b"):
            self.diary.append(f"loss {part}")
            yield synthetic.decode(torch.arange(1)).sum()

    def after_update(self, synthetic, step):
        self.diary.append("objective after")
        with torch.no_grad():
            synthetic.frames.clamp_(-1, 1)

    def telemetry(self):
        return {"entries": len(self.diary)}


class Note(Hook):
    """A hook that writes into the diary, and into the log under a name of its own."""

    def __init__(self, name: str, diary: list[str], watching: bool = False) -> None:
        self.name, self.diary, self.watching = name, diary, watching

    def watches(self, step):
        return self.watching and step.index == 1

    def before_update(self, synthetic, step):
        self.diary.append(f"{self.name} before")
        if self.watches(step):
            # Every yielded loss has been backpropagated by now.
            assert (synthetic.frame_gradient[0] == 2).all() and (synthetic.frame_gradient[1:] == 0).all()

    def after_update(self, synthetic, step):
        self.diary.append(f"{self.name} after")

    def telemetry(self):
        return {self.name: 1}


def test_order_of_an_iteration():
    diary: list[str] = []
    hooks = (Note("one", diary), Note("two", diary))
    videos = dense()
    entries = list(loop(Recipe(videos, Witness(diary), Optimizer("sgd", {"frames": Group(3.0)}), hooks)).run(0, 1))
    expected = ["loss a", "loss b", "one before", "two before", "one after", "two after", "objective after"]
    assert diary == expected
    assert entries == [{"step": 0, "loss": 0.0, "entries": 7, "one": 1, "two": 1}]
    assert (videos.frames[0] == -1).all(), "the objective's last word on the videos stands"


def test_frames_are_watched_when_any_hook_asks_and_only_then():
    videos, diary = dense(), []
    hooks = (Note("one", diary, watching=True), Note("two", diary))
    running = loop(Recipe(videos, Witness(diary), Optimizer("sgd", {"frames": Group(0.1)}), hooks)).run(0, 3)
    watched = []
    for _ in running:
        watched.append(videos._frame_gradient is not None)
    assert watched == [False, True, False]


@pytest.mark.parametrize("names", [("step", "x"), ("loss", "x"), ("entries", "x"), ("x", "x")])
def test_two_entries_of_one_name_in_the_log_are_a_mistake_of_the_method(names):
    hooks = tuple(Note(name, []) for name in names)
    with pytest.raises(ValueError, match="stands for two things"):
        list(loop(Recipe(dense(), Witness([]), Optimizer("sgd", {"frames": Group(1.0)}), hooks)).run(0, 1))


class Twice(Slope):
    def groups(self):
        return {"frames": [nn.Parameter(torch.zeros(1))]}


def test_an_objective_cannot_have_a_group_of_the_videos_name():
    with pytest.raises(ValueError, match="'frames' stands for two things"):
        loop(Recipe(dense(), Twice(), Optimizer("sgd", {"frames": Group(1.0)})))


def test_a_recipe_without_an_objective_has_no_loop():
    with pytest.raises(ValueError, match="nothing to optimise"):
        Loop(Recipe(dense()), real_clips(spec=SPEC), seed=0, total=1)


def test_a_group_of_the_objective_that_leaves_the_numbers_is_named():
    recipe = Recipe(dense(), WithGain(), Optimizer("sgd", {"gain": Group(3e38)}))
    recipe.objective.after_update = lambda synthetic, step: None
    with pytest.raises(DivergenceError, match=r"'gain' holds a non-finite number after iteration \d.*gain=3e\+38"):
        list(loop(recipe).run(0, 8))


def paired_and_gain(kind: str) -> Recipe:
    rng = torch.Generator().manual_seed(4)
    if kind == "gain":
        groups = {"frames": Group(0.1, 0.9), "gain": Group(0.02, 0.5)}
        return Recipe(dense(), WithGain(), Optimizer("sgd", groups, schedule="cosine", floor=0.3))
    still, motions = torch.randn(3, *SPEC.shape[1:], generator=rng), torch.randn(2, *SPEC.shape, generator=rng)
    groups = {"still": Group(0.1), "motions": Group(0.01, 0.95)}
    return Recipe(Paired(still, motions, SPEC, CLASSES, LABELS), TowardMeans(), Optimizer("sgd", groups))


@pytest.mark.parametrize("kind", ["gain", "paired"])
@given(st.integers(1, 7))
def test_whatever_the_cut_the_rest_is_the_same_bit_for_bit(kind, cut):
    straight, first, second = (paired_and_gain(kind) for _ in range(3))
    expected = list(loop(straight).run(0, 8))
    before, after = loop(first), loop(second)
    entries = list(before.run(0, cut))
    after.load_state_dict(before.state_dict())
    entries += after.run(cut, 8)
    assert entries == expected
    groups = [{**recipe.synthetic.trainable(), **recipe.objective.groups()} for recipe in (straight, second)]
    for name, tensors in groups[0].items():
        assert all(torch.equal(a, b) for a, b in zip(tensors, groups[1][name], strict=True)), name


def test_state_is_a_copy_of_nothing_but_plain_things(tmp_path):
    running = loop(paired_and_gain("gain"))
    list(running.run(0, 2))
    state = running.state_dict()
    assert set(state) == {"synthetic", "optimizer", "objective", "objective_groups", "hooks"}
    torch.save(state, tmp_path / "state.pt")
    read = torch.load(tmp_path / "state.pt", weights_only=True)
    assert torch.equal(read["objective_groups"]["gain"][0], state["objective_groups"]["gain"][0])
    assert not read["objective_groups"]["gain"][0].requires_grad


def test_what_the_objective_learned_reaches_the_dataset(tmp_path):
    store = write_store(tmp_path / "store", spec=SPEC)
    read = condense(store.path, tmp_path / "run", method="toy_gain", iterations=6)
    gain = read.index["outcome"]["gain"]
    assert gain != 0.5 and load(tmp_path / "run").index["outcome"] == {"gain": gain}
    snapshots = sorted((tmp_path / "run" / "snapshots").iterdir())
    learned = [load(snapshot).index["outcome"]["gain"] for snapshot in snapshots]
    assert learned == sorted(learned) or learned == sorted(learned, reverse=True)
    assert learned[-1] != gain
