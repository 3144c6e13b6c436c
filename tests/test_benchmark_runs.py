"""Runs of benchmarks: made once, lent to others as they are, made again where they are not there."""

from dataclasses import replace

import pytest

from benchmarks import command
from benchmarks.points import Point
from benchmarks.runs import condensed, finished
from benchmarks.suite import Suite
from tests.tiny import write_store
from vidense.errors import UserError
from vidense.records import write_json
from vidense.run_files import RECORD
from vidense.runlog import read_record

SEARCHED = Point("dm", 1, 0, 2, 2)
LATER = replace(SEARCHED, seed=1)


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A suite whose data are prepared; it measured nothing yet."""
    monkeypatch.setattr(command, "ROOT", tmp_path)
    write_store(tmp_path / "store")
    return Suite(name="toy", points=[SEARCHED, LATER], clips={}, device="cpu", rate_of={"dm": "dm"})


def rate(point: Point, work) -> float | str:
    return read_record(point.folder(work))["settings"]["options"]["lr"]


def test_a_run_is_made_once(tmp_path):
    write_store(tmp_path / "store")
    point = Point("random", 1, 0, 3)
    assert finished(point, tmp_path) is None
    made = condensed(point, tmp_path, "cpu")
    before = (point.folder(tmp_path) / RECORD).stat().st_mtime_ns
    again = condensed(point, tmp_path, "cpu")
    assert again.index == made.index and (point.folder(tmp_path) / RECORD).stat().st_mtime_ns == before


def test_a_finished_run_is_lent_whatever_its_settings_and_an_unfinished_one_is_continued(base, tmp_path):
    point = replace(LATER, options={"lr": 3.0})
    made = condensed(point, tmp_path, "cpu")
    assert base.lend(LATER, tmp_path).index == made.index
    write_json(point.folder(tmp_path) / RECORD, {**read_record(point.folder(tmp_path)), "status": "running"})
    assert finished(LATER, tmp_path) is None
    with pytest.raises(UserError, match="other settings"):
        base.lend(replace(LATER, options={"lr": 4.0}), tmp_path)


def test_a_run_that_is_not_there_is_made_at_the_rate_that_was_found(base, tmp_path):
    write_json(base.results / f"{SEARCHED.name}.json", {"tuning": {"lr": 0.25}})
    evaluated_otherwise = replace(SEARCHED, evaluation={"labels": "soft"}, evaluated="soft")
    for point in (evaluated_otherwise, LATER):
        base.lend(point, tmp_path)
        assert rate(point, tmp_path) == 0.25
    # Measured again by its own suite, the first point searches.
    assert base.with_rate(SEARCHED) == SEARCHED


def test_without_a_result_the_lent_run_searches(base, tmp_path):
    base.lend(SEARCHED, tmp_path)
    assert rate(SEARCHED, tmp_path) == "auto"
