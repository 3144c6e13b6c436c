"""Pictures mixed into segments, fused and sampled, against loops over numbers; and what belongs to whom."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.parameterizations import FeaturePool, Parameterization, Stored
from vidense.seeding import Draw

SPEC, NAMES = ClipSpec(4, 3, 2), ("a", "b")
PICTURES, SEGMENTS, EACH = 2, 3, 3


def pools(count: int = 4, seed: int = 0) -> FeaturePool:
    """Return videos whose every number is random, labels in turn."""
    rng = torch.Generator().manual_seed(seed)
    rows, columns = 3 * EACH, 3 * PICTURES
    shapes = ((2, SEGMENTS, rows, columns), (2, SEGMENTS, rows), (2, 3, 3, 3, 3, 3), (2, 3))
    mixing = [0.3 * torch.randn(shape, generator=rng) for shape in shapes]
    pictures = torch.randn(count, PICTURES, 3, 3, 2, generator=rng)
    return FeaturePool(pictures, mixing, SPEC, NAMES, torch.arange(count) % 2)


def straight(count: int = 2, pictures: int = 3, segments: int = 2, each: int = 4) -> FeaturePool:
    clips = torch.randn(count, pictures, 3, 3, 2, generator=torch.Generator().manual_seed(1))
    return FeaturePool.from_pictures(clips, segments, each, SPEC, NAMES, torch.arange(count) % 2)


def slow_segment(made: FeaturePool, video: int, k: int) -> torch.Tensor:
    """Mix one segment ``[L, 3, H, W]`` number by number."""
    label = int(made.labels[video])
    found = torch.zeros(EACH, 3, 3, 2)
    for frame in range(EACH):
        for channel in range(3):
            row = 3 * frame + channel
            total = made.selector_bias[label, k, row].expand(3, 2)
            for picture in range(PICTURES):
                for source in range(3):
                    weight = made.selector_weight[label, k, row, 3 * picture + source]
                    total = total + weight * made.pool[video, picture, source]
            found[frame, channel] = total
    return found


def slow_sequence(made: FeaturePool, video: int) -> torch.Tensor:
    """Join the segments and add the fusor's convolution, box by box."""
    label = int(made.labels[video])
    joined = torch.cat([slow_segment(made, video, k) for k in range(SEGMENTS)])
    padded = torch.nn.functional.pad(joined.transpose(0, 1), (1,) * 6)
    fused = torch.zeros_like(joined)
    for t in range(len(joined)):
        for row in range(3):
            for column in range(2):
                box = padded[:, t : t + 3, row : row + 3, column : column + 3]
                products = made.fusor_weight[label] * box
                fused[t, :, row, column] = products.sum((1, 2, 3, 4)) + made.fusor_bias[label]
    return joined + fused


@torch.no_grad()
def test_clips_are_frames_of_the_fused_segments():
    made = pools()
    # Nine frames, of which four at stride 2 reach over seven; one is left on either side.
    clips = made.decode(torch.tensor([3, 0]))
    for clip, video in zip(clips, (3, 0), strict=True):
        assert torch.allclose(clip, slow_sequence(made, video)[[1, 3, 5, 7]], atol=1e-5)


@torch.no_grad()
def test_every_start_and_stride_is_drawn_and_no_other():
    made = pools(1)
    sequence = slow_sequence(made, 0)
    possible = {(start, stride) for stride in (1, 2) for start in range(9 - 3 * stride)}
    seen = set()
    for seed in range(80):
        clip = made.decode(torch.tensor([0]), Draw(seed))[0]
        seen |= {(a, s) for a, s in possible if torch.allclose(clip, sequence[a : a + 3 * s + 1 : s], atol=1e-5)}
    assert seen == possible


@given(st.integers(0, 999))
def test_a_draw_decides_video_by_video_whatever_else_is_decoded(seed):
    made, draw = pools(), Draw(seed)
    with torch.no_grad():
        together = made.decode(torch.arange(4), draw)
        for video in range(4):
            assert torch.allclose(made.decode(torch.tensor([video]), draw)[0], together[video], atol=1e-5)


@torch.no_grad()
def test_segments_are_those_before_fusion_and_as_long_as_clips():
    made = pools()
    found = made.segments(torch.tensor([1, 2]))
    assert found.shape == (2, SEGMENTS, *SPEC.shape)
    for segments, video in zip(found, (1, 2), strict=True):
        for k in range(SEGMENTS):
            # Frame t of 4 shows frame 3 t // 4 of 3.
            assert torch.allclose(segments[k], slow_segment(made, video, k)[[0, 0, 1, 2]], atol=1e-5)


@torch.no_grad()
def test_a_sequence_starts_on_straight_lines_through_the_pictures():
    made = straight(each=2)
    # A sequence of four frames through three pictures: positions 0, 2/3, 4/3, 2.
    first, second, third = made.pool[1]
    lines = [first, first / 3 + 2 * second / 3, 2 * second / 3 + third / 3, third]
    assert torch.allclose(made.decode(torch.tensor([1]))[0], torch.stack(lines), atol=1e-5)
    assert not made.stochastic and straight(each=4).stochastic


@torch.no_grad()
def test_one_picture_stands_still():
    made = straight(pictures=1)
    for draw in (None, Draw(3)):
        assert torch.allclose(made.decode(torch.arange(2), draw), made.pool.expand(-1, 4, -1, -1, -1), atol=1e-6)


def test_nothing_is_shared_by_two_classes():
    made = pools()
    made.decode(torch.tensor([0, 2])).square().sum().backward()
    assert not made.shared
    for tensors in made.groups().values():
        for tensor in tensors:
            assert tensor.grad[0].abs().sum() > 0
            others = tensor.grad[1::2] if len(tensor) == 4 else tensor.grad[1]
            assert others.abs().sum() == 0


def test_bytes_count_the_selectors_and_fusors_and_the_papers_do_not():
    made = straight(count=4)
    assert made.stored_numbers() == 4 * 3 * 18
    parts = made.storage("uint8")
    assert parts["pool_frames"] == 4 * 3 * 18 and parts["pool_scale"] == parts["pool_offset"] == 4 * 12
    assert parts["selector_weight"] == 4 * 2 * 2 * 12 * 9 and parts["selector_bias"] == 4 * 2 * 2 * 12
    assert parts["fusor_weight"] == 4 * 2 * 243 and parts["fusor_bias"] == 4 * 2 * 3


@pytest.mark.parametrize(("segments", "each"), [(1, 3), (2, 33)])
def test_sequences_shorter_or_much_longer_than_a_clip_are_refused(segments, each):
    with pytest.raises(ValueError, match="4 to 64 were expected"):
        straight(segments=segments, each=each)


@pytest.mark.parametrize(
    "shape", [(2, 2, 13, 9), (2, 2, 12, 10), (3, 2, 12, 9), (2, 12, 9), (2, 0, 12, 9), (2, 2, 3, 9)]
)
def test_selectors_that_cannot_be_are_refused(shape):
    stored = straight().store("float32")
    damaged = Stored({**stored.tensors, "selector_weight": torch.zeros(shape)}, stored.record)
    with pytest.raises(UserError, match="damaged"):
        Parameterization.restore("feature_pool", damaged, SPEC, NAMES)
