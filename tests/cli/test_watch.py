"""``vidense watch``: what it shows where, when it ends, what it refuses. A run is written while nobody sleeps."""

import json
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.source_tree import SOURCE
from tests.watched import WrittenRun
from vidense.cli import run as run_cli
from vidense.cli import watch_view


@pytest.fixture(scope="module")
def finished(tmp_path_factory, store):
    """A finished run of three iterations, made by the command line."""
    folder = tmp_path_factory.mktemp("watch") / "run"
    words = ["condense", str(store), "--out", str(folder), "--iterations", "3", "--set", "lr=1", "--set", "epsilon=1.1"]
    assert run_cli([*words, "--set", "batch_real=1"]) == 0
    return folder


@pytest.fixture
def run(tmp_path):
    return WrittenRun(tmp_path / "run")


@pytest.fixture
def between_looks(monkeypatch):
    """Sets what happens instead of each pause: one call after the other, and three seconds pass at each."""
    now = [0.0]

    def script(*acts):
        remaining = iter(acts)

        def sleep(seconds):
            now[0] += 3
            next(remaining)()

        clock = SimpleNamespace(sleep=sleep, monotonic=lambda: now[0])
        # In the command line's package the verb hides its module.
        monkeypatch.setattr(sys.modules["vidense.cli.watch"], "time", clock)
        monkeypatch.setattr(watch_view, "time", clock)

    return script


def rows_of(out: str) -> dict[str, str]:
    return {line[:15].strip(): line[15:].strip() for line in out.splitlines()}


def test_a_finished_run_is_told_at_once(vidense, finished):
    code, out, err = vidense("watch", finished)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].endswith(f"{finished}: finished") and "3 of 3" in out and "loss" in out and "memory" in out
    assert [line.split() for line in lines if line.startswith("  ")] == [["ball", "8"], ["cube", "8"], ["disc", "8"]]
    assert lines[-1].endswith(f"vidense evaluate {finished} --on STORE")


def test_what_is_printed_to_continue_does_continue(vidense, store, tmp_path):
    words = ["condense", str(store), "--out", str(tmp_path / "run"), "--iterations", "2", "--set", "lr=1", "--vpc", "2"]
    assert vidense(*words, "--set", "batch_real=1", "--scale", "published").code == 0
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    from vidense.monitor import RunState

    for asked in (record.pop("asked"), None):
        (tmp_path / "run" / "run.json").write_text(json.dumps({**record, **({"asked": asked} if asked else {})}))
        command = RunState(tmp_path / "run").run.continuing.replace("STORE", str(store)).split()
        assert "finished before" in vidense(*command[1:]).out


def test_lines_come_now_and_then_and_the_end_goes_to_stdout(vidense, run, between_looks):
    steps = [lambda step=step: run.add(step) for step in range(10)]
    between_looks(*steps, run.finish)
    code, out, err = vidense("watch", run.path)
    assert code == 0 and "10 of 10" in out and "finished" in out
    counts = [line.split(",")[0] for line in err.splitlines()]
    assert counts == ["prism 0/10", "prism 4/10", "prism 8/10"]


def test_nothing_is_said_twice(vidense, run, between_looks):
    between_looks(*[lambda: None] * 20, lambda: run.add(0), *[lambda: None] * 20, run.finish)
    _, _, err = vidense("watch", run.path)
    assert len(err.splitlines()) == 2 and err.splitlines()[1].startswith("prism 1/10, loss 4")


def test_a_half_written_line_is_waited_for(vidense, run, between_looks):
    def half():
        run.log.write_text('{"step": 0, "lo')

    def whole():
        run.log.write_text('{"step": 0, "loss": 0.125}\n')

    between_looks(half, whole, run.finish)
    code, out, _ = vidense("watch", run.path)
    assert code == 0 and "0.125" in out and "1 of 10" in out


