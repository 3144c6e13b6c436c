"""Runs that are damaged, of other options, or hold what is not theirs."""

import json
from contextlib import suppress

import pytest
import torch

from tests.engine.test_run_states import SETTINGS, _toys, bits, kill_at, store
from tests.engine.toys import Killed
from vidense import condense
from vidense.engine.run import RunFolder
from vidense.errors import UserError
from vidense.records import remove
from vidense.runlog import read_record

__all__ = ["_toys", "store"]  # fixtures: pytest finds them by their names in this module


def test_what_differs_of_many_options_is_told_alone(tmp_path):
    folder = RunFolder(tmp_path / "run", {"seed": 4, "options": {"lr": 1.0, "momentum": 0.5}})
    folder.open(fresh=False)
    folder.close()
    with pytest.raises(
        UserError, match=r"other settings \(option lr 1\.0 -> 2\.0\); give another --out, or start over"
    ):
        RunFolder(tmp_path / "run", {"seed": 4, "options": {"lr": 2.0, "momentum": 0.5}}).open(fresh=False)


def test_a_damaged_run_is_told_and_starts_over(store, tmp_path):
    out, given = tmp_path / "run", SETTINGS["outcome"]
    condense(store, out, **given)
    (out / "dataset" / "tensors.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match=r"is finished but its dataset is not whole .*; start over with"):
        condense(store, out, **given)
    (out / "run.json").write_text('{"format": ')
    with pytest.raises(UserError, match="is not readable JSON"):
        condense(store, out, **given)
    condense(store, out, fresh=True, **given)
    assert bits(out) == bits(store.parent / "outcome")


def test_what_a_killed_first_write_leaves_is_no_other_thing(store, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".run.json.abcd_123.json").touch()
    (tmp_path / "run" / "dataset").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="not empty and holds no run"):
        condense(store, tmp_path / "run", **SETTINGS["outcome"])
    (tmp_path / "run" / "dataset").unlink()
    assert len(condense(store, tmp_path / "run", **SETTINGS["outcome"])) == 3


def test_a_link_in_a_run_is_not_written_through(store, tmp_path):
    condense(store, tmp_path / "run", **SETTINGS["outcome"])
    (tmp_path / "run" / "dataset").rename(tmp_path / "mine")
    (tmp_path / "run" / "dataset").symlink_to(tmp_path / "mine")
    before = (tmp_path / "mine" / "tensors.safetensors").stat().st_mtime_ns
    condense(store, tmp_path / "run", fresh=True, **SETTINGS["fixed"])
    assert not (tmp_path / "run" / "dataset").is_symlink()
    assert (tmp_path / "mine" / "tensors.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["dataset", "snapshots"])
def test_a_link_in_an_unfinished_run_is_not_written_through(store, tmp_path, name):
    with kill_at(3) as killer, pytest.raises(Killed):
        condense(store, tmp_path / "run", checkpoint_seconds=0, progress=killer.progress, **SETTINGS["outcome"])
    (tmp_path / "mine").mkdir()
    remove(tmp_path / "run" / name)
    (tmp_path / "run" / name).symlink_to(tmp_path / "mine")
    condense(store, tmp_path / "run", **SETTINGS["outcome"])
    assert not (tmp_path / "run" / name).is_symlink() and not list((tmp_path / "mine").iterdir())


@pytest.mark.parametrize("state", [{}, {"step": 3, "loop": {}}, {"step": 3, "loop": 4}])
def test_a_checkpoint_of_something_else_is_told(store, tmp_path, state):
    with kill_at(3) as killer, pytest.raises(Killed):
        condense(store, tmp_path / "run", checkpoint_seconds=0, progress=killer.progress, **SETTINGS["outcome"])
    torch.save({"seconds": 1.0, **state}, tmp_path / "run" / "checkpoint.pt")
    with pytest.raises(UserError, match=r"checkpoint\.pt' is of no such run .*; delete it to start over"):
        condense(store, tmp_path / "run", **SETTINGS["outcome"])


@pytest.mark.parametrize("change", [{"status": None}, {"settings": []}])
def test_a_record_without_its_parts_is_damaged(store, tmp_path, change):
    condense(store, tmp_path / "run", **SETTINGS["outcome"])
    file = tmp_path / "run" / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(UserError, match=r"is damaged .* start over with --fresh"):
        condense(store, tmp_path / "run", **SETTINGS["outcome"])
    assert len(condense(store, tmp_path / "run", fresh=True, **SETTINGS["outcome"])) == 3


def test_the_most_memory_is_that_of_any_process_that_worked_on_it(store, tmp_path, monkeypatch):
    for held, stage in ((9e9, 3), (1e9, "never")):
        monkeypatch.setattr("vidense.engine.execute.peak_memory", lambda device, held=held: held)
        with kill_at(stage) as killer, suppress(Killed):
            condense(store, tmp_path, checkpoint_seconds=0, progress=killer.progress, **SETTINGS["fixed"])
    assert read_record(tmp_path)["peak_memory"] == 9e9


def test_a_damaged_record_without_a_run_is_left_alone(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(UserError, match="is not readable JSON"):
        RunFolder(tmp_path, {}).open(fresh=True)
    assert (tmp_path / "run.json").read_text() == "{"
