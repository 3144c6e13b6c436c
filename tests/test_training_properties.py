"""Training under any recipe: schedules, passes, checks and optimisers against slow references."""

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from tests.small_net import Linear, weights
from vidense.data.spec import ClipSpec
from vidense.seeding import Draw, derive, generator, seeded
from vidense.training import FitRecord, accuracy, fit, predict
from vidense.training_recipe import TrainingRecipe

SPEC = ClipSpec(2, 8, 8)
RECIPE = TrainingRecipe(steps=6, epochs=0, batch=3, precision="float32", checks=3)


@dataclass(frozen=True)
class Clips:
    """Labelled clips in memory that note what was decoded, and by which draw."""

    pixels: Tensor
    labels: Tensor
    stochastic: bool = False
    asked: list[tuple[list[int], Draw | None]] = field(default_factory=list)
    spec: ClipSpec = SPEC
    class_names: tuple[str, ...] = ("a", "b", "c")

    def decode(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        self.asked.append((index.tolist(), draw))
        return self.pixels[index] if draw is None else self.pixels[index] + derive(draw.seed, *draw.keys) % 7


def clips(count: int = 7, seed: int = 0, **options: Any) -> Clips:
    drawn = torch.randn(count, *SPEC.shape, generator=generator(seed, "test clips"))
    return Clips(drawn, torch.arange(count) % 3, **options)


def network(seed: int = 0, dropout: float = 0.1) -> Linear:
    with seeded(seed, "network"):
        return Linear(SPEC, 3, dropout=dropout)


recipes = st.builds(
    TrainingRecipe,
    steps=st.integers(1, 40),
    epochs=st.integers(0, 6),
    batch=st.integers(1, 9),
    lr=st.floats(1e-4, 10),
    warmup=st.floats(0, 0.9),
    schedule=st.sampled_from(["cosine", "drop"]),
    drop_after=st.integers(0, 5),
    precision=st.just("float32"),
    checks=st.integers(1, 9),
)


@given(recipes, st.integers(1, 20))
def test_rates_are_those_of_the_formula(recipe: TrainingRecipe, count: int) -> None:
    passes = -(-count // recipe.batch)
    total = max(recipe.steps, recipe.epochs * passes)
    assert recipe.length(count) == total
    rising = math.ceil(recipe.warmup * total)
    for step in range(total):
        if recipe.schedule == "drop":
            expected = recipe.lr / 10 if step // passes >= recipe.drop_after else recipe.lr
        elif step < rising:
            expected = recipe.lr * (step + 1) / rising
        else:
            expected = recipe.lr * (1 + math.cos(math.pi * (step - rising) / (total - rising))) / 2
        rate = recipe.rate(step, count)
        assert rate == pytest.approx(expected)
        assert 0 < rate <= recipe.lr * (1 + 1e-12)


@given(recipes, st.integers(1, 12))
def test_every_pass_sees_every_clip_once(recipe: TrainingRecipe, count: int) -> None:
    data = clips(count, stochastic=True)
    record = fit(network(), data, replace(recipe, lr=0.01), 3)
    assert len(record.losses) == recipe.length(count)
    batches = [index for index, _ in data.asked]
    passes = recipe.per_epoch(count)
    for start in range(0, len(batches), passes):
        seen = Counter(video for batch in batches[start : start + passes] for video in batch)
        if start + passes <= len(batches):
            assert seen == Counter(range(count))
        assert max(seen.values()) == 1
    assert all(len(batch) <= recipe.batch for batch in batches)


@given(recipes, st.integers(1, 9))
def test_checks_are_evenly_spaced_and_end_with_the_last_update(recipe: TrainingRecipe, count: int) -> None:
    total = recipe.length(count)
    record = fit(network(), clips(count), replace(recipe, lr=0.01), 0, validation=[clips(4, 1)])
    steps = [step for step, _ in record.checks]
    assert steps == sorted({round(total * (i + 1) / recipe.checks) for i in range(recipe.checks)} - {0})
    assert steps[-1] == total and len(steps) <= recipe.checks
    gaps = [after - before for before, after in zip([0, *steps], steps, strict=False)]
    assert max(gaps) - min(gaps) <= 1 or total < recipe.checks


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=6))
def test_the_latest_of_the_best_checks_is_kept(values: list[float]) -> None:
    waiting, seen = iter(values), []

    def score(net: Linear, *_: object) -> float:
        seen.append(weights(net))
        return next(waiting)

    net = network()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vidense.training.accuracy", score)
        recipe = replace(RECIPE, steps=len(values), checks=len(values))
        record = fit(net, clips(), recipe, 0, validation=[clips(4, 1)], keep_best=True)
    best = max(i for i, value in enumerate(values) if value == max(values))
    assert record.selected_step == best + 1
    assert torch.equal(weights(net), seen[best])


def test_watching_validation_clips_changes_no_weight() -> None:
    alone, watched = network(dropout=0.5), network(dropout=0.5)
    first = fit(alone, clips(), RECIPE, 5)
    second = fit(watched, clips(), RECIPE, 5, validation=[clips(4, 1), clips(3, 2)])
    assert first.losses == second.losses
    assert torch.equal(weights(alone), weights(watched))
    assert first.checks == () and len(second.checks) == 3


