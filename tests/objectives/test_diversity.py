"""How alike segments embed, pair by pair; and that matching stays what it is."""

from itertools import combinations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import SPEC as TOY
from tests.engine.toys import plugged_in
from tests.tiny import CLASSES, real_clips
from vidense.nets import build_network
from vidense.objectives import DistributionMatching, DiverseMatching, Step
from vidense.objectives.diversity import mean_pairwise_cosine
from vidense.objectives.real_batches import RealBatches
from vidense.parameterizations import Dense, FeaturePool

BATCHES = RealBatches(batch_real=3, precision="float32", network="toy_flat")
SEGMENTS = 3


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def pools(labels: torch.Tensor) -> FeaturePool:
    pictures = torch.randn(len(labels), 2, *TOY.shape[1:], generator=torch.Generator().manual_seed(0))
    return FeaturePool.from_pictures(pictures, SEGMENTS, 2, TOY, CLASSES, labels)


def slow_alikeness(synthetic: FeaturePool, step: Step) -> torch.Tensor:
    """Sum over classes of the mean over videos of the mean over pairs, one segment at a time."""
    network = build_network("toy_flat", TOY, 3, seed=step.draw.derive("network"))
    total = torch.zeros(())
    for label in range(3):
        own = [i for i in range(len(synthetic)) if synthetic.labels[i] == label]
        for video in own:
            segments = synthetic.segments(torch.tensor([video]))[0]
            vectors = [network.embed(segment[None])[0] for segment in segments]
            cosines = [a @ b / (a.norm() * b.norm()) for a, b in combinations(vectors, 2)]
            total = total + sum(cosines) / len(cosines) / len(own)
    return total


UNEVEN = torch.tensor([0, 0, 0, 1, 2, 2])


@pytest.mark.parametrize("room", [99, 6, 1])
def test_the_losses_are_those_of_matching_and_the_weighted_cosines(monkeypatch, room):
    monkeypatch.setattr("vidense.objectives.real_batches.CHUNK", {"cpu": room})
    real, step, synthetic = real_clips(spec=TOY), Step(2, 9, 0), pools(UNEVEN)
    matched = list(DistributionMatching(BATCHES).losses(synthetic, real, step))
    losses = list(DiverseMatching(BATCHES, 0.7).losses(synthetic, real, step))
    assert [loss.item() for loss in losses[: len(matched)]] == [loss.item() for loss in matched]
    assert len(losses) - len(matched) == {99: 1, 6: 3, 1: 6}[room]
    expected = 0.7 * slow_alikeness(synthetic, step)
    found = sum(losses[len(matched) :])
    assert torch.allclose(found, expected, rtol=1e-4)
    tensors = [synthetic.pool, synthetic.selector_weight, synthetic.selector_bias]
    gradients = (torch.autograd.grad(value, tensors) for value in (found, expected))
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-6)


def test_without_weight_nothing_is_added_and_judging_never_looks_at_segments():
    real, step, synthetic = real_clips(spec=TOY), Step(0, 9, 0), pools(UNEVEN)
    plain, weightless, diverse = (
        DistributionMatching(BATCHES),
        DiverseMatching(BATCHES, 0.0),
        DiverseMatching(BATCHES, 9),
    )
    values = [[loss.item() for loss in made.losses(synthetic, real, step)] for made in (plain, weightless)]
    assert values[0] == values[1]
    assert plain.held_out_loss(synthetic, real, 0) == diverse.held_out_loss(synthetic, real, 0)
    assert diverse.class_independent


def test_segments_move_apart():
    real, synthetic = real_clips(spec=TOY), pools(torch.arange(3))
    made, before = DiverseMatching(BATCHES, 1.0), slow_alikeness(synthetic, Step(0, 9, 0)).item()
    moving = torch.optim.SGD([synthetic.selector_weight], 1.0)
    for _ in range(5):
        moving.zero_grad()
        *_, alike = made.losses(synthetic, real, Step(0, 9, 0))
        alike.backward()
        moving.step()
    assert slow_alikeness(synthetic, Step(0, 9, 0)).item() < before


def test_other_videos_have_no_segments():
    dense = Dense(torch.zeros(3, *TOY.shape), TOY, CLASSES, torch.arange(3))
    with pytest.raises(TypeError, match="not of Dense"):
        next(DiverseMatching(BATCHES, 0.1).losses(dense, real_clips(spec=TOY), Step(0, 1, 0)))


@given(st.integers(2, 5), st.integers(1, 4), st.integers(0, 99))
def test_cosines_are_means_over_pairs(count, rows, seed):
    vectors = torch.randn(rows, count, 6, generator=torch.Generator().manual_seed(seed))
    found = mean_pairwise_cosine(vectors)
    for row, value in zip(vectors, found, strict=True):
        each = [torch.cosine_similarity(a, b, dim=0) for a, b in combinations(row, 2)]
        assert torch.isclose(value, sum(each) / len(each), atol=1e-5)
    assert torch.allclose(mean_pairwise_cosine(3 * vectors), found, atol=1e-5)


def test_equal_segments_have_cosine_one_and_orthogonal_ones_none():
    assert torch.allclose(mean_pairwise_cosine(torch.ones(2, 3, 5)), torch.ones(2))
    assert torch.allclose(mean_pairwise_cosine(torch.eye(4)[None]), torch.zeros(1))
    # A network that answers nothing at all leaves a number.
    assert mean_pairwise_cosine(torch.zeros(1, 3, 5)) == 0
