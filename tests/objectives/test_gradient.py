"""Gradient matching against loops over rows and clips, and what a network does between updates."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from tests.engine.toys import SPEC as TOY
from tests.engine.toys import plugged_in
from tests.tiny import CLASSES, SPEC, real_clips
from vidense.augmentation import Siamese
from vidense.nets import build_network
from vidense.objectives import GradientMatching, Step
from vidense.objectives.gradient import Rounds, gradient_distance
from vidense.objectives.real_batches import RealBatches
from vidense.parameterizations import Dense


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def objective(distance="dc", **options) -> GradientMatching:
    batches = RealBatches(**{"batch_real": 3, "precision": "float32", **options.pop("batches", {})})
    return GradientMatching(batches, distance, **options)


def toy(distance="dc", **options) -> GradientMatching:
    made = objective(distance, batches={"network": "toy_flat"}, **options)
    made.prepare(real_clips(spec=TOY))
    return made


def videos(vpc: int = 2, spec=TOY) -> Dense:
    clips = torch.randn(3 * vpc, *spec.shape, generator=torch.Generator().manual_seed(1))
    return Dense(clips, spec, CLASSES, torch.arange(3).repeat_interleave(vpc))


def slow_distance(found, wanted, kind: str) -> torch.Tensor:
    """Row by row, as the papers write it."""
    total = torch.zeros(())
    for a, b in zip(found, wanted, strict=True):
        if kind == "mse":
            for x, y in zip(a.flatten(), b.flatten(), strict=True):
                total = total + (x - y) ** 2
        elif a.ndim > 1:
            mean = sum(row.norm() for row in a) / len(a)
            for row, other in zip(a, b, strict=True):
                x, y = row.flatten(), other.flatten()
                total = total + 1 - ((x @ y) / (x.norm() * y.norm() + 1e-6) if x.norm() > 0.01 * mean else 0)
    return total


shapes = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4), min_size=1, max_size=3)


@given(shapes, st.integers(0, 99), st.sampled_from(["dc", "mse"]))
def test_distance_equals_the_slow_reference(sizes, seed, kind):
    if kind == "dc" and all(len(size) == 1 for size in sizes):
        sizes = [*sizes, [2, 2]]
    rng = torch.Generator().manual_seed(seed)
    found, wanted = ([torch.randn(size, generator=rng) for size in sizes] for _ in range(2))
    expected = slow_distance(found, wanted, kind)
    assert torch.allclose(gradient_distance(found, wanted, kind), expected, rtol=1e-4, atol=1e-5)


def test_distance_of_a_gradient_to_itself_is_none_and_to_its_opposite_two_a_row():
    rows = [torch.randn(5, 3, 2, generator=torch.Generator().manual_seed(0)), torch.ones(7)]
    assert gradient_distance(rows, rows, "dc").abs() < 1e-4
    assert torch.isclose(gradient_distance(rows, [-g for g in rows], "dc"), torch.tensor(10.0), atol=1e-4)
    assert gradient_distance(rows, rows, "mse") == 0


def test_a_row_without_gradient_has_a_finite_derivative():
    dead = torch.zeros(2, 3, requires_grad=True)
    gradient_distance([dead], [torch.ones(2, 3)], "dc").backward()
    assert dead.grad.isfinite().all()


def test_a_faint_row_pulls_at_nothing():
    found = torch.randn(8, 6, generator=torch.Generator().manual_seed(0))
    found[3] *= 1e-4
    found.requires_grad_()
    gradient_distance([found], [torch.randn(8, 6, generator=torch.Generator().manual_seed(1))], "dc").backward()
    pull = found.grad.norm(dim=1)
    assert pull[3] == 0 and (pull[[0, 1, 2, 4, 5, 6, 7]] > 0).all()


def slow_losses(synthetic, real, step: Step, kind: str, network_name: str) -> torch.Tensor:
    """Every clip's gradient apart, averaged, then compared; differentiated through everything by autograd."""
    network = build_network(network_name, synthetic.spec, 3, seed=step.draw.derive("network")).eval()
    weights = list(network.parameters())

    def mean_gradient(clips, label, *, create_graph):
        each = [
            torch.autograd.grad(
                functional.cross_entropy(network(clip[None]), torch.tensor([label])), weights, create_graph=create_graph
            )
            for clip in clips
        ]
        return [sum(parts) / len(each) for parts in zip(*each, strict=True)]

    total = torch.zeros(())
    for label in range(3):
        members = real.members(label)
        order = torch.randperm(len(members), generator=step.draw.generator("real", CLASSES[label]))[:3]
        wanted = mean_gradient(real.decode(members[order]), label, create_graph=False)
        own = [i for i in range(len(synthetic)) if synthetic.labels[i] == label]
        found = mean_gradient(synthetic.frames[own], label, create_graph=True)
        total = total + gradient_distance(found, wanted, kind)
    return total


