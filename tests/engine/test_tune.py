import math

import pytest
import torch

from tests.tiny import task
from vidense.engine.tune import SHARE, search_rate
from vidense.errors import DivergenceError
from vidense.method import RATES, Group, Optimizer, Recipe
from vidense.objectives import Objective
from vidense.parameterizations import Dense


class Bowl(Objective):
    """A quadratic that SGD descends fastest with a rate of 1 / curvature, and leaves above 2 / curvature."""

    def __init__(self, curvature: float, independent: bool = False) -> None:
        self.curvature, self.class_independent = curvature, independent
        self.classes: list[int] = []

    def losses(self, synthetic, real, step):
        self.classes.append(len(synthetic.class_names))
        yield 0.5 * self.curvature * synthetic.decode(torch.arange(len(synthetic))).square().sum()


def build(objective):
    def make(of, rate):
        clips = torch.full((len(of.labels), *of.real.spec.shape), 1e-3)
        videos = Dense(clips, of.real.spec, of.real.class_names, of.labels)
        return Recipe(videos, objective, Optimizer("sgd", {"frames": Group(rate)}))

    return make


@pytest.mark.parametrize("curvature", [1.0, 0.1, 0.033])
def test_finds_the_rate_of_a_quadratic(tmp_path, curvature):
    found = search_rate(build(Bowl(curvature)), task(tmp_path), rates=RATES, iterations=400)
    assert abs(math.log(found.rate * curvature)) <= math.log(3.5)


def test_costs_at_most_its_share(tmp_path):
    objective = Bowl(1.0)
    iterations = 400
    found = search_rate(build(objective), task(tmp_path), rates=RATES, iterations=iterations)
    held_out = 4 * len(found.trials)
    assert len(objective.classes) - held_out <= SHARE * iterations


def test_two_classes_stand_for_all_where_classes_are_independent(tmp_path):
    objective = Bowl(1.0, independent=True)
    search_rate(build(objective), task(tmp_path), rates=RATES, iterations=8)
    assert set(objective.classes) == {2}


def test_every_trial_is_recorded(tmp_path):
    found = search_rate(build(Bowl(1.0)), task(tmp_path), rates=RATES, iterations=100)
    assert [trial["lr"] for trial in found.trials[: len(RATES)]] == list(RATES)
    assert found.to_json() == {"lr": found.rate, "trials": found.trials}


def test_divergence_of_all_is_said(tmp_path):
    with pytest.raises(DivergenceError, match="every learning rate"):
        search_rate(build(Bowl(math.inf)), task(tmp_path), rates=RATES, iterations=100)
