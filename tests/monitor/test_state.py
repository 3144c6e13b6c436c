"""What is known of a run, line by line."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.watched import WrittenRun, entry_of
from vidense.errors import UserError
from vidense.monitor import RunState
from vidense.runlog import RunLog


def test_a_run_before_its_first_line(run, seen):
    state = seen(run)
    assert (state.status, state.iterations_done, state.courses, state.key_frames) == ("preparing", 0, {}, ())
    assert (state.seconds, state.rate, state.seconds_left, state.memory) == (None, None, None, None)


def test_only_new_lines_come_and_all_are_kept(run):
    state = RunState(run.path)
    run.add(0, 1)
    assert [reading.step for reading in state.follow()] == [0, 1]
    run.add(2, memory=5e8)
    (reading,) = state.follow()
    assert reading.step == 2 and reading.values == {"loss": 3.5} and reading.seconds == 6.0 and reading.memory == 5e8
    assert list(state.follow()) == []
    assert state.courses["loss"].values == [4.0, 3.75, 3.5] and state.iterations_done == 3 and state.memory == 5e8


def test_rate_and_time_left_come_from_the_log(run, seen):
    run.add(*range(4))
    state = seen(run)
    assert (state.rate, state.seconds_left, state.seconds) == (0.5, 12.0, 8.0)


def test_the_rate_is_that_of_the_last_iterations(tmp_path, seen):
    run = WrittenRun(tmp_path / "run", iterations=1000)
    entries = [{"step": i, "loss": 1.0, "seconds": i * 9.0 if i < 100 else 900 + (i - 99) * 0.5} for i in range(200)]
    run.log.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    assert seen(run).rate == 2.0 and seen(run).seconds_left == 400.0


def test_one_iteration_has_no_rate_and_a_clock_that_stands_none_either(run, seen):
    run.add(0)
    assert seen(run).rate is None
    run.log.write_text('{"step": 0, "seconds": 1}\n{"step": 1, "seconds": 1}\n{"step": 2}\n')
    assert seen(run).rate is None and seen(run).iterations_done == 3


def test_key_frames_are_averaged_by_class(tmp_path, seen):
    run = WrittenRun(tmp_path / "run", vpc=2)
    run.add(0, key_frames=[2, 3, 8, 6])
    state = seen(run)
    assert state.key_frames == (2.5, 7.0) and state.courses["key_frames"].values == [4.75]
    assert [state.class_name(label) for label in range(3)] == ["jump", "walk", "class 2"]


@pytest.mark.parametrize("counts", [[2, 3, 4], [], "many", [2, None], [[2]], {"a": 1}])
def test_key_frames_that_fit_no_class_are_no_key_frames_by_class(tmp_path, seen, counts):
    run = WrittenRun(tmp_path / "run", vpc=2)
    run.add(0, key_frames=counts)
    assert seen(run).key_frames == ()


def test_a_value_that_is_logged_now_and_then_knows_when(run, seen):
    run.add(0, 1)
    run.add(2, 3, trigger_rate=0.25)
    run.add(4)
    course = seen(run).courses["trigger_rate"]
    assert (course.values, course.step) == ([0.25, 0.25], 3)


def test_a_resumed_run_is_read_again(run):
    state = RunState(run.path)
    run.add(*range(6))
    list(state.follow())
    log = RunLog(run.log, resume_at=4)
    log.append(entry_of(4) | {"seconds": 99.0})
    log.close()
    assert [reading.step for reading in state.follow()] == [0, 1, 2, 3, 4]
    assert len(state.courses["loss"].values) == 5 and state.seconds == 99.0


def test_a_run_that_starts_over_is_forgotten_at_once(run):
    state = RunState(run.path)
    run.add(*range(6))
    list(state.follow())
    run.log.unlink()
    assert list(state.follow()) == [] and state.iterations_done == 0 and state.courses == {}


def test_done_is_believed_only_with_the_whole_log(run):
    state = RunState(run.path)
    run.add(*range(10))
    run.finish()
    assert len(list(state.follow())) == 10 and state.status == "finished" and state.seconds_left is None


def test_silence_is_told_from_slowness(run, seen, later):
    run.add(*range(4))
    state = seen(run)
    later(50)
    assert state.status == "running"
    later(20)
    assert state.status == "silent" and 70 <= state.silence() < 75


def test_slow_iterations_earn_patience(run, seen, later):
    run.log.write_text('{"step": 0, "seconds": 100}\n{"step": 1, "seconds": 200}\n')
    state = seen(run)
    later(900)
    assert state.status == "running"
    later(200)
    assert state.status == "silent"


def test_before_the_first_line_nobody_knows_what_silence_means(run, seen, later):
    state = seen(run)
    later(10_000)
    assert state.status == "preparing"


def test_a_clock_that_is_ahead_is_no_silence(run, seen):
    run.add(0)
    os.utime(run.log, (4e9, 4e9))
    assert seen(run).silence() == 0.0


def test_the_start_is_the_time_of_the_last_line_less_its_seconds(run, seen):
    os.utime(run.path / "run.json", (5000, 5000))
    assert seen(run).began == 5000
    run.add(0, 1, 2)
    os.utime(run.log, (6000, 6000))
    # A resume writes the record anew, long after the iterations began.
    os.utime(run.path / "run.json", (5999, 5999))
    assert seen(run).seconds == 6.0 and seen(run).began == 5994


def test_the_most_memory_is_that_of_any_process(run, seen):
    run.add(0, memory=7e8)
    run.add(1, memory=5e8)
    assert seen(run).memory == 7e8


@pytest.mark.parametrize("step", [-1, 2**60])
def test_an_impossible_step_is_refused(run, seen, step):
    run.add(step)
    with pytest.raises(UserError, match=f"it names an iteration {step}"):
        seen(run)


def test_a_run_that_is_deleted_under_the_watcher_is_no_run_any_more(run, seen):
    state = seen(run)
    (run.path / "run.json").unlink()
    with pytest.raises(UserError, match="is no run"):
        list(state.follow())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["loss", "key_frames", "seconds", "memory", "x"]), json_values))
def test_entries_of_anything_leave_only_finite_numbers(tmp_path_factory, entry):
    run = WrittenRun(tmp_path_factory.mktemp("state") / "run")
    run.log.write_text(json.dumps({**entry, "step": 0}) + "\n")
    state = RunState(run.path)
    (reading,) = state.follow()
    assert all(abs(value) < float("inf") for value in (*reading.values.values(), *reading.key_frames))
    assert set(reading.values) <= {"loss", "key_frames", "x"} and state.iterations_done == 1