@pytest.mark.parametrize("kind", ["dc", "mse"])
@pytest.mark.parametrize(("spec", "network"), [(TOY, "toy_flat"), (SPEC, "minic3d")])
def test_losses_and_gradient_equal_the_slow_reference(kind, spec, network):
    real, synthetic, step = real_clips(spec=spec), videos(2 if spec is TOY else 1, spec), Step(3, 10, 0)
    made = objective(kind, batches={"network": network})
    made.prepare(real)
    value = 0.0
    for loss in made.losses(synthetic, real, step):
        value += loss.item()
        loss.backward()
    expected = slow_losses(synthetic, real, step, kind, network)
    (gradient,) = torch.autograd.grad(expected, synthetic.frames)
    assert value == pytest.approx(expected.item(), rel=1e-3)
    assert torch.allclose(synthetic.frames.grad, gradient, rtol=1e-2, atol=1e-3 * float(gradient.abs().max()))


def test_watched_frames_see_each_gradient_once():
    synthetic, made = videos(), toy()
    synthetic.watch_frames(True)
    for loss in made.losses(synthetic, real_clips(spec=TOY), Step(0, 4, 0)):
        loss.backward()
    assert torch.allclose(synthetic.frame_gradient, synthetic.frames.grad)


def test_no_gradient_is_left_at_the_networks_weights():
    made = toy()
    for loss in made.losses(videos(), real_clips(spec=TOY), Step(0, 4, 0)):
        loss.backward()
    assert all(weight.grad is None for weight in made._network.parameters())


def weights_after(made: GradientMatching, synthetic: Dense, steps: range) -> list[torch.Tensor]:
    """Return the network's first weights as each iteration saw them."""
    seen = []
    for index in steps:
        list(made.losses(synthetic, real_clips(spec=TOY), Step(index, 8, 0)))
        seen.append(made._network.body.weight.detach().clone())
        made.after_update(synthetic, Step(index, 8, 0))
    return seen


def test_a_network_serves_its_rounds_and_learns_in_between():
    seen = weights_after(toy(rounds=Rounds(outer_loop=3, inner_loop=2)), videos(), range(6))
    fresh = [build_network("toy_flat", TOY, 3, seed=Step(i, 8, 0).draw.derive("network")).body.weight for i in (0, 3)]
    assert torch.equal(seen[0], fresh[0]) and torch.equal(seen[3], fresh[1])
    for index in (1, 2, 4, 5):
        moved = (seen[index] - seen[index - 1]).abs().max()
        assert 0 < moved < 0.1


def test_the_inner_loop_is_plain_gradient_descent_on_the_synthetic_clips():
    made, synthetic = toy(rounds=Rounds(outer_loop=2, inner_loop=3)), videos()
    seen = weights_after(made, synthetic, range(2))
    network = build_network("toy_flat", TOY, 3, seed=Step(0, 8, 0).draw.derive("network")).train()
    for _ in range(3):
        network.zero_grad()
        functional.cross_entropy(network(synthetic.frames.detach()), synthetic.labels).backward()
        with torch.no_grad():
            for weight in network.parameters():
                weight -= 0.01 * weight.grad
    assert torch.allclose(seen[1], network.body.weight, atol=1e-6)


def test_a_network_that_serves_on_survives_an_interruption():
    synthetic, real = videos(), real_clips(spec=TOY)
    straight, broken = (toy(rounds=Rounds(outer_loop=4)) for _ in range(2))
    weights_after(straight, synthetic, range(2))
    weights_after(broken, synthetic, range(2))
    again = toy(rounds=Rounds(outer_loop=4))
    again.load_state_dict(broken.state_dict())
    expected, found = ([v.item() for v in o.losses(synthetic, real, Step(2, 8, 0))] for o in (straight, again))
    assert found == expected


def test_siamese_clips_are_transformed_alike_on_both_sides():
    real = real_clips(spec=TOY)
    synthetic = Dense(real.decode(torch.arange(12)), TOY, CLASSES, real.labels)
    everything = {"batch_real": 4, "network": "toy_flat"}
    plain, siamese = (objective("mse", augment=augment, batches=everything) for augment in (False, True))
    for made in (plain, siamese):
        made.prepare(real)
        # Equal clips, however they are transformed, have equal gradients.
        assert sum(loss.item() for loss in made.losses(synthetic, real, Step(0, 4, 0))) < 1e-6


def test_siamese_matching_equals_matching_of_clips_transformed_beforehand():
    real, synthetic, step = real_clips(spec=TOY), videos(), Step(5, 8, 0)
    made = toy("dc", augment=True)
    found = [loss.item() for loss in made.losses(synthetic, real, step)]
    network = build_network("toy_flat", TOY, 3, seed=step.draw.derive("network")).eval()

    def gradient(clips, label):
        loss = functional.cross_entropy(network(clips), torch.full((len(clips),), label))
        return torch.autograd.grad(loss, list(network.parameters()))

    for label, name in enumerate(CLASSES):
        siamese = Siamese(step.draw.generator("augmentation", name))
        drawn = RealBatches(batch_real=3).draw(real, label, step)
        wanted = gradient(siamese(real.decode(drawn[0])), label)
        made_of = gradient(siamese(synthetic.frames.detach()[synthetic.labels == label]), label)
        assert found[label] == pytest.approx(float(gradient_distance(made_of, wanted, "dc")), rel=1e-3)
