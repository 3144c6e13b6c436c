"""Pictures and motions joined by one network, pair by pair; and pictures that stand still."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from vidense.data.spec import ClipSpec
from vidense.parameterizations import Memories, Stills
from vidense.parameterizations.memories import hallucinator
from vidense.seeding import Draw

SPEC, NAMES = ClipSpec(5, 4, 6), ("a", "b")


def memories(count: int = 4, each: int = 2) -> Memories:
    rng = torch.Generator().manual_seed(0)
    static = torch.randn(count, each, 3, 4, 6, generator=rng)
    dynamic = torch.randn(count, each, 5, 1, 4, 6, generator=rng)
    return Memories(static, dynamic, hallucinator(7), SPEC, NAMES, torch.arange(count) % 2)


def slow_clip(made: Memories, video: int, picture: int, motion: int) -> torch.Tensor:
    """Join one pair number by number: a 3x3x3 convolution over zero-padded time, height and width."""
    weight, bias = made.hallucinator.weight, made.hallucinator.bias
    volume = torch.zeros(4, 5, 4, 6)
    for t in range(5):
        volume[:3, t] = made.static[video, picture]
        volume[3, t] = made.dynamic[video, motion, t, 0]
    padded = functional.pad(volume, (1,) * 6)
    clip = torch.zeros(5, 3, 4, 6)
    for t in range(5):
        for row in range(4):
            for column in range(6):
                box = padded[:, t : t + 3, row : row + 3, column : column + 3]
                clip[t, :, row, column] = (weight * box).sum((1, 2, 3, 4)) + bias
    return clip


def test_the_hallucinator_has_327_parameters():
    assert sum(p.numel() for p in hallucinator(0).parameters()) == 327


def test_without_a_draw_the_first_picture_and_motion_stand_for_a_video():
    made = memories()
    with torch.no_grad():
        found = made.decode(torch.tensor([2, 0]))
        assert torch.allclose(found[0], slow_clip(made, 2, 0, 0), atol=1e-5)
        assert torch.allclose(found[1], slow_clip(made, 0, 0, 0), atol=1e-5)


@given(st.integers(0, 999))
def test_a_draw_decides_video_by_video_whatever_else_is_decoded(seed):
    made, draw = memories(), Draw(seed)
    with torch.no_grad():
        together = made.decode(torch.arange(4), draw)
        for video in range(4):
            assert torch.allclose(made.decode(torch.tensor([video]), draw)[0], together[video], atol=1e-6)


def test_every_pair_is_drawn():
    made = memories(count=1)
    with torch.no_grad():
        pairs = {(p, m): slow_clip(made, 0, p, m) for p in range(2) for m in range(2)}
        seen = set()
        for seed in range(40):
            clip = made.decode(torch.tensor([0]), Draw(seed))[0]
            seen |= {pair for pair, expected in pairs.items() if torch.allclose(clip, expected, atol=1e-5)}
    assert seen == set(pairs)


def test_one_pair_leaves_nothing_to_draw():
    made = memories(each=1)
    assert not made.stochastic and memories().stochastic
    with torch.no_grad():
        assert torch.equal(made.decode(torch.arange(4), Draw(3)), made.decode(torch.arange(4)))


def test_every_part_gets_a_gradient_and_the_hallucinator_is_shared():
    made = memories(each=1)
    made.decode(torch.arange(4)).square().sum().backward()
    for group in ("static", "dynamic", "hallucinator"):
        assert all(tensor.grad.abs().sum() > 0 for tensor in made.groups()[group])
    assert made.shared


def test_stills_repeat_one_picture():
    pictures = torch.randn(3, 3, 4, 6)
    made = Stills(pictures, SPEC, NAMES, torch.tensor([0, 1, 1]))
    clips = made.decode(torch.tensor([1, 2])).detach()
    assert clips.shape == (2, *SPEC.shape)
    for t in range(5):
        assert torch.equal(clips[:, t], pictures[1:])
    assert made.pictures.spec.frames == 1 and not made.stochastic


def test_a_number_of_memories_nobody_writes_is_refused():
    stored = memories().pack("float32")
    for each in (0, 1.0, True, 10**9):
        lying = type(stored)(stored.tensors, {"each": each})
        with pytest.raises(ValueError, match="memories"):
            Memories.unpack(lying, SPEC, NAMES, torch.arange(4) % 2, None)
