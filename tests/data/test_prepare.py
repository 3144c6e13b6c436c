import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.data.video_files import truncate, write_audio, write_folder, write_video, write_zero_frames
from vidense.data import parts
from vidense.data.prepare import prepare
from vidense.data.prepare_report import PrepareReport
from vidense.data.store import ClipStore
from vidense.errors import UserError

SMALL: dict[str, Any] = {"frames": 4, "stride": 2, "size": 16, "clips": 2, "workers": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of five good videos; tests that change it make a copy."""
    return write_folder(tmp_path_factory.mktemp("source"))


@pytest.fixture
def source(folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(folder, tmp_path / "source")


def test_a_folder_becomes_a_store(source: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = prepare(source, tmp_path / "s", progress=lambda *both: seen.append(both), **SMALL)
    assert seen == [(i, 10) for i in range(1, 11)]
    assert report.counts == {"jump": {"train": 4, "test": 1}, "walk": {"train": 4, "test": 1}}
    assert (report.videos, report.layout, report.bad_files, report.duplicates) == (10, "folder", [], [])
    assert "minic3d" in report.warnings[0]
    store = ClipStore.open(tmp_path / "s")
    assert store.class_names == ("jump", "walk")
    assert (len(store.train), len(store.test), store.train.windows) == (8, 2, 2)
    assert not (tmp_path / "s" / "parts").exists()
    assert (store.source / store.videos[0].path).is_file()
    # Brightness tells each frame's number, so what is stored can be checked against what the index says.
    for view, split in ((store.train, "train"), (store.test, "test")):
        for i, video in enumerate(v for v in store.videos if v.split == split):
            assert store.class_names[view.labels[i]] == Path(video.path).parent.name
            for window, frames in enumerate(video.windows):
                shown = view.pixels(torch.tensor([i]), window)[0, :, :, 4:, 4:].float().mean((1, 2, 3))
                assert torch.allclose(shown, 10 + 8 * torch.tensor(frames).float(), atol=3)


def test_the_same_call_again_recognises_the_store(source: Path, tmp_path: Path) -> None:
    first = prepare(source, tmp_path / "s", **SMALL)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "s").iterdir()}
    again = prepare(source, tmp_path / "s", **SMALL)
    assert again.reused
    assert not first.reused
    assert again.content_hash == first.content_hash
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "s").iterdir()}


def test_the_content_hash_follows_the_clips_not_the_place(source: Path, tmp_path: Path) -> None:
    report = prepare(source, tmp_path / "s", **SMALL)
    moved = shutil.copytree(source, tmp_path / "elsewhere")
    assert prepare(moved, tmp_path / "s2", **{**SMALL, "workers": 2}).content_hash == report.content_hash
    for name, value in {"size": 18, "stride": 1, "seed": 1}.items():
        other = prepare(moved, tmp_path / f"{name}", **{**SMALL, name: value})
        assert other.content_hash != report.content_hash, name


def test_fresh_deletes_nothing_where_a_store_holds_something_else(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "s", **SMALL)
    (tmp_path / "s" / "notes.txt").write_text("mine")
    before = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "s").iterdir()}
    with pytest.raises(UserError, match=r"holds 'notes\.txt' beside the store; move it away"):
        prepare(source, tmp_path / "s", fresh=True, **SMALL)
    assert {file.name: file.stat().st_mtime_ns for file in (tmp_path / "s").iterdir()} == before


def test_other_settings_are_refused_and_fresh_starts_over(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "s", **SMALL)
    (tmp_path / "s" / "cache").mkdir()
    with pytest.raises(UserError, match=r"was prepared with frames=4, not frames=8"):
        prepare(source, tmp_path / "s", **{**SMALL, "frames": 8})
    prepare(source, tmp_path / "s", fresh=True, **{**SMALL, "frames": 8})
    assert ClipStore.open(tmp_path / "s").spec.frames == 8
    assert not (tmp_path / "s" / "cache").exists()


def test_a_changed_source_is_noticed(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "s", **SMALL)
    video = source / "jump" / "jump0.mp4"
    os.utime(video, (1, 1))
    assert prepare(source, tmp_path / "s", **SMALL).reused, "the same bytes with another time are no change"
    write_video(video, frames=30)
    with pytest.raises(UserError, match=r"jump0\.mp4' changed since it was prepared"):
        prepare(source, tmp_path / "s", **SMALL)
    video.unlink()
    with pytest.raises(UserError, match="videos or splits of the source are not those"):
        prepare(source, tmp_path / "s", **SMALL)


def test_a_changed_pixel_of_equal_size_is_noticed(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "s", **SMALL)
    video = source / "walk" / "walk1.mp4"
    data = bytearray(video.read_bytes())
    data[-1] ^= 1
    video.write_bytes(data)
    with pytest.raises(UserError, match=r"walk1\.mp4' changed"):
        prepare(source, tmp_path / "s", **SMALL)


def interrupt_after(count: int) -> Any:
    def progress(done: int, total: int) -> None:
        if done == count:
            raise KeyboardInterrupt

    return progress


def test_an_interrupted_preparation_continues(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "SHARD_BYTES", 3 * 2 * 4 * 3 * 16 * 16)
    whole = prepare(source, tmp_path / "whole", **SMALL)
    out = tmp_path / "s"
    with pytest.raises(KeyboardInterrupt):
        prepare(source, out, progress=interrupt_after(7), **SMALL)
    with pytest.raises(UserError, match="was not prepared to the end"):
        ClipStore.open(out)
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob("*.npy")}
    assert sorted(kept) == ["train-00000.npy", "train-00001.npy"]
    with pytest.raises(UserError, match=r"was prepared with seed=0, not seed=5"):
        prepare(source, out, **SMALL, seed=5)
    # A later version may choose another shard size; what was begun is finished as it was planned.
    monkeypatch.setattr(parts, "SHARD_BYTES", 1)
    seen: list[int] = []
    report = prepare(source, out, progress=lambda done, _: seen.append(done), **SMALL)
    assert seen == [7, 8, 9, 10]
    assert report.content_hash == whole.content_hash
    assert kept == {name: (out / name).stat().st_mtime_ns for name in kept}
    for shard in (tmp_path / "whole").glob("*.npy"):
        assert shard.read_bytes() == (out / shard.name).read_bytes()


KILLED = """
import os, signal, sys
from vidense.data import parts
from vidense.data.prepare import prepare
parts.SHARD_BYTES = 3 * 2 * 4 * 3 * 16 * 16
def progress(done, total):
    if done == 7:
        os.kill(os.getpid(), signal.SIGKILL)
prepare(sys.argv[1], sys.argv[2], frames=4, stride=2, size=16, clips=2, workers=1, progress=progress)
"""


def test_a_killed_preparation_continues(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "s"
    package = Path(parts.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, source, out], env={**os.environ, "PYTHONPATH": str(package)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    (out / ".train-00002.npy.half.npy").touch()
    report = prepare(source, out, **SMALL)
    assert report.content_hash == prepare(source, tmp_path / "whole", **SMALL).content_hash
    assert {path.name for path in out.iterdir()} == {"index.json", "report.json"} | {
        shard["file"] for shard in json.loads((out / "index.json").read_text())["shards"]
    }


def test_a_source_changed_while_interrupted_is_noticed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "SHARD_BYTES", 3 * 2 * 4 * 3 * 16 * 16)
    with pytest.raises(KeyboardInterrupt):
        prepare(source, tmp_path / "s", progress=interrupt_after(7), **SMALL)
    first = json.loads((tmp_path / "s" / "parts" / "train-00000.json").read_text())["videos"][0]["path"]
    write_video(source / first, frames=33)
    with pytest.raises(UserError, match="changed since it was prepared"):
        prepare(source, tmp_path / "s", **SMALL)


def add_bad_files(source: Path) -> dict[str, str]:
    bad = source / "jump"
    (bad / "empty.mp4").touch()
    (bad / "text.mp4").write_text("no video" * 50)
    truncate(write_video(bad / "cut.avi", frames=200, size=(64, 64), codec="mpeg4"))
    write_audio(bad / "sound.mp4")
    write_zero_frames(bad / "nothing.avi")
    return {
        "jump/empty.mp4": "empty",
        "jump/text.mp4": "unreadable",
        "jump/cut.avi": "truncated",
        "jump/sound.mp4": "audio-only",
        "jump/nothing.avi": "zero-frame",
    }


def test_bad_files_are_listed_and_skipped(source: Path, tmp_path: Path) -> None:
    expected = add_bad_files(source)
    shutil.copy(source / "walk" / "walk0.mp4", source / "walk" / "copy.mp4")
    report = prepare(source, tmp_path / "s", **SMALL)
    assert {bad.path: bad.reason for bad in report.bad_files} == expected
    assert report.duplicates == [["walk/copy.mp4", "walk/walk0.mp4"]]
    assert report.videos == 11
    assert PrepareReport.read(tmp_path / "s").bad_files == report.bad_files
    assert len(ClipStore.open(tmp_path / "s").videos) == 11
    with pytest.raises(UserError, match=r"jump/\w+\.\w+' cannot be used"):
        prepare(source, tmp_path / "s", on_error="fail", **SMALL)


def test_a_bad_file_stops_the_preparation_if_asked(source: Path, tmp_path: Path) -> None:
    (source / "jump" / "jump0.mp4").write_bytes(b"")
    with pytest.raises(UserError, match=r"jump0\.mp4' cannot be used \(empty: the file holds 0 bytes\)"):
        prepare(source, tmp_path / "s", on_error="fail", **SMALL)


def test_copies_in_training_and_test_are_warned_about(folder: Path, tmp_path: Path) -> None:
    for split in ("train", "test"):
        shutil.copytree(folder, tmp_path / "v" / split)
    report = prepare(tmp_path / "v", tmp_path / "s", **SMALL)
    assert len(report.duplicates) == 10
    assert "10 videos are in both the training and the test part, byte by byte" in report.warnings


def test_a_class_without_readable_training_videos_is_refused(tmp_path: Path) -> None:
    rows = ["path,class,split", "a.mp4,walk,train", "b.mp4,jump,train", "gone.mp4,jump,train"]
    (tmp_path / "splits.csv").write_text("\n".join(rows))
    write_video(tmp_path / "a.mp4")
    (tmp_path / "b.mp4").touch()
    with pytest.raises(UserError, match=r"'jump' has no training video that can be read \(1 empty, 1 missing\)"):
        prepare(tmp_path, tmp_path / "s", **SMALL)
    (tmp_path / "splits.csv").write_text("\n".join([*rows[:2], "b.mp4,jump,test"]))
    with pytest.raises(UserError, match="'jump' has no training video; add one"):
        prepare(tmp_path, tmp_path / "s2", **SMALL)
    assert not (tmp_path / "s2").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"frames": 0}, "frames=0 is out of range"),
        ({"size": -1}, "size=-1 is out of range"),
        ({"clips": 0}, "clips=0"),
        ({"stride": 0}, "stride=0"),
        ({"resize": "stretch"}, "resize='stretch' is unknown; choose 'squash' or 'crop'"),
        ({"on_error": "ignore"}, "on_error='ignore'"),
        ({"timeout_s": 0}, "timeout_s=0"),
        ({"workers": 0}, "workers=0"),
        ({"layout": "ucf11"}, r"unknown layout 'ucf11'; did you mean 'ucf101'"),
    ],
)
def test_wrong_values(folder: Path, tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        prepare(folder, tmp_path / "s", **{**SMALL, **wrong})
    assert not (tmp_path / "s").exists()


def test_a_folder_of_something_else_is_not_touched(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    (tmp_path / "train-results.npy").touch()
    for fresh in (False, True):
        with pytest.raises(UserError, match="exists and holds something else"):
            prepare(folder, tmp_path, fresh=fresh, **SMALL)
    assert {path.name for path in tmp_path.iterdir()} == {"thesis.tex", "train-results.npy"}
