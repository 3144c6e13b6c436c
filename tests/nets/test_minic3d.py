"""miniC3D against the published figures and against a literal spelling of its layers."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets import build_network
from vidense.nets.minic3d import MiniC3D
from vidense.seeding import generator

LARGE, SMALL = ClipSpec(16, 112, 112), ClipSpec(8, 64, 64)


def clips(spec: ClipSpec, count: int = 2, seed: int = 0) -> Tensor:
    return torch.randn(count, *spec.shape, generator=generator(seed, "test-clips"))


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def literal(network: MiniC3D, clips: Tensor) -> tuple[Tensor, Tensor]:
    """The reference's order of layers (convolution, ReLU, pool; average, head, maximum), spelled out; no dropout."""
    x = clips.permute(0, 2, 1, 3, 4)
    for layer, window in zip(network.convolutions, [(1, 2, 2), (2, 2, 2), (2, 2, 2)], strict=True):
        x = F.conv3d(x, layer.weight.contiguous(), layer.bias, stride=(1, 2, 2), padding=(1, 3, 3))
        x = F.max_pool3d(F.relu(x), kernel_size=window, stride=window)
    embedding = x.reshape(len(x), -1)
    x = F.avg_pool3d(x, (2, 2, 2) if clips.shape[-1] > 64 else (2, 1, 1), stride=1)
    x = F.conv3d(x, network.head.weight, network.head.bias)
    return embedding, x.squeeze(3).squeeze(3).max(2)[0]


@pytest.mark.parametrize(
    ("classes", "count"), [(50, 3_647_666), (51, 3_647_795), (101, 3_654_245), (400, 3_692_816), (174, 3_663_662)]
)
def test_has_the_published_number_of_parameters(classes, count):
    with torch.device("meta"):
        network = build_network("minic3d", LARGE, classes, seed=0)
    assert parameters(network) == count == 3_641_216 + 129 * classes


def test_batch_norm_adds_640_parameters():
    with torch.device("meta"):
        assert parameters(build_network("minic3d_bn", LARGE, 50, seed=0)) == 3_647_666 + 640


@pytest.mark.parametrize(("spec", "size", "steps"), [(LARGE, 2048, 3), (SMALL, 256, 1)])
@pytest.mark.parametrize("name", ["minic3d", "minic3d_bn"])
def test_embedding_and_time_steps_have_the_published_sizes(name, spec, size, steps):
    network = build_network(name, spec, 7, seed=0).eval()
    features = network.features(clips(spec))
    assert features.flatten(1).shape == (2, size) and network.embed_size == size
    assert network.step_logits(features).shape == (2, 7, steps)
    assert network.logits(features).shape == (2, 7)


@given(
    frames=st.integers(8, 20),
    height=st.one_of(st.integers(43, 64), st.integers(107, 170)),
    width=st.one_of(st.integers(43, 64), st.integers(107, 170)),
)
def test_every_accepted_size_runs_through(frames, height, width):
    spec = ClipSpec(frames, height, width)
    with torch.device("meta"):
        network = build_network("minic3d", spec, 3, seed=0)
        features = network.features(torch.empty(2, *spec.shape))
    assert features.flatten(1).shape == (2, network.embed_size)
    assert network.step_logits(features).shape == (2, 3, frames // 4 - 1)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (ClipSpec(7, 64, 64), ["frames=7", "at least 8", "--frames"]),
        (ClipSpec(8, 42, 64), ["height=42", "43 to 64 or 107 to 170", "--size"]),
        (ClipSpec(8, 64, 65), ["width=65", "43 to 64 or 107 to 170", "--size"]),
        (ClipSpec(8, 106, 106), ["height=106", "--size 112"]),
        (ClipSpec(8, 112, 171), ["width=171"]),
    ],
)
def test_refuses_other_sizes_before_anything_runs(spec, words):
    with pytest.raises(UserError) as caught:
        build_network("minic3d", spec, 5, seed=0)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, 1])
def test_refuses_a_dropout_that_is_no_probability_below_one(dropout):
    with pytest.raises(UserError, match=r"dropout=.*\[0, 1\)"):
        build_network("minic3d", SMALL, 5, seed=0, dropout=dropout)


def test_embedding_is_free_of_dropout_but_scores_are_not():
    network = build_network("minic3d", SMALL, 5, seed=0).train()
    batch = clips(SMALL)
    assert torch.equal(network.embed(batch), network.embed(batch))
    assert not torch.equal(network(batch), network(batch))
    network.eval()
    assert torch.equal(network(batch), network(batch))


