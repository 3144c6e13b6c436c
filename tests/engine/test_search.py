"""The details of lr=auto: who stays, what it costs, who judges."""

from dataclasses import replace
from itertools import pairwise
from math import inf, nan
from weakref import WeakSet

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import SPEC, plugged_in
from tests.tiny import task
from vidense.engine.loop import Loop
from vidense.engine.state import moved
from vidense.engine.tune import RUNGS, SHARE, TRIAL_CLASSES, search_rate, survivors_of, waiting_of
from vidense.errors import DivergenceError
from vidense.method import METHODS, Group, Optimizer, Recipe, Task
from vidense.objectives import Objective
from vidense.parameterizations import Dense


class Scripted(Objective):
    """Its held-out loss is looked up by rate; descending it does nothing but be counted."""

    made: list["Scripted"] = []  # noqa: RUF012 - emptied for every test

    def __init__(self, rate: float, losses: dict[float, float], independent: bool = False) -> None:
        self.rate, self.table, self.class_independent = rate, losses, independent
        self.steps: list[tuple[int, int]] = []
        self.prepared_with: list[int] = []
        self.judged: list[float] = []
        self.made.append(self)

    def prepare(self, real):
        self.prepared_with.append(len(real.class_names))

    def losses(self, synthetic, real, step):
        self.steps.append((step.index, step.total))
        yield synthetic.decode(torch.arange(1)).square().sum() * (nan if self.table[self.rate] == inf else 0.0)

    def held_out_loss(self, synthetic, real, seed):
        self.judged.append(synthetic.rate)
        return self.table[synthetic.rate]


@pytest.fixture(autouse=True)
def _nobody():
    Scripted.made.clear()


def build(losses: dict[float, float], independent: bool = False):
    def make(of: Task, rate: float) -> Recipe:
        videos = Dense(torch.ones(len(of.labels), *SPEC.shape), of.real.spec, of.real.class_names, of.labels)
        videos.rate = rate
        return Recipe(videos, Scripted(rate, losses, independent), Optimizer("sgd", {"frames": Group(rate)}))

    return make


def search(path, losses: dict[float, float], iterations: int = 200, independent: bool = False):
    return search_rate(build(losses, independent), task(path, spec=SPEC), rates=tuple(losses), iterations=iterations)


@given(st.integers(1, 40))
def test_at_each_rung_the_better_half_stays_and_no_one_alone(candidates):
    stay = survivors_of(candidates)
    assert len(stay) == RUNGS and stay[0] == candidates and min(stay) >= min(candidates, 2)
    assert all(2 * later >= earlier > later or earlier == later <= 2 for earlier, later in pairwise(stay))


@pytest.mark.parametrize(("candidates", "stay"), [(1, [1, 1, 1]), (2, [2, 2, 2]), (3, [3, 2, 2]), (8, [8, 4, 2])])
def test_survivors(candidates, stay):
    assert survivors_of(candidates) == stay


def test_the_best_half_by_held_out_loss_goes_on(tmp_path):
    found = search(tmp_path, {1.0: 5.0, 2.0: 3.0, 4.0: 1.0, 8.0: 2.0})
    assert found.rate == 4.0
    assert [trial["lr"] for trial in found.trials] == [1.0, 2.0, 4.0, 8.0, 4.0, 8.0, 4.0, 8.0]


@pytest.mark.parametrize("rates", [(0.5,), (0.5, 2.0)])
def test_one_or_two_rates_are_a_search_too(tmp_path, rates):
    found = search(tmp_path, {rate: 1 / rate for rate in rates})
    assert found.rate == rates[-1] and len(found.trials) == sum(survivors_of(len(rates)))


def test_of_equals_the_smallest_rate_wins(tmp_path):
    found = search(tmp_path, dict.fromkeys((1.0, 2.0, 4.0, 8.0), 7.0))
    assert found.rate == 1.0
    assert [trial["lr"] for trial in found.trials[4:]] == [1.0, 2.0, 1.0, 2.0]


def test_a_rate_that_diverges_drops_out_and_is_recorded_as_such(tmp_path):
    found = search(tmp_path, {1.0: 5.0, 2.0: 3.0, 4.0: inf, 8.0: inf})
    assert found.rate == 2.0
    assert {trial["lr"]: trial["held_out_loss"] for trial in found.trials[:4]} == {
        1.0: 5.0,
        2.0: 3.0,
        4.0: None,
        8.0: None,
    }
    assert [trial["iterations"] for trial in found.trials[2:4]] == [0, 0]


def test_a_held_out_loss_that_is_not_finite_is_a_divergence(tmp_path):
    assert search(tmp_path, {1.0: 9.0, 2.0: nan}).rate == 1.0
    with pytest.raises(DivergenceError, match=r"every learning rate from 1\.0 to 2\.0"):
        search(tmp_path, {1.0: nan, 2.0: nan})


def test_the_judge_never_trains_and_nobody_else_judges(tmp_path):
    losses = {1.0: 5.0, 2.0: 3.0, 4.0: 1.0}
    found = search(tmp_path, losses)
    judge, *others = Scripted.made
    assert judge.steps == [] and all(other.judged == [] and other.steps for other in others)
    assert judge.judged == [trial["lr"] for trial in found.trials]
    assert all(len(objective.prepared_with) == 1 for objective in Scripted.made)


