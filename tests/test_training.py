"""Training against a slow literal loop, determinism, divergence, schedules."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from vidense.checkpoints import Checkpoint
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets import build_network
from vidense.seeding import Draw, generator, seeded
from vidense.training import FitRecord, accuracy, fit, predict
from vidense.training_recipe import TrainingRecipe

SPEC = ClipSpec(8, 43, 43)
SMALL = TrainingRecipe(steps=4, epochs=0, batch=4, warmup=0.25, precision="float32", checks=2)


@dataclass(frozen=True)
class Clips:
    """Labelled clips held as one tensor."""

    pixels: Tensor
    labels: Tensor
    spec: ClipSpec = SPEC
    class_names: tuple[str, ...] = ("a", "b", "c")
    stochastic: bool = False

    def decode(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        return self.pixels[index]


def clips(count: int = 6, seed: int = 0) -> Clips:
    drawn = torch.randn(count, *SPEC.shape, generator=generator(seed, "test clips"))
    return Clips(drawn, torch.arange(count) % 3)


def network(seed: int = 0) -> torch.nn.Module:
    return build_network("minic3d", SPEC, 3, seed=seed)


def literal_fit(data: Clips, recipe: TrainingRecipe, seed: int, rates: list[float]) -> tuple[list[float], Tensor]:
    """Train as the docstrings say, one line after the other, momentum written out."""
    net = network()
    velocity = [torch.zeros_like(p) for p in net.parameters()]
    losses: list[float] = []
    epoch = 0
    while len(losses) < len(rates):
        order = torch.randperm(len(data.labels), generator=generator(seed, "epoch", epoch))
        for first in range(0, len(order), recipe.batch):
            if len(losses) == len(rates):
                break
            index = order[first : first + recipe.batch]
            batch = data.pixels[index]
            if recipe.batch_standardise:
                mean = batch.sum() / batch.numel()
                batch = (batch - mean) / (((batch - mean) ** 2).sum() / (batch.numel() - 1)).sqrt()
            with seeded(seed, "dropout", len(losses)):
                loss = F.cross_entropy(net(batch), data.labels[index])
            gradients = torch.autograd.grad(loss, list(net.parameters()))
            norm = math.sqrt(sum(float((g**2).sum()) for g in gradients))
            scale = 1.0 if recipe.clip_norm is None else min(1.0, recipe.clip_norm / (norm + 1e-6))
            with torch.no_grad():
                for p, g, v in zip(net.parameters(), gradients, velocity, strict=True):
                    v.mul_(recipe.momentum).add_(scale * g + recipe.weight_decay * p)
                    p.sub_(rates[len(losses)] * v)
            losses.append(loss.item())
        epoch += 1
    return losses, torch.cat([p.flatten() for p in net.parameters()])


@pytest.mark.parametrize("standardise", [False, True])
def test_fit_does_what_a_literal_loop_does(standardise: bool) -> None:
    recipe = replace(SMALL, lr=0.05, clip_norm=0.5, batch_standardise=standardise)
    net = network()
    record = fit(net, clips(), recipe, 7)
    rates = [0.05 * 0.5 * (1 + math.cos(math.pi * i / 3)) for i in range(3)]
    losses, weights = literal_fit(clips(), recipe, 7, [0.05, *rates])
    assert record.losses == pytest.approx(losses, rel=1e-4)
    assert torch.allclose(torch.cat([p.flatten() for p in net.parameters()]), weights, atol=1e-5)
    assert (record.selected_step, record.diverged_at) == (4, None)


def test_equal_seeds_give_equal_weights_and_other_seeds_others() -> None:
    def weights(seed: int) -> Tensor:
        net = network()
        fit(net, clips(), SMALL, seed)
        return torch.cat([p.flatten() for p in net.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_a_run_lasts_steps_or_epochs_whichever_is_longer() -> None:
    recipe = TrainingRecipe(steps=150, epochs=20, batch=16)
    assert recipe.length(6) == 150
    assert recipe.length(30) == 150
    assert recipe.length(428) == 20 * 27


def test_the_rate_rises_to_lr_and_falls_to_almost_nothing() -> None:
    recipe = TrainingRecipe(lr=1.0, steps=100, epochs=0, warmup=0.1)
    rates = [recipe.rate(step, 6) for step in range(100)]
    assert rates[:10] == pytest.approx([i / 10 for i in range(1, 11)])
    assert rates[10] == 1.0
    assert all(a > b for a, b in pairwise(rates[10:]))
    assert 0 < rates[-1] < 1e-3


def test_the_drop_makes_a_tenth_and_forgets_momentum() -> None:
    recipe = replace(SMALL, steps=0, epochs=3, batch=6, schedule="drop", drop_after=2, clip_norm=None, weight_decay=0)
    assert [recipe.rate(step, 6) for step in range(3)] == pytest.approx([0.01, 0.01, 0.001])
    before, after = network(), network()
    fit(before, clips(), replace(recipe, epochs=2), 3)
    start = [p.clone() for p in before.parameters()]
    fit(after, clips(), recipe, 3)
    # The third update is the first of a fresh optimiser: rate times gradient, nothing of the first two.
    order = torch.randperm(6, generator=generator(3, "epoch", 2))
    with seeded(3, "dropout", 2):
        loss = F.cross_entropy(before.train()(clips().pixels[order]), clips().labels[order])
    for p, q, g in zip(start, after.parameters(), torch.autograd.grad(loss, list(before.parameters())), strict=True):
        assert torch.allclose(q, p - 0.001 * g, atol=1e-6)


def test_divergence_stops_at_once_and_is_reported() -> None:
    recipe = replace(SMALL, steps=50, lr=1e6, clip_norm=None, warmup=0.0)
    record = fit(network(), clips(), recipe, 0, validation=[clips()])
    assert record.diverged_at is not None
    assert record.diverged_at < 50
    assert len(record.losses) == record.diverged_at
    assert all(math.isfinite(loss) for loss in record.losses)


def test_weights_ruined_by_the_last_update_count_as_divergence() -> None:
    recipe = replace(SMALL, steps=1, lr=1e38, momentum=0.0, clip_norm=None, weight_decay=1e10, warmup=0.0)
    assert fit(network(), clips(), recipe, 0).diverged_at == 0


def test_clipping_keeps_the_same_rate_finite_on_clips_far_out_of_range() -> None:
    wild = Clips(clips().pixels * 20, clips().labels)
    record = fit(network(), wild, replace(SMALL, steps=8, lr=0.01, clip_norm=1.0), 0)
    assert record.diverged_at is None


def test_the_best_check_is_kept_and_the_latest_of_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter([0.5, 0.9, 0.9, 0.1])
    seen: list[Tensor] = []

    def score(net: torch.nn.Module, *_: object) -> float:
        seen.append(torch.cat([p.detach().flatten().clone() for p in net.parameters()]))
        return next(values)

    monkeypatch.setattr("vidense.training.accuracy", score)
    net = network()
    record = fit(net, clips(), replace(SMALL, checks=4), 0, validation=[clips(3, 1)], keep_best=True)
    assert record.checks == ((1, 0.5), (2, 0.9), (3, 0.9), (4, 0.1))
    assert record.selected_step == 3
    assert torch.equal(torch.cat([p.flatten() for p in net.parameters()]), seen[2])


def test_soft_targets_that_are_one_hot_train_as_labels_do() -> None:
    data, first, second = clips(), network(), network()
    hard = fit(first, data, SMALL, 0)
    soft = fit(second, data, SMALL, 0, targets=F.one_hot(data.labels, 3).float())
    assert hard.losses == pytest.approx(soft.losses, rel=1e-5)


def test_predictions_standardise_each_test_batch_with_the_unbiased_deviation() -> None:
    net, data = network().eval(), clips(5)
    scores = predict(net, data, replace(SMALL, batch_standardise=True, test_batch=3))
    parts = [data.pixels[:3], data.pixels[3:]]
    with torch.no_grad():
        expected = torch.cat([net((x - x.mean()) / x.std(unbiased=True)) for x in parts])
    assert torch.allclose(scores, expected, atol=1e-5)


def test_accuracy_pools_the_views() -> None:
    net, data = network().eval(), clips()
    answers = predict(net, data, SMALL).argmax(1)
    right, wrong = Clips(data.pixels, answers), Clips(data.pixels, (answers + 1) % 3)
    assert accuracy(net, [right, right, wrong], SMALL) == pytest.approx(2 / 3)


def test_large_sets_are_decoded_batch_by_batch_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = fit(network(), clips(), SMALL, 0)
    monkeypatch.setattr("vidense.training.KEPT_BYTES", 0)
    assert fit(network(), clips(), SMALL, 0).losses == kept.losses


def test_bfloat16_learns_the_same_set() -> None:
    record = fit(network(), clips(), replace(SMALL, precision="auto"), 0)
    exact = fit(network(), clips(), SMALL, 0)
    assert record.losses == pytest.approx(exact.losses, rel=0.05)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("stop", [1, 4, 5, 7])
def test_an_interrupted_training_ends_where_one_without_ends(tmp_path: Path, optimizer: str, stop: int) -> None:
    # The rate drops, and the optimiser with it, before update 4; checks are after 2, 4, 6 and 8.
    recipe = replace(SMALL, steps=0, epochs=4, schedule="drop", drop_after=2, checks=4, optimizer=optimizer)
    data = {"validation": [clips(3, 1)], "keep_best": True}

    def killed(done: int, total: int, loss: float) -> None:
        if done == stop:
            raise InterruptedError

    straight, broken, began = network(), network(), []
    expected = fit(straight, clips(), recipe, 2, **data)
    with pytest.raises(InterruptedError):
        fit(broken, clips(), recipe, 2, checkpoint=Checkpoint(tmp_path / "c.pt", 0), progress=killed, **data)
    again = network(seed=9)
    record = fit(
        again,
        clips(),
        recipe,
        2,
        checkpoint=Checkpoint(tmp_path / "c.pt"),
        progress=lambda done, *_: began.append(done),
        **data,
    )
    assert began[0] == stop + 1
    assert record == expected
    for one, other in zip(again.parameters(), straight.parameters(), strict=True):
        assert torch.equal(one, other)


def test_progress_and_record_are_plain_numbers() -> None:
    seen: list[tuple[int, int]] = []
    record = fit(network(), clips(), SMALL, 0, progress=lambda done, total, loss: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert FitRecord((1 / 3,), (), 1, None).to_json()["losses"] == [0.33333]
    assert record.to_json()["diverged_at"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 0.0}, "learning rate 0.0"),
        ({"batch": 0}, "batch=0"),
        ({"checks": 0}, "checks=0"),
        ({"steps": 0, "epochs": 0}, "train nothing"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(SMALL, **change)


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(UserError, match="no clips to train on"):
        fit(network(), clips(0), SMALL, 0)


def test_a_constant_rate_is_constant_whatever_the_warm_up():
    recipe = TrainingRecipe(schedule="constant", lr=0.02, steps=0, epochs=3, batch=2)
    assert [recipe.rate(step, 6) for step in range(9)] == [0.02] * 9