def test_frames_are_not_channels():
    network = build_network("minic3d", SMALL, 5, seed=0)
    batch = clips(SMALL)
    reversed_in_time = network.embed(batch.flip(1))
    assert not torch.allclose(network.embed(batch), reversed_in_time, atol=1e-4)


def test_no_layer_mixes_clips_without_batch_norm():
    network = build_network("minic3d", SMALL, 5, seed=0)
    batch = clips(SMALL, 3)
    torch.testing.assert_close(network.embed(batch)[1:2], network.embed(batch[1:2]), rtol=1e-5, atol=1e-6)


def test_batch_norm_mixes_clips_in_training_and_not_in_evaluation():
    network = build_network("minic3d_bn", SMALL, 5, seed=0)
    batch = clips(SMALL, 3)
    assert not torch.allclose(network.embed(batch)[1:2], network.embed(batch[1:2]), atol=1e-3)
    network.eval()
    torch.testing.assert_close(network.embed(batch)[1:2], network.embed(batch[1:2]), rtol=1e-5, atol=1e-6)


def test_batch_norm_sits_between_convolution_and_relu():
    network = build_network("minic3d_bn", SMALL, 5, seed=0)
    seen = {}
    network.norms[0].register_forward_hook(lambda _, inputs, output: seen.update(inputs=inputs[0], output=output))
    network.embed(clips(SMALL))
    assert seen["inputs"].shape == (2, 64, 8, 32, 32)
    assert seen["inputs"].min() < 0 and seen["output"].min() < 0
    assert seen["output"].mean().abs() < 1e-4 and abs(seen["output"].std() - 1) < 1e-2


@pytest.mark.parametrize("spec", [SMALL, ClipSpec(9, 43, 107)])
def test_pooling_before_relu_changes_no_bit_of_output_or_gradient(spec):
    network = build_network("minic3d", spec, 5, seed=3).eval()
    ours, theirs = clips(spec).requires_grad_(), clips(spec).requires_grad_()
    embedding, expected = network.embed(ours), literal_embedding(network, theirs)
    assert torch.equal(embedding, expected)
    weights = torch.randn(embedding.shape, generator=generator(1, "weights"))
    (embedding * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.equal(ours.grad, theirs.grad)


def literal_embedding(network: MiniC3D, clips: Tensor) -> Tensor:
    x = clips.transpose(1, 2)
    for layer, window in zip(network.convolutions, [(1, 2, 2), (2, 2, 2), (2, 2, 2)], strict=True):
        x = F.max_pool3d(F.relu(layer(x)), window)
    return x.flatten(1)


def test_weights_are_drawn_in_the_layout_they_are_used_in():
    network = build_network("minic3d", SMALL, 5, seed=0)
    before = [layer.weight.data_ptr() for layer in network.convolutions]
    network.place(torch.device("cpu"))
    assert [layer.weight.data_ptr() for layer in network.convolutions] == before
    assert all(layer.weight.is_contiguous(memory_format=torch.channels_last_3d) for layer in network.convolutions)


def test_training_lowers_the_loss():
    network = build_network("minic3d", SMALL, 2, seed=0, dropout=0.0)
    batch, labels = clips(SMALL, 4), torch.tensor([0, 1, 0, 1])
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)
    losses = []
    for _ in range(6):
        loss = F.cross_entropy(network(batch), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.slow
@pytest.mark.parametrize("spec", [LARGE, SMALL, ClipSpec(8, 112, 112), ClipSpec(8, 56, 56)])
def test_equals_the_literal_reference(spec):
    network = build_network("minic3d", spec, 50, seed=1).eval()
    batch = clips(spec, 3, seed=2)
    embedding, scores = literal(network, batch)
    torch.testing.assert_close(network.embed(batch), embedding, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(network(batch), scores, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_gradient_equals_the_literal_reference():
    network = build_network("minic3d", SMALL, 50, seed=1).eval()
    ours, theirs = clips(SMALL).requires_grad_(), clips(SMALL).requires_grad_()
    literal(network, theirs)[0].square().sum().backward()
    network.embed(ours).square().sum().backward()
    assert (ours.grad - theirs.grad).norm() < 1e-4 * theirs.grad.norm()
