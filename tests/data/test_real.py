import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vidense.data.real import RealClips
from vidense.data.spec import ClipSpec
from vidense.seeding import Draw

SPEC = ClipSpec(2, 4, 4)
NAMES = ("a", "b", "c")


def shard(first: int, count: int, windows: int = 2) -> NDArray[np.uint8]:
    """Clips whose pixels all equal 10 times their video's number plus their window's."""
    numbers = 10 * np.arange(first, first + count)[:, None] + np.arange(windows)
    shape = (count, windows, *SPEC.shape)
    return np.ascontiguousarray(np.broadcast_to(numbers[..., None, None, None, None], shape).astype(np.uint8))


def make_clips(labels: list[int], groups: list[str] | None = None, split_at: int = 4) -> RealClips:
    """Videos 0, 1, ... of which the first ``split_at`` lie in one shard and the rest in another."""
    split_at = min(split_at, len(labels))
    shards = [shard(0, split_at), shard(split_at, len(labels) - split_at)]
    rows = [(0, i) if i < split_at else (1, i - split_at) for i in range(len(labels))]
    return RealClips(
        SPEC, NAMES, torch.tensor(labels), groups or [str(i) for i in range(len(labels))], shards, rows, "content"
    )


def test_pixels_come_from_the_right_shard_row_and_window() -> None:
    clips = make_clips([0, 0, 1, 1, 2, 2])
    assert (len(clips), clips.windows) == (6, 2)
    shown = clips.pixels(torch.tensor([5, 0, 3]))
    assert shown.dtype == torch.uint8
    assert shown.shape == (3, *SPEC.shape)
    assert shown[:, 0, 0, 0, 0].tolist() == [50, 0, 30]
    assert clips.pixels(torch.tensor([5, 0]), 1)[:, 0, 0, 0, 0].tolist() == [51, 1]
    assert clips.pixels(torch.tensor([4, 4]), torch.tensor([1, 0]))[:, 0, 0, 0, 0].tolist() == [41, 40]


def test_decode_normalises() -> None:
    clips = make_clips([0, 1])
    index = torch.tensor([1])
    assert torch.equal(clips.decode(index), SPEC.normalise(clips.pixels(index)))


def test_no_index_gives_no_clips() -> None:
    none = torch.empty(0, dtype=torch.int64)
    assert make_clips([0, 1]).pixels(none).shape == (0, *SPEC.shape)
    assert make_clips([0, 1]).decode(none).shape == (0, *SPEC.shape)
    assert len(make_clips([0, 1]).subset(none)) == 0


def test_returned_pixels_can_be_written_to_without_harm() -> None:
    clips = make_clips([0, 1])
    clips.pixels(torch.tensor([0])).fill_(99)
    assert clips.pixels(torch.tensor([0])).max() == 0


def test_members_are_in_order() -> None:
    clips = make_clips([1, 0, 1, 2, 1])
    assert clips.members(1).tolist() == [0, 2, 4]
    assert clips.members(2).tolist() == [3]


def test_a_subset_keeps_labels_groups_and_pixels_together() -> None:
    clips = make_clips([1, 0, 1, 2, 1], ["v", "w", "x", "y", "z"]).subset(torch.tensor([4, 1]))
    assert clips.labels.tolist() == [1, 0]
    assert clips.groups == ("z", "w")
    assert clips.pixels(torch.tensor([0, 1]))[:, 0, 0, 0, 0].tolist() == [40, 10]
    assert clips.subset(torch.tensor([1])).pixels(torch.tensor([0])).max() == 10


def test_a_view_of_some_classes_is_relabelled() -> None:
    view = make_clips([0, 1, 2, 1, 2]).only_classes([2, 1])
    assert view.class_names == ("c", "b")
    assert view.labels.tolist() == [0, 0, 1, 1]
    assert view.pixels(torch.arange(4))[:, 0, 0, 0, 0].tolist() == [20, 40, 10, 30]


def test_a_split_is_moved_once_whoever_asks() -> None:
    clips, there = make_clips([0, 0, 1, 1, 2]), torch.device("meta")
    moved = clips.to(there)
    assert moved.device == there and moved.pixels(torch.tensor([4, 1])).device == there
    # What is there already, parts of it and later askers share one copy.
    for view in (moved.to(there), moved.subset(torch.tensor([1, 2])).to(there), clips.hold_out(0.5, 0)[1].to(there)):
        assert all(own is first for own, first in zip(view._arrays, moved._arrays, strict=True))
    assert moved.single_frames().to(there).pixels(torch.tensor([0])).shape == (1, 1, *SPEC.shape[1:])


def test_the_cpu_keeps_memory_maps_also_on_the_way_back() -> None:
    clips = make_clips([0, 1])
    for view in (clips.to(torch.device("cpu")), clips.to(torch.device("meta")).to(torch.device("cpu"))):
        assert all(own is first for own, first in zip(view._arrays, clips._arrays, strict=True))
    frames = clips.to(torch.device("meta")).single_frames().to(torch.device("cpu"))
    assert torch.equal(frames.pixels(torch.arange(2)), clips.single_frames().pixels(torch.arange(2)))


@pytest.mark.gpu
def test_an_accelerator_holds_the_same_pixels() -> None:
    clips = make_clips([0, 0, 1, 1, 2])
    there = clips.to(torch.device("cuda"))
    index = torch.tensor([4, 1])
    assert there.pixels(index).device.type == "cuda"
    assert torch.equal(there.pixels(index, 1).cpu(), clips.pixels(index, 1))


videos = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("pqrstu")), min_size=1, max_size=24)


@given(videos, st.floats(0.05, 0.9), st.integers(0, 99))
def test_held_out_groups_never_straddle(found: list[tuple[int, str]], share: float, seed: int) -> None:
    labels, groups = [label for label, _ in found], [group for _, group in found]
    clips = make_clips(labels, groups)
    train, held = clips.hold_out(share, seed)
    assert len(train) + len(held) == len(clips)
    both = {
        view: {(int(label), group) for label, group in zip(view.labels, view.groups, strict=True)}
        for view in (train, held)
    }
    assert not both[train] & both[held]
    for label in set(labels):
        left = {group for own, group in both[train] if own == label}
        assert left
        assert len(held.members(label)) >= share * len(clips.members(label)) or len(left) == 1


def test_the_held_out_part_depends_on_the_seed_alone() -> None:
    clips = make_clips([0] * 12)
    first, again, other = (clips.hold_out(0.25, seed)[1].groups for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert len(first) == 3


def test_resampled_videos_show_any_window_that_a_draw_names_and_else_the_first() -> None:
    clips = make_clips([0, 0, 1, 1, 2])
    resampled, index = clips.resampled(), torch.tensor([4, 1])
    assert resampled.stochastic and torch.equal(resampled.labels, clips.labels)
    assert torch.equal(resampled.decode(index), clips.decode(index))
    windows = [torch.stack([clips.decode(index, window=window)[i] for window in range(2)]) for i in range(2)]
    seen = set()
    for seed in range(20):
        found = resampled.decode(index, Draw(seed))
        assert torch.equal(found, resampled.decode(index, Draw(seed)))
        matches = [[torch.equal(found[i], window) for window in windows[i]] for i in range(2)]
        assert all(sum(match) == 1 for match in matches)
        seen.add(tuple(match.index(True) for match in matches))
    assert len(seen) == 4
