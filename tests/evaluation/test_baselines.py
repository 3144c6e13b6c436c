"""Random real clips: the same draws as methods make, and never more frames than the condensed set has."""

from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.condensed import CondensedDataset, save
from vidense.data.store import ClipStore
from vidense.evaluation.baselines import equal_bytes, equal_videos, frame_counts
from vidense.method import Task
from vidense.parameterizations import SelectedClips


def test_equal_videos_are_those_that_methods_start_from(store: ClipStore, tmp_path: Path) -> None:
    baseline = equal_videos(store, [2, 2, 2], seed=5)
    drawn = Task(store.train, 2, 5, tmp_path).random_videos()
    assert torch.equal(baseline.clips.decode(torch.arange(6)), store.train.decode(drawn))
    assert baseline.clips.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert baseline.frames == 6 * 8


def test_classes_may_want_different_numbers(store: ClipStore) -> None:
    assert equal_videos(store, [1, 3, 0], seed=0).clips.labels.tolist() == [0, 1, 1, 1]


def test_other_seeds_are_other_videos_and_other_content(store: ClipStore) -> None:
    assert equal_videos(store, [1, 1, 1], 0).content == equal_videos(store, [1, 1, 1], 0).content
    assert equal_videos(store, [1, 1, 1], 0).content != equal_videos(store, [1, 1, 1], 1).content


def test_equal_bytes_keeps_end_frames_and_interpolates(store: ClipStore, dataset: CondensedDataset) -> None:
    baseline = equal_bytes(store, dataset, seed=0)
    clips, real = baseline.clips.decode(torch.arange(3)), equal_videos(store, [1, 1, 1], 0).clips
    whole = real.decode(torch.arange(3))
    assert baseline.frames == dataset.storage.frames == 6
    assert torch.allclose(clips[:, [0, 7]], whole[:, [0, 7]], atol=0.02)
    assert torch.allclose(clips[:, 3], clips[:, 0] * 4 / 7 + clips[:, 7] * 3 / 7, atol=1e-5)


def test_whole_uint8_clips_are_the_same_job_as_equal_videos(store: ClipStore, tmp_path: Path) -> None:
    chosen = torch.tensor([0, 4, 8])
    whole = SelectedClips(store.train.pixels(chosen), store.spec, store.class_names, store.train.labels[chosen])
    saved = save(tmp_path / "whole", whole, dtype="uint8", provenance={})
    assert equal_bytes(store, saved, 3).content == equal_videos(store, [1, 1, 1], 3).content


@given(
    total=st.integers(1, 400),
    videos=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    length=st.integers(1, 16),
)
def test_frames_are_dealt_evenly_and_never_exceed_the_total(total: int, videos: list[int], length: int) -> None:
    least = min(2, length)
    dealt = frame_counts(total, videos, length, [1000] * len(videos))
    flat = [count for of_class in dealt for count in of_class]
    assert all(least <= count <= length for count in flat)
    assert sum(flat) <= max(total, least * len(videos))
    if total >= least * len(videos) and length != 2:
        # Equal means equal. Only clips of two frames, all stored, cannot use up an odd number.
        assert sum(flat) == total
    for of_class in dealt:
        assert max(of_class) - min(of_class) <= 1


def test_counts_by_hand() -> None:
    assert frame_counts(13, [2, 2], 8, [9, 9]) == [[4, 3], [3, 3]]
    # More frames than two videos of 8 hold: a third video.
    assert frame_counts(20, [2], 8, [9]) == [[7, 7, 6]]
    # Too few for two videos of two frames: one video.
    assert frame_counts(3, [2], 8, [9]) == [[3]]
    # The class has no third video to give.
    assert frame_counts(20, [2], 8, [2]) == [[8, 8]]
