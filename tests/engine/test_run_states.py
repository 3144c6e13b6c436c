"""A run folder through every order of starting, killing, resuming and starting over."""

import atexit
import json
import shutil
import tempfile
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.engine.toys import SPEC, Killed, plugged_in
from tests.tiny import write_store
from vidense import condense
from vidense.data.store import ClipStore
from vidense.engine import execute as engine
from vidense.engine import run as run_module
from vidense.engine.run import RunFolder
from vidense.errors import UserError
from vidense.runlog import read_log

N = 5
SETTINGS = {
    "fixed": {"method": "toy_keys", "iterations": N, "options": {"epsilon": 1.1}},
    "searched": {"method": "toy_keys", "iterations": N, "options": {"lr": "auto"}, "seed": 3},
    "outcome": {"method": "toy_gain", "iterations": N},
}
STAGES = ["search", *range(1, N + 1), "saved", "finished", "never"]


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def kill_at(stage) -> ExitStack:
    """Return a context in which a run dies at a stage, and the progress function it has to be given."""
    stack = ExitStack()

    def progress(phase, done, total, entry):
        if (phase, stage) == ("search lr", "search") or (phase == "condense" and done == stage):
            raise Killed

    def save(folder, *rest, **named):
        written = engine_save(folder, *rest, **named)
        if folder.name == "dataset":
            raise Killed
        return written

    def finish(self, **fields):
        self.write(status="done", **fields)
        raise Killed

    engine_save = engine.save
    if stage == "saved":
        stack.enter_context(mock.patch.object(engine, "save", save))
    if stage == "finished":
        stack.enter_context(mock.patch.object(RunFolder, "finish", finish))
    stack.progress = progress
    return stack


def bits(run: Path) -> bytes:
    return (run / "dataset" / "tensors.safetensors").read_bytes()


@cache
def unbroken() -> Path:
    """Return a store beside which a run of each setting was completed at one go."""
    root = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, root)
    store = write_store(root / "store", spec=SPEC)
    for name, given in SETTINGS.items():
        condense(store.path, root / name, **given)
    return store.path


