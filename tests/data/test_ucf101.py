"""Miniature trees of UCF101 and MiniUCF as they are distributed, with real video files, from archive to store."""

from pathlib import Path

import pytest

import vidense
from tests.data.video_files import write_video
from vidense.data.derive import write_reframed
from vidense.data.layouts.ucf101 import MINIUCF_CLASSES

CLASSES = ("Archery", "YoYo")
# The official splits test groups 1-7, 8-14 and 15-21: one group of each, and one that is always trained on.
TESTED = {1: "g01", 2: "g08", 3: "g15"}
GROUPS = (*TESTED.values(), "g22")
COMPLETE = {1: "9537 / 3783", 2: "9586 / 3734", 3: "9624 / 3696"}
SMALL = {"frames": 4, "size": 16, "clips": 1, "workers": 1}


def clip(name: str, group: str) -> str:
    return f"{name}/v_{name}_{group}_c01.avi"


def write_lists(folder: Path, classes: tuple[str, ...]) -> None:
    """Write the six lists; those for training end each line in the number of the class."""
    folder.mkdir(parents=True)
    for split, tested in TESTED.items():
        train = [
            f"{clip(name, group)} {label}\n"
            for label, name in enumerate(classes, start=1)
            for group in GROUPS
            if group != tested
        ]
        (folder / f"trainlist{split:02}.txt").write_text("".join(train))
        (folder / f"testlist{split:02}.txt").write_text("".join(f"{clip(name, tested)}\n" for name in classes))


def write_clip(source: Path, name: str, group: str) -> None:
    write_video(source / "UCF-101" / clip(name, group), frames=10, codec="mpeg4")


@pytest.fixture
def ucf(tmp_path: Path) -> Path:
    """Two classes, four groups of one clip each; both archives unpacked into one folder."""
    source = tmp_path / "ucf101"
    write_lists(source / "ucfTrainTestlist", CLASSES)
    for name in CLASSES:
        for group in GROUPS:
            write_clip(source, name, group)
    return source


def groups(store: vidense.ClipStore, split: str) -> set[str]:
    return {video.group for video in store.videos if video.split == split}


@pytest.mark.parametrize("split", [1, 2, 3])
def test_each_split_of_ucf101_is_prepared_from_its_own_lists(ucf: Path, tmp_path: Path, split: int) -> None:
    report = vidense.prepare(ucf, tmp_path / "s", split=split, **SMALL)
    assert report.layout == "ucf101" and report.counts == {name: {"train": 3, "test": 1} for name in CLASSES}
    assert f"6 train / 2 test videos; the complete ucf101 has {COMPLETE[split]}" in report.warnings
    assert report.bad_files == [] and not any("no list" in note for note in report.notes)
    store = vidense.ClipStore.open(tmp_path / "s")
    assert groups(store, "test") == {TESTED[split]} and groups(store, "train") == {*GROUPS} - {TESTED[split]}
    assert store.class_names == CLASSES and (len(store.train), len(store.test)) == (6, 2)


def test_clips_of_another_length_need_no_lists_and_are_those_that_prepare_takes(ucf: Path, tmp_path: Path) -> None:
    """The lists lie beside the class folders, which are all that a store knows of."""
    (ucf / "UCF-101" / clip("YoYo", "g08")).unlink()
    vidense.prepare(ucf, tmp_path / "s", **SMALL)
    wanted = vidense.prepare(ucf, tmp_path / "wanted", **{**SMALL, "frames": 3})
    (ucf / "ucfTrainTestlist").rename(tmp_path / "lists")
    made = write_reframed(vidense.ClipStore.open(tmp_path / "s"), 3, tmp_path / "made")
    assert made.content_hash == wanted.content_hash and any(any(video.flips) for video in made.videos)
    assert made.settings == vidense.ClipStore.open(tmp_path / "wanted").settings
    assert write_reframed(vidense.ClipStore.open(tmp_path / "s"), 3, made.path).content_hash == made.content_hash


def test_ucf101_names_what_is_missing_and_what_is_foreign(ucf: Path, tmp_path: Path) -> None:
    gone = clip("YoYo", "g08")
    (ucf / "UCF-101" / gone).unlink()
    write_clip(ucf, "Archery", "g26")
    report = vidense.prepare(ucf, tmp_path / "s", layout="ucf101", split=2, **SMALL)
    assert f"videos that are listed but missing: 1: {gone}" in report.warnings
    assert f"videos on disk that no list names were left out: 1: {clip('Archery', 'g26')}" in report.notes
    assert [(bad.path, bad.reason) for bad in report.bad_files] == [(gone, "missing")]
    assert report.counts["YoYo"] == {"train": 3, "test": 0}


@pytest.mark.parametrize("split", [1, 2, 3])
def test_miniucf_is_prepared_from_the_archives_of_ucf101(tmp_path: Path, split: int) -> None:
    """Videos of other classes are there and left alone; a missing and a foreign one of its own are named."""
    source, more = tmp_path / "ucf101", ("Archery",)
    write_lists(source / "ucfTrainTestlist", (*MINIUCF_CLASSES, *more))
    for name in (*MINIUCF_CLASSES, *more):
        for group in (TESTED[split], "g22"):
            write_clip(source, name, group)
    write_clip(source, "Swing", "g26")
    report = vidense.prepare(source, tmp_path / "s", layout="miniucf", split=split, **SMALL)
    assert report.counts == {name: {"train": 1, "test": 1} for name in MINIUCF_CLASSES}
    compared = [warning for warning in report.warnings if "the complete miniucf has" in warning]
    assert compared == ["50 train / 50 test videos; the complete miniucf has 4662 / 1861"] * (split == 1)
    # Two groups of each class are not there.
    missing = [bad.path for bad in report.bad_files if bad.reason == "missing"]
    assert len(missing) == len(report.bad_files) == 100
    assert any(
        warning.startswith(f"videos that are listed but missing: 100: {missing[0]}, ") for warning in report.warnings
    )
    assert f"videos on disk that no list names were left out: 1: {clip('Swing', 'g26')}" in report.notes
    assert vidense.ClipStore.open(tmp_path / "s").class_names == MINIUCF_CLASSES
