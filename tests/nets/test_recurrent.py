"""The recurrent networks against the published figures and against a literal spelling of CNN+GRU."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets import build_network
from vidense.nets.recurrent import RecurrentNetwork
from vidense.seeding import generator

LARGE, SMALL = ClipSpec(16, 112, 112), ClipSpec(4, 32, 32)
NAMES = ["cnn_gru", "cnn_rnn", "cnn_lstm"]


def clips(spec: ClipSpec, count: int = 2) -> Tensor:
    return torch.randn(count, *spec.shape, generator=generator(0, "test-clips"))


def literal_gru(network: RecurrentNetwork, clips: Tensor) -> Tensor:
    """CNN+GRU of the reference, frame by frame and gate by gate."""
    weights = dict(network.named_parameters())
    state = torch.zeros(len(clips), 1024)
    outputs = []
    for time in range(clips.shape[1]):
        x = clips[:, time, :, 24:-24, 24:-24]
        for block in (0, 4, 8):
            x = F.conv2d(x, weights[f"encoder.{block}.weight"], weights[f"encoder.{block}.bias"], padding=1)
            mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), unbiased=False, keepdim=True)
            scale, shift = weights[f"encoder.{block + 1}.weight"], weights[f"encoder.{block + 1}.bias"]
            x = (x - mean) / (variance + 1e-5).sqrt() * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)
            x = F.avg_pool2d(x.clamp(min=0), 2)
        inner = F.linear(x.flatten(1), weights["recurrent.weight_ih_l0"], weights["recurrent.bias_ih_l0"])
        hidden = F.linear(state, weights["recurrent.weight_hh_l0"], weights["recurrent.bias_hh_l0"])
        (reset_in, update_in, new_in), (reset_h, update_h, new_h) = inner.chunk(3, 1), hidden.chunk(3, 1)
        reset, update = torch.sigmoid(reset_in + reset_h), torch.sigmoid(update_in + update_h)
        state = (1 - update) * torch.tanh(new_in + reset * new_h) + update * state
        outputs.append(state)
    return F.linear(torch.stack(outputs).mean(0), weights["head.weight"], weights["head.bias"])


@pytest.mark.parametrize(
    ("name", "count"), [("cnn_gru", 28_668_466), ("cnn_rnn", 9_790_002), ("cnn_lstm", 537_645_618)]
)
@pytest.mark.parametrize("spec", [LARGE, ClipSpec(8, 64, 64), ClipSpec(4, 64, 200)])
def test_has_the_published_number_of_parameters(name, count, spec):
    with torch.device("meta"):
        network = build_network(name, spec, 50, seed=0)
    assert sum(p.numel() for p in network.parameters()) == count
    assert sum(p.numel() for p in network.encoder.parameters()) == 299_520


@pytest.mark.parametrize(("name", "size"), [("cnn_gru", 1024), ("cnn_rnn", 1024), ("cnn_lstm", 8192)])
def test_published_embedding_size(name, size):
    with torch.device("meta"):
        network = build_network(name, LARGE, 50, seed=0)
        assert network.embed(torch.empty(2, *LARGE.shape)).shape == (2, size) == (2, network.embed_size)


@pytest.mark.parametrize("name", NAMES)
def test_scores_have_one_row_per_clip(name):
    options = {"lstm_hidden": 32} if name == "cnn_lstm" else {}
    network = build_network(name, SMALL, 5, seed=0, **options)
    scores = network(clips(SMALL, 3))
    assert scores.shape == (3, 5) and scores.isfinite().all()
    torch.testing.assert_close(scores, network.logits(network.embed(clips(SMALL, 3))))


def test_the_light_lstm_is_as_wide_as_asked():
    with torch.device("meta"):
        network = build_network("cnn_lstm", LARGE, 50, seed=0, lstm_hidden=1024)
    assert network.embed_size == 1024
    assert sum(p.numel() for p in network.parameters()) == 299_520 + 4 * 1024 * (8192 + 1024 + 2) + 1025 * 50


def test_only_the_central_64_pixels_count():
    spec = ClipSpec(2, 80, 72)
    network = build_network("cnn_rnn", spec, 5, seed=0)
    whole, central = clips(spec), clips(spec)
    border = torch.ones(80, 72, dtype=torch.bool)
    border[8:72, 4:68] = False
    central[..., border] = 7.0
    assert torch.equal(network(whole), network(central))
    central[..., 8, 4] += 1.0
    assert not torch.equal(network(whole), network(central))


def test_order_of_frames_matters():
    network = build_network("cnn_gru", SMALL, 5, seed=0)
    assert not torch.allclose(network.embed(clips(SMALL)), network.embed(clips(SMALL).flip(1)), atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_refuses_frames_too_small_for_three_pools(name):
    with pytest.raises(UserError, match=rf"width=7 does not fit {name}.*at least 8.*--size"):
        build_network(name, ClipSpec(4, 8, 7), 5, seed=0)


def test_refuses_a_width_of_zero():
    with pytest.raises(UserError, match="lstm_hidden=0"):
        build_network("cnn_lstm", SMALL, 5, seed=0, lstm_hidden=0)


@pytest.mark.slow
def test_gru_equals_the_literal_reference():
    spec = ClipSpec(5, 112, 112)
    network = build_network("cnn_gru", spec, 6, seed=1)
    batch = clips(spec)
    torch.testing.assert_close(network(batch), literal_gru(network, batch), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("grad", [False, True])
def test_cudnn_is_left_out_where_it_has_no_derivative(learned, training, grad):
    network, seen = build_network("cnn_gru", SMALL, 3, seed=0).train(training), []
    network.recurrent.register_forward_pre_hook(lambda *_: seen.append(torch.backends.cudnn.enabled))
    with torch.set_grad_enabled(grad):
        network(clips(SMALL).requires_grad_(learned))
    assert seen == [not grad or (training and not learned)]
    assert torch.backends.cudnn.enabled


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["cnn_gru", "cnn_rnn"])
def test_clips_are_learned_on_the_gpu_by_second_derivatives_too(name):
    network = build_network(name, SMALL, 3, seed=0).place(torch.device("cuda")).eval()
    learned = clips(SMALL).cuda().requires_grad_()
    first = torch.autograd.grad(network(learned).sum(), list(network.parameters()), create_graph=True)
    (found,) = torch.autograd.grad(sum(g.square().sum() for g in first), [learned])
    assert found.isfinite().all() and found.abs().sum() > 0
