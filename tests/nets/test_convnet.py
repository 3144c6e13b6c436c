"""ConvNetD4 against a literal spelling, on frames and on clips."""

import pytest
import torch
from torch.nn import functional as F

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets import build_network
from vidense.seeding import generator

FRAME = ClipSpec(1, 64, 64)


def literal(network, frames, axes=(2, 3)):
    """The DC reference's ConvNet, layer by layer, with normalisation over ``axes`` spelt out."""
    weights = dict(network.named_parameters())
    x = frames
    for block in range(4):
        x = F.conv2d(x, weights[f"encoder.{4 * block}.weight"], weights[f"encoder.{4 * block}.bias"], padding=1)
        mean, variance = x.mean(axes, keepdim=True), x.var(axes, unbiased=False, keepdim=True)
        scale, shift = (weights[f"encoder.{4 * block + 1}.{part}"].view(1, -1, 1, 1) for part in ("weight", "bias"))
        x = F.avg_pool2d(((x - mean) / (variance + 1e-5).sqrt() * scale + shift).clamp(min=0), 2)
    return F.linear(x.flatten(1), weights["head.weight"], weights["head.bias"])


def test_single_frames_score_as_the_reference_scores_images():
    network = build_network("convnet", FRAME, 5, seed=0)
    clips = torch.randn(3, *FRAME.shape, generator=generator(0, "test"))
    assert torch.allclose(network(clips), literal(network, clips[:, 0]), atol=1e-4)
    assert network.embed(clips).shape == (3, 2048) == (3, network.embed_size)
    # 3x3 convolutions from 3 and from 128 channels, normalisations, the head.
    assert sum(p.numel() for p in network.parameters()) == 3584 + 3 * 147_584 + 4 * 256 + 2049 * 5 - 5 + 5


def test_batch_normalisation_goes_over_all_frames_and_adds_no_parameter():
    network, plain = (build_network(name, FRAME, 5, seed=0) for name in ("convnet_bn", "convnet"))
    clips = torch.randn(3, *FRAME.shape, generator=generator(0, "test"))
    assert torch.allclose(network(clips), literal(network, clips[:, 0], axes=(0, 2, 3)), atol=1e-4)
    assert [p.shape for p in network.parameters()] == [p.shape for p in plain.parameters()]
    # In evaluation mode a clip's scores no longer depend on its neighbours.
    network.eval()
    assert torch.allclose(network(clips)[:1], network(clips[:1]), atol=1e-5)


def test_112_pixels_embed_to_6272_numbers():
    assert build_network("convnet", ClipSpec(1, 112, 112), 5, seed=0).embed_size == 6272


def test_the_order_of_frames_does_not_matter_and_repetition_neither():
    spec = ClipSpec(4, 32, 48)
    network = build_network("convnet", spec, 2, seed=0)
    clips = torch.randn(2, *spec.shape, generator=generator(0, "test"))
    assert torch.allclose(network(clips), network(clips.flip(1)), atol=1e-5)
    single = build_network("convnet", ClipSpec(1, 32, 48), 2, seed=0)
    assert torch.allclose(network(clips[:, :1].expand(-1, 4, -1, -1, -1)), single(clips[:, :1]), atol=1e-5)


def test_wrong_sizes_and_depths_are_refused():
    with pytest.raises(UserError, match="height=15 does not fit convnet, which needs at least 16"):
        build_network("convnet", ClipSpec(1, 15, 64), 2, seed=0)
    with pytest.raises(UserError, match="depth=0"):
        build_network("convnet", FRAME, 2, seed=0, depth=0)
