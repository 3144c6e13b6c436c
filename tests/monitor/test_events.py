"""Event files, read back by TensorBoard's own reader."""

import importlib
import io
from pathlib import Path

import pytest
from PIL import Image

from vidense.errors import UserError
from vidense.monitor import EventFile, Reading, RunState
from vidense.report.pictures import PictureFile
from vidense.report.runs import Preview


@pytest.fixture
def read():
    """Reads a folder as TensorBoard does."""
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed (extra 'tensorboard')")
    module = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")

    def load(folder):
        found = module.EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
        return found.Reload()

    return load


def written(run, folder, state=None):
    state = state or RunState(run.path)
    with EventFile(folder, began=1000.0) as events:
        for reading in state.follow():
            events.add(reading, state.class_name)


def steps(found, tag):
    return [(event.step, event.value) for event in found.Scalars(tag)]


def picture(file: Path, frames: int) -> Path:
    first, *others = (Image.new("RGB", (6, 4), (i, 0, 0)) for i in range(0, 250, 250 // frames))
    first.save(file, "WEBP", save_all=True, append_images=others[: frames - 1], duration=160, lossless=True)
    return file


def preview(moving: Path, label: str = "jump") -> Preview:
    return Preview(0, PictureFile(moving), PictureFile(moving), label, 6, 4, 3, (0, 2))


def test_every_scalar_is_there_by_name_step_and_time(read, run, tmp_path):
    run.add(0, key_frames=[2, 4], memory=5e8)
    run.add(1, key_frames=[3, 4], trigger_rate=0.25)
    written(run, tmp_path / "events")
    found = read(tmp_path / "events")
    tags = {"loss", "key_frames", "trigger_rate", "memory", "key_frames_of/jump", "key_frames_of/walk"}
    assert set(found.Tags()["scalars"]) == tags
    assert steps(found, "loss") == [(0, 4.0), (1, 3.75)] and steps(found, "key_frames") == [(0, 3.0), (1, 3.5)]
    assert steps(found, "key_frames_of/jump") == [(0, 2.0), (1, 3.0)] and steps(found, "trigger_rate") == [(1, 0.25)]
    assert [event.wall_time for event in found.Scalars("loss")] == [1002.0, 1004.0]


def test_a_second_look_replaces_the_first(read, run, tmp_path):
    run.add(*range(5))
    written(run, tmp_path)
    written(run, tmp_path)
    assert [step for step, _ in steps(read(tmp_path), "loss")] == list(range(5))


def test_a_run_that_starts_over_replaces_what_it_wrote(read, run, tmp_path):
    state = RunState(run.path)
    run.add(*range(5))
    with EventFile(tmp_path, began=0.0) as events:
        for reading in state.follow():
            events.add(reading, state.class_name)
        run.log.write_text('{"step": 0, "loss": 9.0, "seconds": 1}\n')
        for reading in state.follow():
            events.add(reading, state.class_name)
    assert steps(read(tmp_path), "loss") == [(0, 9.0)]


def test_what_is_flushed_can_be_read_while_the_file_is_open(read, tmp_path):
    with EventFile(tmp_path, began=0.0) as events:
        events.add(Reading(0, 1.0, None, {"loss": 2.0}, ()), str)
        events.flush()
        assert steps(read(tmp_path), "loss") == [(0, 2.0)]


def test_names_from_strangers_are_tags_and_no_paths(read, run, tmp_path):
    run.record(class_names=["../../up", "a\x1b\ud800"])
    run.add(0, key_frames=[2, 3])
    written(run, tmp_path / "events")
    tags = read(tmp_path / "events").Tags()["scalars"]
    assert {"key_frames_of/../../up", "key_frames_of/a\\x1b\\ud800"} <= set(tags)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events", "run"]
    assert len(list((tmp_path / "events").iterdir())) == 1


def test_clips_move_and_are_numbered_within_their_class(read, tmp_path):
    made = [picture(tmp_path / f"{frames}.webp", frames) for frames in (3, 1, 2)]
    with EventFile(tmp_path / "events", began=0.0) as events:
        events.add_clips([preview(made[0]), preview(made[1]), preview(made[2], "walk")], 10, 20.0)
    found = read(tmp_path / "events")
    assert found.Tags()["images"] == ["clips/jump/1", "clips/jump/2", "clips/walk/1"]
    (event,) = found.Images("clips/jump/1")
    assert (event.step, event.wall_time, event.width, event.height) == (10, 20.0, 6, 4)
    with Image.open(io.BytesIO(event.encoded_image_string)) as image:
        assert (image.format, image.n_frames, image.info["duration"], image.size) == ("PNG", 3, 160, (6, 4))
    (still,) = found.Images("clips/jump/2")
    assert Image.open(io.BytesIO(still.encoded_image_string)).n_frames == 1


@pytest.mark.parametrize("content", [b"", b"no picture", b"RIFF\x1a\0\0\0WEBPVP8L"])
def test_a_picture_that_is_none_is_one_sentence(read, tmp_path, content):
    (tmp_path / "0.webp").write_bytes(content)
    broken = preview(tmp_path / "0.webp")
    with (
        EventFile(tmp_path / "events", began=0.0) as events,
        pytest.raises(UserError, match="class 'jump' cannot be read"),
    ):
        events.add_clips([broken], 0, None)


def test_a_small_file_of_many_large_frames_is_refused(read, tmp_path):
    frames = [Image.new("RGB", (4096, 4096), (10 * shade, 0, 0)) for shade in range(17)]
    # Lossless: frames that compression makes equal are stored as one, and which are depends on the processor.
    frames[0].save(tmp_path / "0.webp", save_all=True, append_images=frames[1:], duration=160, lossless=True, method=0)
    with (
        EventFile(tmp_path / "events", began=0.0) as events,
        pytest.raises(UserError, match="4096 x 4096 pixels, too many times"),
    ):
        events.add_clips([preview(tmp_path / "0.webp")], 0, None)


def test_a_file_in_the_way_is_named(read, tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(UserError, match=r"--tensorboard '.*taken' cannot be written .*; give another folder"):
        EventFile(tmp_path / "taken", began=0.0)
    assert (tmp_path / "taken").read_text() == "mine"


def test_events_need_no_torch(read, run, tmp_path):
    from tests.test_architecture import run_python

    run.add(0)
    done = run_python(
        "import sys\nfrom pathlib import Path\nfrom vidense.monitor import EventFile, RunState\n"
        f"state = RunState(Path({str(run.path)!r}))\n"
        f"with EventFile(Path({str(tmp_path / 'events')!r}), began=0.0) as events:\n"
        "    for reading in state.follow(): events.add(reading, state.class_name)\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert done.returncode == 0, done.stderr
    assert steps(read(tmp_path / "events"), "loss") == [(0, 4.0)]


def test_without_tensorboard_nothing_is_written(monkeypatch, tmp_path):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UserError, match=r"install it by pip install 'vidense\[tensorboard\]'"):
        EventFile(tmp_path / "events", began=0.0)
    assert not (tmp_path / "events").exists()