def test_a_terminal_gets_rows_that_go_away(vidense, run, between_looks, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    run.record(class_names=["[red]jump", "wa\x1b]0;lk"])
    between_looks(lambda: run.add(0, key_frames=[2, 5]), lambda: run.add(1, key_frames=[2, 5]), run.finish)
    code, out, err = vidense("watch", run.path)
    assert code == 0 and "finished" in out and "finished" not in err
    assert "[red]jump" in err and "2 of 10" in err and "\x1b]0;" not in err + out and "to continue" in err
    # The last thing on the terminal is the deletion of what was shown.
    assert err.rstrip().endswith("\x1b[2K")


def test_ctrl_c_ends_the_watching_and_leaves_the_last_view(vidense, run, between_looks, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    run.add(0)
    between_looks(interrupt)
    code, out, err = vidense("watch", run.path)
    assert (code, out) == (130, "") and err.endswith(f"interrupted; to resume: vidense watch {run.path}\n")
    # No line is deleted after the view was last drawn.
    assert err.rindex("1 of 10") > err.rfind("\x1b[2K")


def test_a_signal_ends_it_as_ctrl_c_does(run):
    code = (
        "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from vidense.cli import run\nsys.exit(run(['watch', {str(run.path)!r}]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    # Its first line says that it is watching.
    assert process.stderr.readline().startswith(b"prism 0/10")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == b"" and b"interrupted" in err


def test_folders_that_are_no_run(refused, store, run, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere", store):
        assert "is no run" in refused("watch", folder)
    run.log.write_text("garbage\n")
    assert "line 1 of" in refused("watch", run.path)
    run.record(settings={})
    assert "is damaged" in refused("watch", run.path)


def test_a_log_that_cannot_be_read_is_one_sentence(refused, run):
    run.log.mkdir()
    assert "cannot be read" in refused("watch", run.path)


def test_the_run_is_only_read(vidense, finished):
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    vidense("watch", finished)
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == before


def test_watching_needs_no_torch(finished):
    code = (
        f"import sys; from vidense.cli import run; done = run(['watch', {str(finished)!r}]); "
        "sys.exit(done or 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


class TestTensorBoard:
    @pytest.fixture(autouse=True)
    def _tensorboard(self):
        pytest.importorskip("tensorboard", reason="TensorBoard is not installed (extra 'tensorboard')")

    def read(self, folder):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        return EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()

    def test_a_finished_run_is_written_at_once_with_its_clips(self, vidense, finished, tmp_path):
        assert vidense("watch", finished, "--tensorboard", tmp_path / "events").code == 0
        found = self.read(tmp_path / "events")
        assert [event.step for event in found.Scalars("loss")] == [0, 1, 2]
        assert [event.value for event in found.Scalars("key_frames_of/cube")] == [2, 8, 8]
        assert found.Tags()["images"] == ["clips/ball/1", "clips/cube/1", "clips/disc/1"]

    def test_events_are_there_while_the_run_goes_on(self, vidense, run, between_looks, tmp_path):
        seen = []

        def look():
            seen.append([event.step for event in self.read(tmp_path / "events").Scalars("loss")])
            (run.path / "run.json").unlink()

        between_looks(lambda: run.add(0, 1), look)
        code, _, err = vidense("watch", run.path, "--tensorboard", tmp_path / "events")
        assert seen == [[0, 1]] and code == 2 and "is no run" in err

    def test_clips_that_come_late_are_waited_for(self, vidense, finished, between_looks, tmp_path):
        shutil.copytree(finished, tmp_path / "run")
        drawn, away = tmp_path / "run" / "preview", tmp_path / "away"
        drawn.rename(away)
        (tmp_path / "run" / "run.json").touch()
        between_looks(lambda: away.rename(drawn))
        assert vidense("watch", tmp_path / "run", "--tensorboard", tmp_path / "events").code == 0
        assert len(self.read(tmp_path / "events").Tags()["images"]) == 3

    def test_clips_that_never_come_are_left_out(self, vidense, finished, between_looks, tmp_path):
        shutil.copytree(finished, tmp_path / "run")
        shutil.rmtree(tmp_path / "run" / "preview")
        (tmp_path / "run" / "run.json").touch()
        between_looks(*[lambda: None] * 2)
        code, out, _ = vidense("watch", tmp_path / "run", "--tensorboard", tmp_path / "events")
        assert code == 0 and "finished" in out
        assert self.read(tmp_path / "events").Tags()["images"] == []

    def test_a_file_in_the_way(self, refused, finished, tmp_path):
        (tmp_path / "taken").write_text("mine")
        assert "give another folder" in refused("watch", finished, "--tensorboard", tmp_path / "taken")


def test_without_tensorboard_one_sentence_says_what_to_install(refused, finished, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    for name in [name for name in sys.modules if name.startswith("tensorboard.")]:
        monkeypatch.delitem(sys.modules, name)
    line = refused("watch", finished, "--tensorboard", tmp_path / "events")
    assert line == (
        "vidense: --tensorboard needs TensorBoard, which is not installed; install it by "
        "pip install 'vidense[tensorboard]', or leave --tensorboard out\n"
    )
    assert not (tmp_path / "events").exists()
