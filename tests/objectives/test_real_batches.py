"""Real clips of several classes through a network at once, as a GPU has them, against class by class."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import CLASSES, SPEC, real_clips
from vidense.nets import build_network
from vidense.objectives import DistributionMatching, KernelRegression, Step
from vidense.objectives.network_pool import Turns
from vidense.objectives.real_batches import JOINED, RealBatches, packed, real_embeddings
from vidense.parameterizations import Dense


@given(sizes=st.lists(st.integers(0, 9), min_size=1), room=st.integers(0, 12))
def test_neighbours_are_packed_until_there_is_no_room(sizes, room):
    parts = list(packed(sizes, room))
    assert [position for part in parts for position in part] == list(range(len(sizes)))
    assert all(len(part) == 1 or sum(sizes[p] for p in part) <= room for part in parts)
    assert all(sum(sizes[p] for p in part) + sizes[following[0]] > room for part, following in pairwise(parts))


@pytest.mark.parametrize(("room", "launches"), [(0, 3), (5, 2), (99, 1)])
def test_draws_are_embedded_together_as_apart(monkeypatch, room, launches):
    real, network = real_clips(windows=3), build_network("minic3d", SPEC, 3, seed=0).eval()
    draws = [(torch.tensor([0, 3]), 0), (torch.tensor([5, 4, 6]), torch.tensor([2, 0, 1])), (torch.tensor([9]), 1)]
    seen, embed = [], network.embed
    monkeypatch.setattr(network, "embed", lambda clips: seen.append(len(clips)) or embed(clips))
    monkeypatch.setitem(JOINED, "cpu", room)
    found = real_embeddings(network, real, draws)
    assert len(seen) == launches and sum(seen) == 6
    for (videos, windows), together in zip(draws, found, strict=True):
        assert torch.allclose(together, embed(real.decode(videos, window=windows)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [DistributionMatching, KernelRegression])
def test_losses_and_gradients_are_those_of_class_by_class(monkeypatch, kind):
    real, step, batches = real_clips(), Step(3, 10, 0), RealBatches(batch_real=3, precision="float32")
    clips = torch.randn(3, *SPEC.shape, generator=torch.Generator().manual_seed(1))
    found = []
    for room in (0, 99):
        monkeypatch.setitem(JOINED, "cpu", room)
        synthetic = Dense(clips, SPEC, CLASSES, torch.arange(3))
        made = kind(batches) if kind is DistributionMatching else kind(batches, Turns(pool=1))
        made.prepare(real)
        loss = sum(made.losses(synthetic, real, step))
        (gradient,) = torch.autograd.grad(loss, synthetic.frames)
        found.append((loss.item(), gradient, made.held_out_loss(synthetic, real, 0)))
    (apart, slope, judged), (together, same_slope, same_judged) = found
    assert together == pytest.approx(apart, rel=1e-4) and same_judged == pytest.approx(judged, rel=1e-4)
    assert torch.allclose(same_slope, slope, rtol=1e-3, atol=1e-4 * float(slope.abs().max()))