@pytest.mark.parametrize("iterations", [200, 400, 1000])
def test_rungs_cost_the_same_and_together_at_most_their_share(tmp_path, iterations):
    losses = {2.0**i: float(i) for i in range(8)}
    found = search(tmp_path, losses, iterations)
    assert sum(len(objective.steps) for objective in Scripted.made) <= SHARE * iterations
    rung = SHARE * iterations / RUNGS
    assert [trial["iterations"] for trial in found.trials[:8]] == [max(1, int(rung / 8))] * 8
    # Candidates go on where they stopped, and see the whole run's length.
    for rate in losses:
        steps = [step for objective in Scripted.made if objective.rate == rate for step in objective.steps]
        assert steps == [(index, iterations) for index in range(len(steps))]


@pytest.mark.parametrize("name", ["toy_keys", "frepo"])
def test_every_trial_is_what_an_unbroken_run_of_its_rate_comes_to(tmp_path, name):
    given, iterations = {"toy_keys": {}, "frepo": {"network": "toy_flat", "pool": 3, "lifetime": 4}}[name], 120
    with plugged_in():
        method, job = METHODS.get(name), task(tmp_path, spec=SPEC)

        def made(of, rate):
            return method.recipe(of, method.validate({**given, "lr": rate}))

        found = search_rate(made, job, rates=(0.01, 0.1, 1.0), iterations=iterations)
        assert len({trial["iterations"] for trial in found.trials}) == RUNGS
        judge = made(job, 0.01).objective
        if made(job, 0.01).class_independent:
            chosen = torch.randperm(3, generator=job.generator("trial classes"))[:TRIAL_CLASSES]
            job = replace(job, real=job.real.only_classes(sorted(chosen.tolist())))
        judge.prepare(job.real)
        for trial in found.trials:
            recipe = made(job, trial["lr"])
            recipe.objective.prepare(job.real)
            list(Loop(recipe, job.real, seed=job.seed, total=iterations).run(0, trial["iterations"]))
            assert judge.held_out_loss(recipe.synthetic, job.real, job.seed) == trial["held_out_loss"]


@pytest.mark.parametrize("candidates", [1, 2, 3, 8])
def test_one_candidate_is_built_at_a_time_and_few_wait(tmp_path, monkeypatch, candidates):
    losses, built, kept, most = {2.0**-i: float(-i) for i in range(candidates)}, WeakSet(), WeakSet(), 0

    class Watched(Scripted):
        def losses(self, synthetic, real, step):
            nonlocal most
            most = max(most, len(kept))
            yield from super().losses(synthetic, real, step)

    def spy(of, rate):
        assert not built
        recipe = build(losses)(of, rate)
        built.add(recipe.synthetic)
        return replace(recipe, objective=Watched(rate, losses))

    def watched(state, device):
        found = Kept(moved(state, device))
        kept.add(found)
        return found

    monkeypatch.setattr("vidense.engine.tune.moved", watched)
    search_rate(spy, task(tmp_path, spec=SPEC), rates=tuple(losses), iterations=200)
    assert most == waiting_of(candidates)


class Kept(dict):
    """A dict that can be watched."""

    __hash__ = object.__hash__


@pytest.mark.parametrize(("independent", "classes"), [(True, TRIAL_CLASSES), (False, 3)])
def test_a_few_classes_stand_for_all_only_where_classes_do_not_meet(tmp_path, independent, classes):
    search(tmp_path, {1.0: 1.0, 2.0: 2.0}, independent=independent)
    assert {n for objective in Scripted.made for n in objective.prepared_with} == {classes}


def test_fewer_classes_buy_longer_trials(tmp_path):
    losses = {1.0: 1.0, 2.0: 2.0}
    longest = []
    for independent in (False, True):
        Scripted.made.clear()
        search(tmp_path, losses, 200, independent)
        longest.append(max(len(objective.steps) for objective in Scripted.made))
    assert longest[1] > longest[0]


def test_no_part_of_a_trial_is_longer_than_a_fifth_of_the_run(tmp_path, monkeypatch):
    # As where two of hundreds of classes stand for all: their share would pay for whole runs.
    monkeypatch.setattr("vidense.engine.tune.SHARE", 5.0)
    found = search(tmp_path, {1.0: 1.0, 2.0: 2.0}, 200, independent=True)
    assert [trial["iterations"] for trial in found.trials] == [20, 20, 40, 40, 60, 60]


def test_the_seed_decides_which_classes_stand_for_all(tmp_path):
    seen = set()
    for seed in range(8):

        def spy(of, rate):
            seen.add(of.real.class_names)
            return build({1.0: 1.0}, True)(of, rate)

        search_rate(spy, task(tmp_path, seed=seed, spec=SPEC), rates=(1.0,), iterations=10)
    assert len([names for names in seen if len(names) == TRIAL_CLASSES]) == 3


def test_a_method_without_an_objective_has_no_rate(tmp_path):
    def make(of, rate):
        return Recipe(Dense(torch.zeros(3, *SPEC.shape), SPEC, of.real.class_names, of.labels))

    with pytest.raises(ValueError, match="no learning rate to search"):
        search_rate(make, task(tmp_path, spec=SPEC), rates=(1.0,), iterations=10)
