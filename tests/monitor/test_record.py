"""What is taken from run.json: commands that continue the run, names, and nothing of another kind."""

import json
import shlex

import pytest

from tests.watched import WrittenRun
from vidense.errors import UserError
from vidense.monitor.record import watched_run


def test_what_was_asked_for_is_what_continues_it(run):
    found = watched_run(run.path)
    words = ["vidense", "condense", "STORE", "--out", str(run.path), "--method", "prism", "--iterations", "10"]
    assert shlex.split(found.continuing) == [*words, "--set", "lr=3.0"]
    assert shlex.split(found.next_command) == ["vidense", "evaluate", str(run.path), "--on", "STORE"]
    assert (found.method, found.iterations, found.vpc, found.seed, found.lr) == ("prism", 10, 1, 0, 3.0)
    assert (found.data, found.class_names) == ("da7a", ("jump", "walk"))
    assert not found.done and found.seconds is None


def test_an_older_record_is_continued_with_all_of_its_settings(run):
    run.record(asked=None, class_names=None)
    found = watched_run(run.path)
    assert found.class_names == ()
    assert found.continuing.startswith(f"vidense condense STORE --out {run.path} --method prism --vpc 1 --seed 0")
    assert found.continuing.endswith("--scale small --set lr=3.0 --set max_keys=null")


def test_an_older_finished_run_has_its_names_in_the_dataset(run):
    run.record(class_names=None, status="done", seconds=20)
    (run.path / "dataset").mkdir()
    (run.path / "dataset" / "condensed.json").write_text(json.dumps({"class_names": ["hop"]}))
    found = watched_run(run.path)
    assert found.class_names == ("hop",) and found.done and found.seconds == 20.0


def test_a_method_from_a_plug_in_needs_its_file_again(tmp_path):
    run = WrittenRun(tmp_path / "run", method="mine", sources={"method": "c0de"})
    watched = watched_run(run.path)
    assert "--plugin FILE.py" in watched.continuing and "--plugin FILE.py" in watched.next_command


@pytest.mark.parametrize(
    ("asked", "tuning", "lr"), [("auto", None, None), ("auto", {"lr": 30.0}, 30.0), (2, None, 2.0), (None, None, None)]
)
def test_the_learning_rate_is_the_one_that_was_found(tmp_path, asked, tuning, lr):
    run = WrittenRun(tmp_path / "run", options={} if asked is None else {"lr": asked})
    run.record(tuning=tuning)
    assert watched_run(run.path).lr == lr


@pytest.mark.parametrize(
    "settings",
    [
        {"iterations": None},
        {"iterations": "many"},
        {"iterations": float("inf")},
        {"iterations": 10**400},
        {"iterations": -1},
        {"vpc": []},
        {"options": {"lr": "fast"}},
        {"options": 3},
    ],
)
def test_a_damaged_record_is_one_sentence(tmp_path, settings):
    run = WrittenRun(tmp_path / "run", **settings)
    with pytest.raises(UserError, match=r"run\.json' is damaged .*--fresh"):
        watched_run(run.path)


@pytest.mark.parametrize("fields", [{"settings": None}, {"status": None}, {"class_names": 3}, {"asked": [1]}])
def test_a_record_without_its_parts_is_one_sentence(run, fields):
    run.record(**fields)
    with pytest.raises(UserError, match="is damaged"):
        watched_run(run.path)


def test_what_is_no_run(tmp_path, run):
    for folder in (tmp_path, tmp_path / "nowhere", run.path / "run.json"):
        with pytest.raises(UserError, match="is no run"):
            watched_run(folder)
