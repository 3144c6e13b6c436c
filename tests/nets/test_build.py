"""Building networks by name: seeds, options, shapes, placement."""

import pytest
import torch

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets import NETWORKS, Network, build_network
from vidense.seeding import generator

SPEC = ClipSpec(8, 64, 64)
LIGHT = {"cnn_lstm": {"lstm_hidden": 64}}


def build(name: str, seed: int = 0) -> Network:
    return build_network(name, SPEC, 4, seed=seed, **LIGHT.get(name, {}))


def test_the_five_published_networks_are_registered():
    assert {"minic3d", "minic3d_bn", "cnn_gru", "cnn_rnn", "cnn_lstm"} <= set(NETWORKS)


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    first = build("minic3d", seed=5)
    torch.manual_seed(2)
    second, other = build("minic3d", seed=5), build("minic3d", seed=6)
    for a, b, c in zip(first.parameters(), second.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)


def test_building_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    build("minic3d")
    assert torch.equal(torch.get_rng_state(), before)


def test_convolutions_start_as_pytorch_starts_them():
    layer = build("minic3d").convolutions[1]
    with torch.random.fork_rng():
        reference = torch.nn.Conv3d(64, 128, (3, 7, 7))
    bound = reference.weight.detach().abs().max().item()
    for name, ours in layer.named_parameters():
        theirs = reference.get_parameter(name)
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        assert bound * 0.9 < ours.detach().abs().max() < bound * (1 + 1e-5)
    assert layer.weight.detach().std() == pytest.approx(reference.weight.detach().std().item(), rel=0.01)
    assert layer.weight.detach().mean().abs() < bound / 100


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("minic3", {}, ["unknown network 'minic3'", "did you mean 'minic3d'"]),
        ("minic3d", {"dropuot": 0.1}, ["no option 'dropuot'", "did you mean 'dropout'"]),
        ("minic3d", {"dropout": "half"}, ["dropout='half'", "float"]),
        ("minic3d", {"dropout": True}, ["dropout=True", "float"]),
        ("cnn_gru", {"lstm_hidden": 8}, ["no option 'lstm_hidden'", "none is known"]),
        ("cnn_lstm", {"lstm_hidden": 1024.0}, ["lstm_hidden=1024.0", "int"]),
    ],
)
def test_unknown_names_and_bad_options_are_explained(name, options, words):
    with pytest.raises(UserError) as caught:
        build_network(name, SPEC, 4, seed=0, **options)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("name", ["minic3d", "cnn_gru"])
def test_needs_at_least_one_class(name):
    with pytest.raises(UserError, match="classes=0"):
        build_network(name, SPEC, 0, seed=0)


@pytest.mark.parametrize(
    "name", ["minic3d", "minic3d_bn", "cnn_gru", "cnn_rnn", "cnn_lstm", "r3d_18", "video_transformer"]
)
class TestEveryNetwork:
    def test_embeds_to_the_size_it_says(self, name):
        network = build(name).eval()
        clips = torch.randn(2, *SPEC.shape, generator=generator(0, "clips"))
        assert network.embed(clips).shape == (2, network.embed_size)
        assert network(clips).shape == (2, 4)

    def test_starts_in_training_mode_on_the_cpu_in_float32(self, name):
        network = build(name)
        assert network.training
        assert {(p.device.type, p.dtype) for p in network.parameters()} == {("cpu", torch.float32)}

    def test_refuses_clips_of_another_shape(self, name):
        with pytest.raises(UserError, match=r"\[1, 8, 3, 64, 48\].*\[n, 8, 3, 64, 64\]"):
            build(name)(torch.zeros(1, 8, 3, 64, 48))

    def test_gives_the_same_features_in_its_own_memory_format(self, name):
        network = build(name).eval()
        clips = torch.randn(2, *SPEC.shape, generator=generator(0, "clips"))
        plain = network.to(memory_format=torch.contiguous_format).embed(clips)
        placed = network.place(torch.device("cpu")).embed(clips)
        torch.testing.assert_close(placed, plain, rtol=1e-4, atol=1e-5)

    def test_runs_in_bfloat16(self, name):
        network = build(name).eval()
        clips = torch.randn(2, *SPEC.shape, generator=generator(0, "clips"))
        exact = network.embed(clips)
        rough = network.place(torch.device("cpu"), torch.bfloat16).embed(clips.bfloat16())
        assert rough.dtype == torch.bfloat16
        assert (rough.float() - exact).norm() < 5e-2 * exact.norm()

    def test_gradient_reaches_every_frame_and_parameter(self, name):
        network = build(name)
        clips = torch.randn(2, *SPEC.shape, generator=generator(0, "clips")).requires_grad_()
        network(clips).square().sum().backward()
        assert (clips.grad.flatten(2).abs().sum(2) > 0).all()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["minic3d", "cnn_gru"])
def test_gives_the_same_features_on_the_gpu(name):
    clips = torch.randn(2, *SPEC.shape, generator=generator(0, "clips"))
    network = build(name).eval()
    expected = network.embed(clips)
    found = network.place(torch.device("cuda")).embed(clips.cuda()).cpu()
    assert (found - expected).norm() < 1e-2 * expected.norm()
