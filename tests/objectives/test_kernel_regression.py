"""Kernel regression against plain formulas over single clips, and what it hands on chunk by chunk."""

from copy import deepcopy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import SPEC as TOY
from tests.engine.toys import Paired, plugged_in
from tests.tiny import CLASSES, SPEC, real_clips
from vidense.errors import UserError
from vidense.nets import build_network
from vidense.objectives import KernelRegression, Step
from vidense.objectives.kernel_regression import centred, initial_labels, label_margin, predicted
from vidense.objectives.network_pool import Turns
from vidense.objectives.real_batches import RealBatches
from vidense.parameterizations import Dense
from vidense.seeding import derive


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def objective(real, network="toy_flat", turns: Turns | None = None, **batches) -> KernelRegression:
    made = KernelRegression(
        RealBatches(**{"batch_real": 3, "precision": "float32", "network": network, **batches}), turns or Turns(pool=1)
    )
    made.prepare(real)
    return made


def videos(vpc: int = 2, spec=TOY, learned: bool = True) -> Dense:
    rng = torch.Generator().manual_seed(1)
    labels = torch.arange(3).repeat_interleave(vpc)
    clips = torch.randn(len(labels), *spec.shape, generator=rng)
    soft = initial_labels(labels, 3) + 0.1 * torch.randn(len(labels), 3, generator=rng) if learned else None
    return Dense(clips, spec, CLASSES, labels, soft)


def slow_loss(synthetic, real, step: Step, network_name: str) -> torch.Tensor:
    """The whole loss from single clips, an explicit inverse and sums written out; autograd through everything."""
    network = build_network(network_name, synthetic.spec, 3, seed=derive(step.seed, "pool", 0, 0)).eval()

    def feature(clip):
        return network.embed(clip[None])[0].double()

    made = torch.stack([feature(synthetic.frames[i]) for i in range(len(synthetic))])
    count = len(made)
    kernel = torch.stack([torch.stack([a @ b for b in made]) for a in made])
    ridge = 1e-6 * sum(kernel[i, i] for i in range(count)) / count
    inverse = torch.linalg.inv(kernel + ridge * torch.eye(count, dtype=torch.float64))
    errors = []
    for label, name in enumerate(CLASSES):
        members = real.members(label)
        for i in torch.randperm(len(members), generator=step.draw.generator("real", name))[:3].tolist():
            seen = feature(real.decode(members[i : i + 1])[0]).detach()
            found = torch.stack([seen @ b for b in made]) @ inverse @ synthetic.soft_labels.double()
            wanted = torch.tensor([2 / 3 if c == label else -1 / 3 for c in range(3)])
            errors.append(sum((f - w) ** 2 for f, w in zip(found, wanted, strict=True)))
    margins = []
    for row in synthetic.soft_labels:
        largest, second, _ = row.sort(descending=True).values
        margins.append(torch.minimum(largest - second, torch.tensor(1 / 3)))
    return sum(errors) / len(errors) - sum(margins) / len(margins)


def descended(made, synthetic, real, step) -> float:
    total = 0.0
    for loss in made.losses(synthetic, real, step):
        total += loss.item()
        loss.backward()
    return total


@pytest.mark.parametrize(("spec", "network"), [(TOY, "toy_flat"), (SPEC, "minic3d")])
def test_loss_and_both_gradients_equal_the_slow_reference(spec, network):
    real, synthetic, step = real_clips(spec=spec), videos(2 if spec is TOY else 1, spec), Step(3, 10, 0)
    expected = slow_loss(synthetic, real, step, network)
    gradients = torch.autograd.grad(expected, [synthetic.frames, synthetic.soft_labels])
    assert descended(objective(real, network), synthetic, real, step) == pytest.approx(expected.item(), rel=1e-4)
    for tensor, wanted in zip((synthetic.frames, synthetic.soft_labels), gradients, strict=True):
        assert torch.allclose(tensor.grad, wanted, rtol=1e-2, atol=1e-3 * float(wanted.abs().max()))


def test_chunks_change_neither_loss_nor_gradient(monkeypatch):
    real, step = real_clips(spec=TOY), Step(0, 4, 0)
    found = []
    for room in (99, 6, 4, 1):
        monkeypatch.setattr("vidense.objectives.real_batches.CHUNK", {"cpu": room})
        synthetic = videos()
        parts = list(objective(real).losses(synthetic, real, step))
        assert len(parts) == -(-6 // room) and all(part == 0 for part in parts[1:])
        sum(parts).backward()
        found.append((sum(parts).item(), synthetic.frames.grad, synthetic.soft_labels.grad))
    for loss, frames, labels in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-6)
        assert torch.allclose(frames, found[0][1], rtol=1e-3, atol=1e-6)
        assert torch.allclose(labels, found[0][2], rtol=1e-3, atol=1e-6)