class AnyOrder(RuleBasedStateMachine):
    """What a folder holds is decided by the last settings that were given to it and by nothing that happened since."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.store, self.out = unbroken(), Path(self.folder.name) / "run"
        self.owner, self.done = None, False

    def teardown(self):
        self.folder.cleanup()

    def start(self, name, stage, fresh):
        with kill_at(stage) as killer:
            condense(
                self.store, self.out, fresh=fresh, checkpoint_seconds=0, progress=killer.progress, **SETTINGS[name]
            )

    @rule(name=st.sampled_from(sorted(SETTINGS)), stage=st.sampled_from(STAGES), fresh=st.booleans())
    def run(self, name, stage, fresh):
        if not fresh and self.owner not in (None, name):
            with pytest.raises(UserError, match="other settings"):
                self.start(name, stage, fresh)
            return
        was_done = self.done and not fresh
        try:
            self.start(name, stage, fresh)
        except Killed:
            assert not was_done
            self.done = stage == "finished"
        else:
            # Later iterations, and a search that was not asked for, are no place to die at.
            self.done = True
        self.owner = name

    @rule(removals=st.integers(0, 3))
    def die_while_clearing(self, removals):
        calls = iter(range(removals))

        def remove(path):
            if next(calls, None) is None:
                raise Killed
            true_remove(path)

        if self.owner is not None:
            (self.out / "evaluation.json").write_text("{}")
            true_remove = run_module.remove
            with mock.patch.object(run_module, "remove", remove), pytest.raises(Killed):
                self.start(self.owner, "never", True)
            self.done = False

    @invariant()
    def done_means_done(self):
        if self.owner is None:
            return
        record = json.loads((self.out / "run.json").read_text())
        assert (record["status"] == "done") == self.done
        if self.done:
            assert bits(self.out) == bits(self.store.parent / self.owner)
            assert [entry["step"] for entry in read_log(self.out / "log.jsonl")] == list(range(N))
            assert not (self.out / "evaluation.json").exists(), "it is of an earlier run"
        assert not [path for path in self.out.rglob(".*") if path.is_file()], "temporary files are left"


AnyOrder.TestCase.settings = settings(max_examples=6, stateful_step_count=7, deadline=None, derandomize=True)
TestAnyOrder = AnyOrder.TestCase


@pytest.fixture(scope="module")
def store():
    return unbroken()


@pytest.mark.parametrize("stage", ["search", 1, 3, N, "saved", "finished"])
def test_a_run_killed_at_any_stage_ends_as_an_unbroken_one(store, tmp_path, stage):
    straight = store.parent / "searched"
    with kill_at(stage) as killer, pytest.raises(Killed):
        condense(store, tmp_path, checkpoint_seconds=0, progress=killer.progress, **SETTINGS["searched"])
    condense(store, tmp_path, **SETTINGS["searched"])
    assert bits(tmp_path) == bits(straight)
    logs = [[entry["loss"] for entry in read_log(run / "log.jsonl")] for run in (straight, tmp_path)]
    assert logs[0] == logs[1]


def test_a_run_that_dies_again_and_again_still_ends(store, tmp_path):
    for stage in (1, 3, 3, "saved", "saved"):
        with kill_at(stage) as killer, suppress(Killed):
            condense(store, tmp_path, checkpoint_seconds=0, progress=killer.progress, **SETTINGS["outcome"])
    condense(store, tmp_path, **SETTINGS["outcome"])
    assert bits(tmp_path) == bits(store.parent / "outcome")


@pytest.mark.parametrize(
    ("iterations", "steps"), [(1, {1}), (2, {1, 2}), (3, {1, 2}), (4, {1, 2, 3}), (10, {2, 4, 6, 8})]
)
def test_snapshots_of_short_runs(store, tmp_path, iterations, steps):
    given = {**SETTINGS["fixed"], "iterations": iterations}
    condense(store, tmp_path, **given)
    names = {path.name for path in (tmp_path / "snapshots").iterdir()}
    assert names == {f"step-{step:06d}" for step in steps}
    assert RunFolder(tmp_path, {}).snapshot(7) == tmp_path / "snapshots" / "step-000007"
    if iterations in steps:
        last = tmp_path / "snapshots" / f"step-{iterations:06d}"
        assert (last / "tensors.safetensors").read_bytes() == bits(tmp_path)


def test_starting_over_forgets_what_was_added_to_the_run_and_nothing_else(store, tmp_path):
    condense(store, tmp_path / "run", **SETTINGS["outcome"])
    for name in ("evaluation.json", "jobs/a/b.json", "preview/preview.json", "notes.txt", "videos/mine.mp4"):
        (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_text("{}")
    condense(store, tmp_path / "run", fresh=True, **SETTINGS["fixed"])
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert left == {"run.json", "log.jsonl", "dataset", "snapshots", "notes.txt", "videos"}


def test_what_differs_is_named_setting_by_setting(store, tmp_path):
    condense(store, tmp_path / "run", **SETTINGS["outcome"])
    with pytest.raises(UserError) as caught:
        condense(store, tmp_path / "run", method="toy_gain", iterations=N + 1, vpc=2)
    assert "iterations 5 -> 6" in str(caught.value) and "vpc 1 -> 2" in str(caught.value)
    assert "seed" not in str(caught.value)


def test_another_store_is_another_run(store, tmp_path):
    condense(store, tmp_path / "run", **SETTINGS["outcome"])
    other = write_store(tmp_path / "store", videos=3, spec=SPEC)
    with pytest.raises(UserError, match=r"other settings \(data "):
        condense(other.path, tmp_path / "run", **SETTINGS["outcome"])


def test_a_file_in_the_way_is_named(store, tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(UserError, match="is a file; give a folder"):
        condense(store, tmp_path / "run", **SETTINGS["outcome"])


def test_an_empty_folder_is_a_place_for_a_run(store, tmp_path):
    (tmp_path / "run").mkdir()
    assert len(condense(store, tmp_path / "run", fresh=True, **SETTINGS["outcome"])) == 3


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], "is no vidense-run file; give another folder"),
        ({"format": "vidense-run", "version": 2}, "this vidense reads version 1; give another folder"),
        ({"format": "vidense-run"}, "this vidense reads version 1; give another folder"),
        ("run", "is no vidense-run file; give another folder"),
    ],
)
@pytest.mark.parametrize("fresh", [False, True])
def test_records_of_other_versions_are_never_taken_up_nor_deleted(tmp_path, record, message, fresh):
    (tmp_path / "run.json").write_text(json.dumps(record))
    (tmp_path / "log.jsonl").write_text("")
    with pytest.raises(UserError, match=message):
        RunFolder(tmp_path, {"seed": 0}).open(fresh=fresh)
    assert (tmp_path / "log.jsonl").exists()


def test_the_record_of_a_run_is_read_back(tmp_path):
    folder = RunFolder(tmp_path / "run", {"seed": 4})
    assert folder.open(fresh=False) is None and folder.log == tmp_path / "run" / "log.jsonl"
    folder.write(tuning={"lr": 2.0})
    with pytest.raises(UserError, match=r"another process is writing .*; wait for it"):
        RunFolder(tmp_path / "run", {"seed": 4}).open(fresh=True)
    folder.close()
    again = RunFolder(tmp_path / "run", {"seed": 4})
    assert again.open(fresh=False) is None and again.record["tuning"] == {"lr": 2.0}
    assert run_module.read_record(tmp_path / "run") == again.record
    with pytest.raises(UserError, match="is no run"):
        run_module.read_record(tmp_path)


def test_a_run_that_another_process_finishes_meanwhile_is_recognised(store, tmp_path, monkeypatch):
    with kill_at(2) as killer, pytest.raises(Killed):
        condense(store, tmp_path, checkpoint_seconds=0, progress=killer.progress, **SETTINGS["outcome"])
    take = run_module.Lock.take

    def late(lock):
        with monkeypatch.context() as patch:
            patch.setattr(run_module.Lock, "take", take)
            condense(store, tmp_path, **SETTINGS["outcome"])
        return take(lock)

    monkeypatch.setattr(run_module.Lock, "take", late)
    condense(store, tmp_path, progress=lambda *_: pytest.fail("nothing is left to do"), **SETTINGS["outcome"])


def test_the_store_is_only_read(store, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*")}
    condense(store, tmp_path, **SETTINGS["searched"])
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == before
    assert ClipStore.open(store).spec == SPEC
