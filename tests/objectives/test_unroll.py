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
from vidense.objectives.unroll import InnerBatch, Unrolled
from vidense.seeding import seeded


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def weights(network, seed: int) -> dict[str, torch.Tensor]:
    made = build_network(network, SPEC if network == "minic3d" else TOY, 3, seed=seed)
    return {name: value.detach() for name, value in made.named_parameters()}


def unroll(network, start, loss_of, clips, batches, step_size, chunk=99):
    """Return the loss of a training on ``clips[rows]``, and its gradients by all clips and by the step size."""
    inner = [InnerBatch(clips[rows], rows % 3, seed) for seed, rows in enumerate(batches)]
    training = Unrolled(network, start, step_size, chunk)
    for batch in inner:
        training.learn(batch)
    loss, by_clips = training.judge(loss_of), torch.zeros_like(clips)
    for rows, batch in reversed(list(zip(batches, inner, strict=True))):
        by_clips.index_add_(0, rows, training.undo(batch))
    return loss, by_clips, training.by_step_size


def naive(network, start, loss_of, clips, batches, step_size):
    """The whole graph of all steps at once: what the reference code does."""
    clips, size = clips.clone().requires_grad_(), torch.tensor(step_size, requires_grad=True)
    now = {name: value.clone().requires_grad_() for name, value in start.items()}
    for seed, rows in enumerate(batches):
        with seeded(seed, "dropout", 0):
            scores = functional_call(network, now, (clips[rows],))
        loss = functional.cross_entropy(scores, rows % 3)
        gradient = torch.autograd.grad(loss, list(now.values()), create_graph=True)
        now = {name: value - size * g for (name, value), g in zip(now.items(), gradient, strict=True)}
    loss = loss_of(now)
    return loss, *torch.autograd.grad(loss, [clips, size])


def setting(network: str, count: int, lengths: list[list[int]]):
    spec = SPEC if network == "minic3d" else TOY
    rng = torch.Generator().manual_seed(0)
    clips = torch.randn(count, *spec.shape, generator=rng)
    start, target = weights(network, 0), weights(network, 1)

    def loss_of(reached):
        return torch.stack([(reached[name] - target[name]).square().sum() for name in target]).sum()

    return build_network(network, spec, 3, seed=9).train(), start, loss_of, clips, [torch.tensor(r) for r in lengths]


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
    for ours, theirs in zip(unroll(*given, size), naive(*given, size), strict=True):
        close(ours, theirs)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_few_clips_in_a_graph_change_nothing(chunk):
    given = setting("toy_flat", 6, [[0, 1, 2, 3, 4], [5, 1, 0]])
    for parts, whole in zip(unroll(*given, 0.3, chunk), unroll(*given, 0.3), strict=True):
        close(parts, whole)


def test_a_row_used_twice_in_a_step_counts_twice():
    given = setting("toy_flat", 3, [[1, 1, 0]])
    close(unroll(*given, 0.3, chunk=2)[1], naive(*given, 0.3)[1])


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
            unroll(*given, 0.1)
        kept[length] = most
    assert kept[10] <= kept[2] * 1.05
