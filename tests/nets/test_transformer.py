"""The video transformer: sizes, and that what it sees depends on where and when."""

import pytest
import torch

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets import build_network

SPEC = ClipSpec(4, 32, 48)


@pytest.mark.parametrize(("spec", "tokens"), [(ClipSpec(8, 64, 64), 64), (ClipSpec(16, 112, 112), 392)])
def test_parameters_are_as_many_as_the_page_says(spec, tokens):
    network = build_network("video_transformer", spec, 6, seed=0)
    assert sum(p.numel() for p in network.parameters()) == 990_080 + 128 * (tokens + 6) + 6


def test_tokens_are_tubes_row_by_row_in_time():
    network = build_network("video_transformer", SPEC, 3, seed=0)
    clip = torch.randn(1, *SPEC.shape)
    tokens = network.tubes(clip.transpose(1, 2)).flatten(2).transpose(1, 2)[0]
    # Token 8 of 2 x 2 x 3: second pair of frames, first row, third column.
    tube = clip[0, 2:4, :, 0:16, 32:48].transpose(0, 1)
    slow = (network.tubes.weight * tube).sum((1, 2, 3, 4)) + network.tubes.bias
    torch.testing.assert_close(tokens[8], slow, rtol=1e-4, atol=1e-5)


def test_the_order_of_frames_matters():
    network = build_network("video_transformer", SPEC, 3, seed=0).eval()
    clip = torch.randn(1, *SPEC.shape)
    assert not torch.allclose(network(clip), network(clip.flip(1)), atol=1e-4)


@pytest.mark.parametrize("spec", [ClipSpec(5, 32, 32), ClipSpec(4, 40, 32), ClipSpec(4, 32, 43)])
def test_other_sizes_are_refused(spec):
    with pytest.raises(UserError, match="takes multiples of"):
        build_network("video_transformer", spec, 3, seed=0)