def test_watched_frames_see_each_gradient_once(monkeypatch):
    monkeypatch.setattr("vidense.objectives.real_batches.CHUNK", {"cpu": 4})
    real, synthetic = real_clips(spec=TOY), videos()
    synthetic.watch_frames(True)
    descended(objective(real), synthetic, real, Step(0, 4, 0))
    assert torch.equal(synthetic.frame_gradient, synthetic.frames.grad)


def test_all_chunks_of_a_drawn_clip_see_the_same_clip(monkeypatch):
    real, step, rng = real_clips(spec=TOY), Step(2, 4, 0), torch.Generator().manual_seed(0)
    still, motions = torch.randn(6, *TOY.shape[1:], generator=rng), torch.randn(3, *TOY.shape, generator=rng)
    found = []
    for room in (99, 2):
        monkeypatch.setattr("vidense.objectives.real_batches.CHUNK", {"cpu": room})
        paired = Paired(still, motions, TOY, CLASSES, torch.arange(3).repeat_interleave(2))
        descended(objective(real), paired, real, step)
        found.append(paired.motions.grad)
    assert torch.allclose(*found, rtol=1e-3, atol=1e-6)


def test_labels_that_are_not_learned_are_those_that_learning_starts_from():
    real, fixed, learned = real_clips(spec=TOY), videos(learned=False), videos()
    with torch.no_grad():
        learned.soft_labels.copy_(initial_labels(learned.labels, 3))
    values = [descended(objective(real), made, real, Step(1, 4, 0)) for made in (fixed, learned)]
    assert values[0] == values[1] and torch.equal(fixed.frames.grad, learned.frames.grad)


@given(st.integers(2, 40), st.integers(1, 6))
def test_labels_are_centred_and_scaled(classes, count):
    labels = torch.arange(count) % classes
    rows = centred(labels, classes)
    assert torch.allclose(rows.sum(1), torch.zeros(count), atol=1e-5)
    assert torch.allclose(rows.amax(1), torch.full((count,), 1 - 1 / classes))
    assert rows.argmax(1).tolist() == labels.tolist()
    assert torch.allclose(initial_labels(labels, classes) * (classes / 10) ** 0.5, rows, atol=1e-6)


@given(st.integers(0, 99), st.integers(1, 6))
def test_regression_meets_the_labels_of_its_own_features(seed, count):
    rng = torch.Generator().manual_seed(seed)
    features, labels = torch.randn(count, 40, generator=rng), torch.randn(count, 3, generator=rng)
    assert torch.allclose(predicted(features, labels, features).float(), labels, atol=1e-3)
    # Linear in the labels, and blind to a common scale of the features.
    twice = predicted(3 * features, 2 * labels, 3 * features[:1])
    assert torch.allclose(twice, 2 * predicted(features, labels, features[:1]), atol=1e-6)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_hopeless_features_give_no_number_and_no_crash(value):
    features = torch.full((3, 4), value)
    assert not predicted(features, torch.eye(3), torch.ones(2, 4)).isfinite().any()


@given(st.integers(2, 6), st.integers(1, 5), st.integers(0, 99))
def test_margins_are_capped(classes, count, seed):
    labels = torch.randn(count, classes, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    margins = [min(float(row.sort().values[-1] - row.sort().values[-2]), 1 / classes) for row in labels.detach()]
    found = label_margin(labels)
    assert found.item() == pytest.approx(-sum(margins) / count, abs=1e-6)
    found.backward()
    capped = [margin >= 1 / classes for margin in margins]
    assert [bool(row.eq(0).all()) for row in labels.grad] == capped


def test_the_network_learns_from_the_updated_videos_and_labels():
    real, synthetic, step = real_clips(spec=TOY), videos(), Step(0, 4, 0)
    made = objective(real)
    descended(made, synthetic, real, step)
    with torch.no_grad():
        synthetic.frames.add_(1)
        synthetic.soft_labels.mul_(2)
    made.after_update(synthetic, step)
    network = build_network("toy_flat", TOY, 3, seed=derive(0, "pool", 0, 0)).train()
    adam = torch.optim.Adam(network.parameters(), 1e-4)
    torch.nn.MSELoss()(network(synthetic.frames.detach()), synthetic.soft_labels.detach()).backward()
    adam.step()
    for found, expected in zip(made._pool.pick(step, real.device).parameters(), network.parameters(), strict=True):
        assert torch.allclose(found, expected, atol=1e-6)


def test_judging_draws_networks_of_its_own_and_leaves_the_pool_alone():
    real, synthetic, made = real_clips(spec=TOY), videos(), objective(real_clips(spec=TOY))
    before = deepcopy(made.state_dict())
    first = made.held_out_loss(synthetic, real, 0)
    assert first == made.held_out_loss(synthetic, real, 0) and made.state_dict() == before


def test_one_class_cannot_be_told_apart():
    with pytest.raises(UserError, match="these clips have 1"):
        objective(real_clips(classes=1, spec=TOY))


def test_a_loss_before_preparation_is_a_mistake_of_the_program():
    with pytest.raises(RuntimeError, match="prepare"):
        next(KernelRegression(RealBatches(), Turns()).losses(videos(), real_clips(spec=TOY), Step(0, 1, 0)))
