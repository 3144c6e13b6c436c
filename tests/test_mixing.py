"""Mixing of clips: whose box, which frames, which pixels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.mixing import mix
from vidense.saliency import SaliencyRule, non_key_frames
from vidense.seeding import Draw


def clips(number: int = 4, frames: int = 8, height: int = 10, width: int = 12) -> torch.Tensor:
    return torch.randn(number, frames, 3, height, width, generator=torch.Generator().manual_seed(0))


def replaced(kind: str, seed: int) -> torch.Tensor:
    """Return which pixels of which frames come from the partner, bool ``[n, T, H, W]``; a clip may be its own."""
    given_clips = clips()
    mixed = mix(given_clips, kind, Draw(seed))
    return (mixed != given_clips).any(2)


def partners(seed: int) -> list[int]:
    return torch.randperm(4, generator=Draw(seed).generator("partner")).tolist()


@given(st.integers(0, 200), st.sampled_from(["video", "image"]))
def test_every_pixel_is_the_clips_own_or_its_partners(seed, kind):
    given_clips = clips()
    mixed = mix(given_clips, kind, Draw(seed))
    for video, partner in enumerate(partners(seed)):
        own, other = (mixed[video] == given_clips[video]), (mixed[video] == given_clips[partner])
        assert (own | other).all()


@given(st.integers(0, 200))
def test_one_box_serves_all_frames_that_move_little_and_no_others(seed):
    still, changed = non_key_frames(clips(), SaliencyRule()), replaced("video", seed)
    moved = [video for video, partner in enumerate(partners(seed)) if video != partner]
    boxes = {tuple(changed[v, t].flatten().tolist()) for v in moved for t in range(8) if still[v, t]}
    assert len(boxes) <= 1
    assert not changed[~still].any()


@given(st.integers(0, 200))
def test_a_box_is_a_rectangle(seed):
    for frame in replaced("image", seed).flatten(0, 1):
        rows, columns = frame.any(1), frame.any(0)
        assert int(frame.sum()) == int(rows.sum() * columns.sum())


def test_images_are_mixed_frame_by_frame():
    boxes = {tuple(frame.flatten().tolist()) for frame in replaced("image", 1)[0]}
    assert len(boxes) > 2


def test_the_area_of_boxes_is_half_a_frame_before_it_is_cut_at_the_edges():
    shares = torch.tensor([replaced("image", seed)[v].float().mean() for seed in range(60) for v in range(1)])
    assert 0.15 < shares.mean() < 0.45


@pytest.mark.parametrize("kind", ["video", "image"])
def test_the_same_draw_mixes_alike_and_nothing_is_changed_in_place(kind):
    given_clips = clips()
    kept = given_clips.clone()
    one, other = (mix(given_clips, kind, Draw(3, ("lesson", 5))) for _ in range(2))
    assert torch.equal(one, other) and torch.equal(given_clips, kept)
    assert not torch.equal(one, mix(given_clips, kind, Draw(3, ("lesson", 6))))


def test_without_mixing_clips_stay_as_they_are():
    given_clips = clips()
    assert mix(given_clips, "none", Draw(0)) is given_clips
