"""Folders of images are read as video files are, in natural order; what is wrong with one is said."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.video_files import write_frames, write_images
from vidense.data.decode import DecodeError, Resize, Shrink, read_windows
from vidense.data.frame_folder import read_images, stamp, video_hash
from vidense.data.layouts import LayoutOptions, scan
from vidense.data.originals import Original, whole_videos
from vidense.data.prepare import prepare
from vidense.data.sampling import Extent
from vidense.data.store import ClipStore
from vidense.errors import UserError


def every(extent: Extent) -> list[list[int]]:
    return [list(range(extent.frames))]


def reason_of(folder: Path) -> str:
    with pytest.raises(DecodeError) as caught:
        read_images(folder, every, Resize(16))
    assert caught.value.detail
    return caught.value.reason


@pytest.mark.timeout(20)
def test_what_has_no_end_is_no_video(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", Path("/dev/zero"), tmp_path / "nothing"):
        assert stamp(path) == {"size": None, "mtime_ns": None}


def test_frames_come_in_natural_order(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", frames=12, name="frame{}.png")
    assert sorted(file.name for file in folder.iterdir())[2:4] == ["frame10.png", "frame11.png"]
    found = read_images(folder, every, Resize(16))
    assert (found.length, found.pixels.shape) == (12, (1, 12, 3, 16, 16))
    assert np.abs(found.pixels[0, :, :, 8:, 8:].mean((1, 2, 3)) - (10 + 8 * np.arange(12))).max() < 1


def test_digits_of_other_scripts_are_letters(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", frames=3, name="{}.png")
    (folder / "2.png").rename(folder / "\u06631.png")
    assert read_images(folder, every, Resize(16)).length == 3


@pytest.mark.parametrize("resize", [Resize(16), Resize(14, crop=True), Shrink(20)])
def test_a_folder_gives_the_pixels_of_a_lossless_file(tmp_path: Path, resize: Resize | Shrink) -> None:
    clip = np.random.default_rng(0).integers(0, 256, (5, 24, 32, 3), np.uint8)
    folder = tmp_path / "v"
    folder.mkdir()
    for i, image in enumerate(clip):
        Image.fromarray(image).save(folder / f"{i}.png")
    file = write_frames(tmp_path / "v.mkv", clip, codec="ffv1", pixels="bgr0")
    one, other = read_images(folder, every, resize), read_windows(file, every, resize)
    assert one.windows == other.windows and one.length == other.length
    assert np.abs(one.pixels.astype(int) - other.pixels).max() <= 1


def test_grey_pictures_palettes_and_other_files(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", frames=2)
    Image.new("L", (32, 32), 90).save(folder / "x3.png")
    Image.new("P", (32, 32)).save(folder / "x4.PNG")
    (folder / "notes.txt").touch()
    (folder / ".hidden.jpg").touch()
    found = read_images(folder, every, Resize(16))
    assert found.length == 4 and (found.pixels[0, 2] == 90).all()


def test_folders_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert reason_of(tmp_path / "none") == "empty"
    folder = write_images(tmp_path / "v", frames=3)
    (folder / "000001.png").write_bytes((folder / "000001.png").read_bytes()[:60])
    assert reason_of(folder) == "damaged"
    (folder / "000001.png").write_bytes(b"")
    assert reason_of(folder) == "damaged"
    unharmed = read_images(folder, lambda extent: [[0, 2]], Resize(16))
    assert unharmed.length == 3, "an image that no clip needs is not decoded"
    Image.new("RGB", (9, 40)).save(folder / "000001.png")
    with pytest.raises(DecodeError, match="damaged: its images differ in size"):
        read_images(folder, every, Shrink(40))


def test_a_change_to_any_image_is_noticed_and_names_do_not_matter(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", frames=4)
    before, hashed = stamp(folder), video_hash(folder)
    os.utime(folder / "000000.png", (1, 1))
    assert stamp(folder) != before
    other = shutil.copytree(folder, tmp_path / "w")
    (other / "000003.png").rename(other / "frame9.png")
    assert video_hash(other) == hashed
    (other / "000000.png").rename(other / "zz.png")
    assert video_hash(other) != hashed, "another order is another video"
    (folder / "000001.png").unlink()
    assert video_hash(folder) != hashed
    assert stamp(tmp_path / "nowhere") == {"size": None, "mtime_ns": None}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in ("jump", "walk"):
        for i in range(5):
            write_images(tmp_path / "v" / name / f"{name}{i}", frames=12 + i, shade=40 * i + 3 * (name == "walk"))
    write_images(tmp_path / "v" / "walk" / "ann" / "walk5", frames=12, shade=7)
    return tmp_path / "v"


def test_frame_folders_become_a_store_and_are_recognised(source: Path, tmp_path: Path) -> None:
    (source / "walk" / "empty").mkdir()
    Image.new("RGB", (8, 8)).save(source / "walk" / "cover.png")
    small = {"frames": 4, "stride": 2, "size": 16, "clips": 2, "workers": 1}
    report = prepare(source, tmp_path / "s", **small)
    assert (report.layout, report.videos, report.bad_files, report.duplicates) == ("frames", 11, [], [])
    assert "'frames' was detected: there are folders of images" in report.notes[0]
    store = ClipStore.open(tmp_path / "s")
    assert {video.length for video in store.videos} == set(range(12, 17))
    assert "walk/ann" in {video.group for video in store.videos}
    assert prepare(source, tmp_path / "s", **small).reused
    (footage,) = whole_videos([store.train.originals[0]], frames=100, side=100)
    assert footage.length == store.videos[0].length and footage.frames.shape[1:] == (32, 32, 3)
    changed = source / store.videos[0].path / "000001.png"
    Image.new("RGB", (32, 32)).save(changed)
    with pytest.raises(UserError, match="changed since it was prepared"):
        prepare(source, tmp_path / "s", **small)
    with pytest.raises(UserError, match="changed since the store was prepared"):
        list(whole_videos([store.train.originals[0]], frames=100, side=100))
    gone = Original(source, "walk/nobody", "0", 1, False)
    with pytest.raises(UserError, match="cannot be read again \\(missing"):
        list(whole_videos([gone], frames=100, side=100))


def test_a_damaged_frame_folder_is_listed(source: Path, tmp_path: Path) -> None:
    for image in (source / "jump" / "jump1").iterdir():
        image.write_bytes(b"no image")
    report = prepare(source, tmp_path / "s", frames=4, stride=2, size=16, clips=1, workers=1)
    assert [(bad.path, bad.reason) for bad in report.bad_files] == [("jump/jump1", "damaged")]


def test_frames_below_train_and_test(source: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / "w" / "train")
    shutil.copytree(source / "jump", tmp_path / "w" / "test" / "jump")
    write_images(tmp_path / "w" / "loose", frames=1)
    listing = scan(tmp_path / "w", "auto", LayoutOptions())
    assert listing.name == "frames"
    assert {e.path for e in listing.entries if e.split == "test"} == {f"test/jump/jump{i}" for i in range(5)}
    assert "1 videos outside any class folder were left out" in listing.notes


def test_a_class_of_frame_folders_may_be_called_train(source: Path) -> None:
    (source / "walk").rename(source / "train")
    assert scan(source, "frames", LayoutOptions()).class_names == ("jump", "train")


def test_images_without_class_folders_are_refused(tmp_path: Path) -> None:
    write_images(tmp_path / "v" / "clip", frames=2)
    with pytest.raises(UserError, match=r"holds no class folder with folders of images \(\.jpeg \.jpg \.png\)"):
        scan(tmp_path / "v", "frames", LayoutOptions())
    assert scan(write_mixed(tmp_path / "mixed"), "auto", LayoutOptions()).name == "folder"


def write_mixed(source: Path) -> Path:
    """Write a class with a video file and pictures of it."""
    write_images(source / "a" / "pictures", frames=1)
    (source / "a" / "clip.mp4").touch()
    return source
