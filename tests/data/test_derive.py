"""Stores made from stores: the same pixels, numbered anew; and classes by how much they move."""

import numpy as np
import pytest
import torch

from tests.data.video_files import write_video
from tests.evaluation.conftest import CLASSES, write_store
from vidense.data.derive import (
    MOTIONS,
    halves_by_motion,
    motion_of_classes,
    motion_of_clips,
    write_classes,
    write_moved,
    write_reframed,
)
from vidense.data.prepare import prepare
from vidense.data.store import ClipStore
from vidense.errors import UserError


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store")


def moving(store: ClipStore, shares: tuple[float, ...]) -> ClipStore:
    """Make every frame of a class its first one, but for a share of the frames."""
    for split in ("train", "test"):
        file = store.path / f"{split}-00000.npy"
        pixels, labels = np.load(file), getattr(store, split).labels.tolist()
        for row, label in enumerate(labels):
            still = round((1 - shares[label]) * pixels.shape[2])
            pixels[row, :, :still] = pixels[row, :, :1]
        np.save(file, pixels)
    return ClipStore.open(store.path)


def test_motion_is_the_mean_difference_of_frames(store):
    slow = []
    for label in range(3):
        clips = store.train.pixels(store.train.members(label)).double() / 255
        steps = [abs(clip[t + 1] - clip[t]).mean() for clip in clips for t in range(7)]
        slow.append(sum(steps) / len(steps))
    assert torch.allclose(motion_of_classes(store.train), torch.stack(slow), atol=1e-6)


def test_the_classes_that_move_least_are_static(store):
    found = halves_by_motion(moving(store, (0.5, 1.0, 0.0)).train)
    assert found == {"static": [0, 2], "dynamic": [1]}


def test_a_store_of_some_classes_holds_their_very_clips(store, tmp_path):
    made = write_classes(store, [2, 0], tmp_path / "some")
    assert made.class_names == (CLASSES[2], CLASSES[0]) and made.settings["classes"] == ["up", "down"]
    for split, each in (("train", 4), ("test", 2)):
        own, new = getattr(store, split), getattr(made, split)
        assert new.windows == own.windows and len(new) == 2 * each
        for label, before in ((0, 2), (1, 0)):
            for window in range(3):
                kept = new.pixels(new.members(label), window)
                assert torch.equal(kept, own.pixels(own.members(before), window))
        assert set(new.groups) <= set(own.groups)
    assert made.content_hash != store.content_hash


def test_a_store_that_is_there_is_not_written_again(store, tmp_path):
    made = write_classes(store, [1], tmp_path / "some")
    stamp = (made.path / "train-00000.npy").stat().st_mtime_ns
    assert write_classes(store, [1], made.path).content_hash == made.content_hash
    assert (made.path / "train-00000.npy").stat().st_mtime_ns == stamp
    assert write_classes(store, [0], made.path).class_names == (CLASSES[0],)


def test_clips_of_another_length_come_from_the_same_videos(tmp_path):
    for name in ("red", "blue"):
        for number in range(3):
            folder = tmp_path / "videos" / name
            folder.mkdir(parents=True, exist_ok=True)
            write_video(folder / f"{number}.mp4", 30)
    prepare(tmp_path / "videos", tmp_path / "store", frames=6, size=32, stride=2, clips=2)
    store = ClipStore.open(tmp_path / "store")
    made = write_reframed(store, 4, tmp_path / "shorter")
    assert made.spec.shape == (4, 3, 32, 32) and made.train.windows == 2
    assert {**store.settings, "frames": 4} == made.settings
    assert [v.sha256 for v in made.videos] == [v.sha256 for v in store.videos]
    (tmp_path / "videos").rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"blue/0\.mp4' is gone; put it back"):
        write_reframed(store, 5, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_table_of_any_name_is_not_needed_again_and_neither_are_classes_that_the_store_lacks(tmp_path):
    rows = [f"{name}/{number}.mp4,{name}" for name in ("red", "blue") for number in range(3)]
    (tmp_path / "mine.csv").write_text("\n".join(["path,class", *rows]))
    for row in rows:
        file = tmp_path / row.partition(",")[0]
        file.parent.mkdir(exist_ok=True)
        write_video(file, 30)
    prepare(tmp_path / "mine.csv", tmp_path / "store", frames=6, size=32, clips=1)
    (tmp_path / "mine.csv").unlink()
    some = write_classes(ClipStore.open(tmp_path / "store"), [1], tmp_path / "some")
    made = write_reframed(some, 4, tmp_path / "shorter")
    assert made.class_names == ("red",) and made.spec.frames == 4
    assert [v.path for v in made.videos] == [v.path for v in some.videos]
    (tmp_path / "red").rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"red/.\.mp4' is gone"):
        write_reframed(some, 5, tmp_path / "other")


def test_clips_without_motion_stand_at_their_middle_frame(store, tmp_path):
    made = write_moved(store, "none", tmp_path / "still")
    for split in ("train", "test"):
        own, new = getattr(store, split), getattr(made, split)
        every = torch.arange(len(own))
        for window in range(own.windows):
            middle = own.pixels(every, window)[:, 4:5]
            assert torch.equal(new.pixels(every, window), middle.expand(-1, 8, -1, -1, -1))
    assert made.class_names == store.class_names and made.settings["motion"] == "none"
    assert motion_of_classes(made.train).tolist() == [0, 0, 0]


def test_clips_that_jump_hold_the_same_frames_in_another_order(store, tmp_path):
    made = write_moved(store, "abrupt", tmp_path / "jumping")
    every = torch.arange(len(store.train))
    before, after = store.train.pixels(every), made.train.pixels(every)
    for own, new in zip(before, after, strict=True):
        assert sorted(frame.sum().item() for frame in own.long()) == sorted(frame.sum().item() for frame in new.long())
    assert (before != after).flatten(1).any(1).float().mean() > 0.9
    again = write_moved(store, "abrupt", tmp_path / "again")
    assert torch.equal(again.train.pixels(every), after)


def test_stores_of_different_motion_are_different_data(store, tmp_path):
    hashes = {write_moved(store, motion, tmp_path / motion).content_hash for motion in MOTIONS}
    assert len(hashes | {store.content_hash}) == 3


def test_one_frame_does_not_move(store):
    assert motion_of_clips(store.train.single_frames()).tolist() == [0.0] * len(store.train.single_frames().labels)


def test_classes_of_a_store_that_moves_otherwise_open_and_it_moves_no_third_way(store, tmp_path):
    moved = write_moved(store, "none", tmp_path / "still")
    assert write_classes(moved, [1], tmp_path / "one").class_names == (moved.class_names[1],)
    with pytest.raises(UserError, match="were changed before; give the store that they came from"):
        write_moved(moved, "abrupt", tmp_path / "twice")
