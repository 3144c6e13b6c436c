"""Random real clips: the same draws as methods make, and never more frames than the condensed set has."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.condensed import CondensedDataset, save
from vidense.data.store import ClipStore
from vidense.errors import UserError
from vidense.evaluation.baselines import _in_turns, equal_bytes, equal_bytes_coded, equal_videos, frame_counts
from vidense.method import Task
from vidense.parameterizations import SelectedClips
from vidense.parameterizations.stills import Stills


def test_equal_videos_are_those_that_methods_start_from(store: ClipStore, tmp_path: Path) -> None:
    baseline = equal_videos(store, torch.arange(3).repeat(2), seed=5)
    drawn = Task(store.train, 2, 5, tmp_path).random_videos()
    assert torch.equal(baseline.clips.decode(torch.arange(6)), store.train.decode(drawn))
    assert baseline.clips.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert baseline.frames == 6 * 8


def test_classes_may_want_different_numbers(store: ClipStore) -> None:
    assert equal_videos(store, torch.tensor([1, 0, 1, 1]), seed=0).clips.labels.tolist() == [0, 1, 1, 1]


def test_other_seeds_are_other_videos_and_other_content(store: ClipStore) -> None:
    assert equal_videos(store, torch.arange(3), 0).content == equal_videos(store, torch.arange(3), 0).content
    assert equal_videos(store, torch.arange(3), 0).content != equal_videos(store, torch.arange(3), 1).content


def test_equal_bytes_keeps_end_frames_and_interpolates(store: ClipStore, dataset: CondensedDataset) -> None:
    baseline = equal_bytes(store, dataset, seed=0)
    clips, real = baseline.clips.decode(torch.arange(3)), equal_videos(store, torch.arange(3), 0).clips
    whole = real.decode(torch.arange(3))
    assert baseline.frames == dataset.storage.frames == 6
    assert torch.allclose(clips[:, [0, 7]], whole[:, [0, 7]], atol=0.02)
    assert torch.allclose(clips[:, 3], clips[:, 0] * 4 / 7 + clips[:, 7] * 3 / 7, atol=1e-5)


def test_pictures_are_set_against_as_many_pictures(store: ClipStore, tmp_path: Path) -> None:
    pictures = Stills(torch.zeros(3, *store.spec.shape[1:]), store.spec, store.class_names, torch.arange(3))
    baseline = equal_bytes(store, save(tmp_path / "stills", pictures, dtype="uint8", provenance={}), seed=0)
    clips, real = baseline.clips.decode(torch.arange(3)), equal_videos(store, torch.arange(3), 0).clips
    assert baseline.frames == 3
    assert torch.allclose(clips, clips[:, :1], atol=1e-5)
    assert torch.allclose(clips[:, 0], real.decode(torch.arange(3))[:, 4], atol=0.02)


def test_whole_uint8_clips_are_the_same_job_as_equal_videos(store: ClipStore, tmp_path: Path) -> None:
    chosen = torch.tensor([0, 4, 8])
    whole = SelectedClips(store.train.pixels(chosen), store.spec, store.class_names, store.train.labels[chosen])
    saved = save(tmp_path / "whole", whole, dtype="uint8", provenance={})
    assert equal_bytes(store, saved, 3).content == equal_videos(store, torch.arange(3), 3).content


@given(
    total=st.integers(1, 400),
    videos=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    length=st.integers(1, 16),
)
def test_frames_are_dealt_evenly_and_never_exceed_the_total(total: int, videos: list[int], length: int) -> None:
    dealt = frame_counts(total, videos, length, [1000] * len(videos))
    flat = [count for of_class in dealt for count in of_class]
    assert all(1 <= count <= length for count in flat)
    # Equal means equal, wherever every class can have a frame.
    assert sum(flat) == max(total, len(videos))
    for of_class in dealt:
        assert max(of_class) - min(of_class) <= 1


def test_counts_by_hand() -> None:
    assert frame_counts(13, [2, 2], 8, [9, 9]) == [[4, 3], [3, 3]]
    # More frames than two videos of 8 hold: a third video.
    assert frame_counts(20, [2], 8, [9]) == [[7, 7, 6]]
    # Too few for three videos of two frames: some stand still; too few for three videos: two.
    assert frame_counts(4, [3], 8, [9]) == [[2, 1, 1]]
    assert frame_counts(2, [3], 8, [9]) == [[1, 1]]
    # The class has no third video to give.
    assert frame_counts(20, [2], 8, [2]) == [[8, 8]]


def sized(store: ClipStore, folder: Path, content: int) -> CondensedDataset:
    """Return a dataset whose bytes, without its index, are ``content`` (at least those of one clip)."""
    chosen = torch.tensor([0, 4, 8])
    whole = SelectedClips(store.train.pixels(chosen), store.spec, store.class_names, store.train.labels[chosen])
    saved = save(folder, whole, dtype="uint8", provenance={})
    parts = {"pixels": content, "index": saved.storage.parts["index"]}
    saved.storage = replace(saved.storage, parts=parts)
    return saved


@pytest.mark.parametrize("codec", ["av1", "h264"])
def test_coded_clips_take_no_more_bytes_and_classes_in_turns(store: ClipStore, tmp_path: Path, codec: str) -> None:
    room = sized(store, tmp_path / "set", 60_000)
    coded = equal_bytes_coded(store, room, 1, codec)
    stream, count = coded.clips.stream, len(coded.clips.labels)
    assert 0 < stream.numel() + 2 * count <= 60_000 and coded.frames == 8 * count
    # Three classes: the first video of each is the one that every method starts from.
    assert coded.clips.labels[:3].tolist() == [0, 1, 2]
    real = equal_videos(store, torch.arange(3), 1).clips
    first, real = (clips.decode(torch.arange(3)) for clips in (coded.clips, real))
    correlation = torch.corrcoef(torch.stack([first.flatten(), real.flatten()]))[0, 1]
    assert correlation > 0.1, "noise is hard to encode, yet these are the clips"
    assert coded.content == equal_bytes_coded(store, room, 1, codec).content
    assert coded.content != equal_bytes_coded(store, room, 2, codec).content


def test_the_whole_training_set_is_kept_where_it_fits_and_finely(store: ClipStore, tmp_path: Path) -> None:
    wide = equal_bytes_coded(store, sized(store, tmp_path / "wide", 10**7), 0)
    tight = equal_bytes_coded(store, sized(store, tmp_path / "tight", wide.clips.stream.numel() - 1), 0)
    assert len(wide.clips.labels) == len(store.train) == 12
    assert tight.clips.stream.numel() < wide.clips.stream.numel()


def test_where_nothing_fits_it_says_so(store: ClipStore, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not one clip fits into 50 bytes as av1"):
        equal_bytes_coded(store, sized(store, tmp_path / "set", 50), 0)


def test_classes_of_different_sizes_take_turns_until_they_end(store: ClipStore) -> None:
    train = store.train.subset(torch.tensor([0, 4, 5, 6, 7, 8, 9]))
    uneven = SimpleNamespace(train=train, class_names=store.class_names, cache=store.cache, spec=store.spec)
    order = _in_turns(uneven, 3)
    assert train.labels[order].tolist() == [0, 1, 2, 1, 2, 1, 1] and sorted(order.tolist()) == list(range(7))
    assert not torch.equal(order, _in_turns(uneven, 4))


def test_coded_clips_of_uneven_classes_end_where_the_bytes_do(store: ClipStore, tmp_path: Path) -> None:
    train = store.train.subset(torch.tensor([0, 4, 5, 6, 7, 8, 9]))
    uneven = SimpleNamespace(train=train, class_names=store.class_names, cache=store.cache, spec=store.spec)
    whole = equal_bytes_coded(uneven, sized(store, tmp_path / "whole", 10**7), 3, "h264")
    assert whole.clips.labels.tolist() == [0, 1, 2, 1, 2, 1, 1] and whole.frames == 7 * 8
    # The coarsest quality is tried before a class is left out, and what does not fit is.
    for room in (20_000, 50_000):
        some = equal_bytes_coded(uneven, sized(store, tmp_path / str(room), room), 3, "h264")
        count = len(some.clips.labels)
        assert some.clips.labels.tolist() == [0, 1, 2, 1, 2, 1, 1][:count]
        assert some.clips.stream.numel() + 2 * count <= room
