"""Differentiating through a training without holding it, against autograd holding all of it."""

from math import prod

import pytest
import torch
from torch.func import functional_call
from torch.nn import functional

from tests.engine.toys import SPEC as TOY
from tests.engine.toys import plugged_in
from tests.tiny import SPEC
from vidense.nets import build_network
from vidense.objectives.unroll import InnerStep, unroll
from vidense.seeding import seeded


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def weights(network, seed: int) -> dict[str, torch.Tensor]:
    made = build_network(network, SPEC if network == "minic3d" else TOY, 3, seed=seed)
    return {name: value.detach() for name, value in made.named_parameters()}


def naive(network, start, loss_of, sources, steps, step_size):
    """The whole graph of all steps at once: what the reference code does."""
    leaves, size = [source.clone().requires_grad_() for source in sources], torch.tensor(step_size, requires_grad=True)
    now = {name: value.clone().requires_grad_() for name, value in start.items()}
    for step in steps:
        with seeded(step.seed, "dropout", 0):
            scores = functional_call(network, now, (leaves[step.source][step.rows],))
        loss = functional.cross_entropy(scores, step.labels)
        gradient = torch.autograd.grad(loss, list(now.values()), create_graph=True)
        now = {name: value - size * g for (name, value), g in zip(now.items(), gradient, strict=True)}
    loss = loss_of(now)
    *by_clips, by_size = torch.autograd.grad(loss, [*leaves, size])
    return loss, by_clips, by_size


def setting(network: str, count: int, lengths: list[list[int]]):
    spec = SPEC if network == "minic3d" else TOY
    rng = torch.Generator().manual_seed(0)
    clips = torch.randn(count, *spec.shape, generator=rng)
    labels = torch.arange(count) % 3
    steps = [InnerStep(0, torch.tensor(rows), labels[rows], seed) for seed, rows in enumerate(lengths)]
    start, target = weights(network, 0), weights(network, 1)

    def loss_of(reached):
        return torch.stack([(reached[name] - target[name]).square().sum() for name in target]).sum()

    return build_network(network, spec, 3, seed=9).train(), start, loss_of, [clips], steps


def close(found, expected, tolerance=1e-4):
    scale = max(float(expected.detach().abs().max()), 1e-12)
    assert torch.allclose(found, expected, atol=tolerance * scale), (found - expected).abs().max() / scale


@pytest.mark.parametrize(
    ("network", "lengths", "size"),
    [
        ("toy_flat", [[0, 1, 2, 3]] * 4, 0.5),
        ("toy_flat", [[0, 1], [2, 3], [3, 0], [1, 2]], 0.2),
        ("toy_flat", [[2]], 1.0),
        # Three steps through dropout, pooling and three convolutions.
        ("minic3d", [[0, 1], [2, 0], [1, 2]], 0.1),
    ],
)
def test_gradients_equal_those_of_the_whole_graph(network, lengths, size):
    given = setting(network, 4, lengths)
    found = unroll(*given, size, chunk=99)
    loss, by_clips, by_size = naive(*given, size)
    close(found.loss, loss)
    close(found.clips[0], by_clips[0])
    close(found.step_size, by_size)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_few_clips_in_a_graph_change_nothing(chunk):
    given = setting("toy_flat", 6, [[0, 1, 2, 3, 4], [5, 1, 0]])
    whole, parts = (unroll(*given, 0.3, chunk=size) for size in (99, chunk))
    close(parts.loss, whole.loss)
    close(parts.clips[0], whole.clips[0])
    close(parts.step_size, whole.step_size)


def test_every_source_gets_the_gradient_of_its_own_steps():
    network, start, loss_of, (clips,), _ = setting("toy_flat", 4, [[0]])
    sources = [clips[:2], clips[2:], clips[1:]]
    steps = [InnerStep(s, torch.arange(len(sources[s])), torch.arange(len(sources[s])), s) for s in (0, 2, 1)]
    found = unroll(network, start, loss_of, sources, steps, 0.4, chunk=2)
    _, by_clips, _ = naive(network, start, loss_of, sources, steps, 0.4)
    for ours, theirs in zip(found.clips, by_clips, strict=True):
        close(ours, theirs)


def test_a_row_used_twice_in_a_step_counts_twice():
    given = setting("toy_flat", 3, [[1, 1, 0]])
    close(unroll(*given, 0.3, chunk=2).clips[0], naive(*given, 0.3)[1][0])


def test_memory_does_not_grow_with_the_number_of_steps():
    """Count the numbers that autograd keeps for a backward pass: as many for ten steps as for two."""
    kept = {}
    for length in (2, 10):
        alive, most = 0, 0

        class Packed:
            def __init__(self, tensor):
                nonlocal alive, most
                self.tensor, self.size = tensor, prod(tensor.shape)
                alive += self.size
                most = max(most, alive)

            def __del__(self):
                nonlocal alive
                alive -= self.size

        given = setting("toy_flat", 4, [[0, 1, 2, 3]] * length)
        with torch.autograd.graph.saved_tensors_hooks(Packed, lambda packed: packed.tensor):
            unroll(*given, 0.1, chunk=99)
        kept[length] = most
    assert kept[10] <= kept[2] * 1.05