def test_kept_weights_are_those_that_a_check_scored() -> None:
    net, views = network(), [clips(9, 1)]
    record = fit(net, clips(), replace(RECIPE, steps=40, checks=10, lr=0.3), 1, validation=views, keep_best=True)
    assert accuracy(net, views, RECIPE) == dict(record.checks)[record.selected_step]
    assert dict(record.checks)[record.selected_step] == max(value for _, value in record.checks)


def test_adamw_is_the_published_update() -> None:
    recipe = replace(RECIPE, optimizer="adamw", lr=0.02, weight_decay=0.1, clip_norm=None, batch=7, warmup=0.0)
    net, slow, data = network(dropout=0.0), network(dropout=0.0), clips()
    fit(net, data, recipe, 0)
    mean = [torch.zeros_like(p) for p in slow.parameters()]
    square = [torch.zeros_like(p) for p in slow.parameters()]
    for step in range(6):
        rate = 0.02 * (1 + math.cos(math.pi * step / 6)) / 2
        loss = functional.cross_entropy(slow(data.pixels), data.labels)
        gradients = torch.autograd.grad(loss, list(slow.parameters()))
        with torch.no_grad():
            for p, g, m, v in zip(slow.parameters(), gradients, mean, square, strict=True):
                m.mul_(0.9).add_(0.1 * g)
                v.mul_(0.999).add_(0.001 * g**2)
                unbiased = m / (1 - 0.9 ** (step + 1)), v / (1 - 0.999 ** (step + 1))
                p.sub_(rate * (unbiased[0] / (unbiased[1].sqrt() + 1e-8) + 0.1 * p))
    assert torch.allclose(weights(net), weights(slow), atol=1e-5)


def test_soft_targets_are_cross_entropy_summed_over_classes() -> None:
    net, data = network(dropout=0.0), clips()
    targets = torch.rand(7, 3, generator=generator(0, "targets"))
    targets = targets / targets.sum(1, keepdim=True)
    record = fit(net, data, replace(RECIPE, steps=1, batch=7, checks=1), 0, targets=targets)
    log_odds = network(dropout=0.0)(data.pixels).log_softmax(1).detach()
    slow = [-sum(float(targets[i, c] * log_odds[i, c]) for c in range(3)) for i in range(7)]
    assert record.losses[0] == pytest.approx(sum(slow) / 7, rel=1e-5)


def test_stochastic_clips_are_drawn_anew_for_every_update() -> None:
    data = clips(stochastic=True)
    record = fit(network(), data, RECIPE, 9)
    assert [draw for _, draw in data.asked] == [Draw(9, ("update", step)) for step in range(6)]
    again = fit(network(), clips(stochastic=True), RECIPE, 9)
    assert record.losses == again.losses
    predict(network(), data, RECIPE)
    assert data.asked[-1] == (list(range(7)), None)


def test_fixed_clips_are_decoded_once_and_without_a_draw() -> None:
    data = clips()
    fit(network(), data, RECIPE, 0)
    assert data.asked == [(list(range(7)), None)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("video", [0, 4])
def test_a_clip_that_is_not_finite_ends_training_at_its_update(value: float, video: int) -> None:
    data = clips()
    data.pixels[video, 0, 0, 0, 0] = value
    order = torch.randperm(7, generator=generator(0, "epoch", 0)).tolist()
    record = fit(network(), data, replace(RECIPE, batch=1, steps=7), 0, validation=[clips(3, 1)], keep_best=True)
    assert record.diverged_at == order.index(video) == record.selected_step
    assert len(record.losses) == record.diverged_at


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 100])
def test_scores_do_not_depend_on_how_many_clips_are_scored_at_once(size: int) -> None:
    net, data = network(), clips()
    scores = predict(net, data, replace(RECIPE, test_batch=size))
    with torch.no_grad():
        one_by_one = torch.cat([net.eval()(data.pixels[i : i + 1]) for i in range(7)])
    assert torch.allclose(scores, one_by_one, atol=1e-6)
    assert scores.dtype == torch.float32 and not scores.requires_grad


def test_no_clips_have_no_scores() -> None:
    assert predict(network(), clips(0), RECIPE).shape == (0, 3)


@given(st.integers(0, 2**31), st.integers(1, 9))
def test_accuracy_is_a_count(seed: int, count: int) -> None:
    net, data = network().eval(), clips(count, seed)
    right = sum(int(net(data.pixels[i : i + 1]).argmax()) == int(data.labels[i]) for i in range(count))
    assert accuracy(net, [data], RECIPE) == pytest.approx(right / count)
    assert accuracy(net, [data, data], RECIPE) == pytest.approx(right / count)


def test_the_seed_moves_order_and_dropout_and_nothing_else_does() -> None:
    def losses(seed: int, disturbed: bool = False) -> tuple[float, ...]:
        if disturbed:
            torch.manual_seed(1234)
            torch.rand(100)
        return fit(network(dropout=0.5), clips(), RECIPE, seed).losses

    assert losses(1) == losses(1, disturbed=True)
    assert losses(1) != losses(2)
    before = torch.get_rng_state()
    losses(3)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_record_goes_through_json_with_losses_of_five_digits() -> None:
    record = FitRecord((0.123456789, 1234567.0), ((2, 0.5),), 2, None).to_json()
    assert record == {
        "losses": [0.12346, 1234600.0],
        "checks": [[2, 0.5]],
        "selected_step": 2,
        "diverged_at": None,
    }
