"""Whole videos come back from their files, in order, and nothing else does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.data.video_files import truncate, write_folder, write_frames, write_video
from vidense.data import worker
from vidense.data.decode import Shrink, read_windows
from vidense.data.originals import Original, whole_videos
from vidense.data.prepare import prepare
from vidense.data.store import ClipStore
from vidense.data.worker import Whole
from vidense.errors import UserError
from vidense.records import file_hash


def original(file: Path, crop: bool = False) -> Original:
    return Original(file.parent, file.name, file_hash(file), stride=2, crop=crop)


def read(*originals: Original, frames: int = 100, side: int = 100):
    return list(whole_videos(originals, frames=frames, side=side))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for i in range(4):
        write_video(folder / f"{i}.mp4", frames=10 + i, size=(48, 32))
    return folder


def test_videos_come_in_order_with_every_frame(folder):
    found = read(*(original(folder / f"{i}.mp4") for i in (2, 0, 3, 1)))
    assert [footage.length for footage in found] == [12, 10, 13, 11]
    for footage in found:
        assert footage.frames.shape == (footage.length, 32, 48, 3) and footage.frames.dtype == np.uint8
        assert footage.step == 1
        brightness = footage.frames[:, 8:, 8:].mean((1, 2, 3))
        assert np.abs(brightness - (10 + 8 * np.arange(footage.length))).max() < 3


@pytest.mark.parametrize(("most", "step"), [(13, 1), (12, 2), (7, 2), (6, 3), (2, 7), (1, 13)])
def test_long_videos_are_thinned_out_evenly(folder, most, step):
    found = worker.read(Whole(str(folder / "3.mp4"), most, side=100))
    assert found.windows == [list(range(0, 13, step))] and len(found.windows[0]) <= most
    assert found.length == 13
    brightness = found.pixels[0, :, :, 8:, 8:].mean((1, 2, 3))
    assert np.abs(brightness - (10 + 8 * np.arange(0, 13, step))).max() < 3


@pytest.mark.parametrize(("most", "step"), [(5, 3), (1, 1)])
def test_thinned_footage_says_how_far_its_frames_are_apart(folder, most, step):
    (footage,) = read(original(folder / "3.mp4"), frames=most)
    assert (footage.length, footage.step) == (13, step)


def test_large_frames_are_scaled_down_and_keep_their_shape(folder):
    for side, shape in ((24, (3, 16, 24)), (48, (3, 32, 48))):
        assert worker.read(Whole(str(folder / "0.mp4"), 9, side)).pixels.shape[2:] == shape


def test_no_side_vanishes(tmp_path):
    path = write_frames(tmp_path / "flat.mp4", np.zeros((3, 16, 200, 3), np.uint8))
    assert read_windows(path, lambda extent: [[0]], Shrink(10)).pixels.shape == (1, 1, 3, 1, 10)


def test_what_the_store_shows_as_a_square(tmp_path):
    # A bright square that a store of cropped 16x16 clips shows as a square: 7/10 by 14/15 of the frame would fill it.
    path = write_video(tmp_path / "a.mp4", size=(48, 32))
    squashed, cropped = read(original(path), original(path, crop=True))
    assert squashed.aspect == 48 / 32
    assert cropped.aspect == pytest.approx((0.7 * 48) / (14 / 15 * 32))


def test_a_video_of_ucf101s_shape_is_cropped_to_true_squares(tmp_path):
    path = write_video(tmp_path / "a.mp4", size=(64, 48))
    assert read(original(path, crop=True))[0].aspect == 1


def test_a_file_that_is_gone(folder):
    lost = replace(original(folder / "0.mp4"), path="lost.mp4")
    with pytest.raises(UserError, match=r"lost\.mp4' cannot be read again \(missing: .*put back the video"):
        read(original(folder / "1.mp4"), lost)


def test_a_file_that_changed(folder):
    with pytest.raises(UserError, match=r"1\.mp4' changed since the store was prepared; put the old file back"):
        read(replace(original(folder / "1.mp4"), sha256=file_hash(folder / "0.mp4")))


def test_a_file_that_is_damaged(tmp_path):
    path = truncate(write_video(tmp_path / "a.mp4"))
    with pytest.raises(UserError, match=r"cannot be read again \(unreadable"):
        read(original(path))


@pytest.mark.parametrize("path", ["../a.mp4", "a/../../a.mp4", "/etc/hosts"])
def test_paths_that_leave_the_folder_are_refused(tmp_path, path):
    with pytest.raises(UserError, match="outside its source folder"):
        read(Original(tmp_path, path, "0", 1, False))


def test_names_with_dots_are_no_way_out(tmp_path):
    assert Original(tmp_path, "a/..b/c...mp4", "0", 1, False).file == tmp_path / "a" / "..b" / "c...mp4"


def test_stopping_early_reads_no_more(folder):
    found = whole_videos([original(folder / f"{i}.mp4") for i in (0, 1, 2, 3)], frames=9, side=9)
    assert next(found).length == 10
    found.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> ClipStore:
    folder = tmp_path_factory.mktemp("data")
    prepare(write_folder(folder / "v", count=3), folder / "s", frames=4, stride=3, size=16, clips=1, workers=1)
    return ClipStore.open(folder / "s")


def test_training_clips_of_a_store_know_their_files(store):
    real = store.train
    names = [Path(o.path).parent.name for o in real.originals]
    assert names == [real.class_names[label] for label in real.labels]
    lengths = {video.path: video.length for video in store.videos}
    found = read(*real.originals)
    assert [f.length for f in found] == [lengths[o.path] for o in real.originals]
    assert {(o.stride, o.crop) for o in real.originals} == {(3, False)}


def test_views_keep_clips_and_files_in_step(store):
    real = store.train
    paths = [o.path for o in real.originals]
    assert [o.path for o in real.subset(torch.tensor([3, 1])).originals] == [paths[3], paths[1]]
    assert {o.path.split("/")[0] for o in real.only_classes([1]).originals} == {real.class_names[1]}
    held = [o.path for view in real.hold_out(0.3, 0) for o in view.originals]
    assert sorted(held) == sorted(paths)
    assert real.single_frames().originals == real.to(torch.device("cpu")).originals == real.originals
