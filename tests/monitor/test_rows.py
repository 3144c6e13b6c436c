"""What is said of a run, apart from how it is drawn."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.watched import WrittenRun
from vidense.monitor import describe, summary
from vidense.monitor.rows import BARS, CLASSES_SHOWN, LONGEST_NAME, sparkline


def texts(state):
    return {row.name: row.text for row in describe(state)}


def test_a_running_run(run, seen):
    run.add(0, 1, key_frames=[2, 2])
    run.add(2, 3, key_frames=[2, 4], trigger_rate=0.25, memory=5e8)
    rows = describe(seen(run))
    assert [(row.name, row.text) for row in rows[:-1]] == [
        ("run", f"{run.path}: running"),
        ("method", "prism, 1 video per class, 2 classes, seed 0, lr 3"),
        ("data", "store da7a"),
        ("iteration", "4 of 10, in 8 s, 0.5/s, 12 s left"),
        ("loss", "3.25, 4 at first"),
        ("key-frames", "3, 2 at first"),
        ("  jump", "2"),
        ("  walk", "4"),
        ("trigger rate", "0.25, 0.25 at first"),
        ("memory", "500.0 MB"),
    ]
    assert rows[-1].name == "to continue" and rows[-1].text.startswith("vidense condense STORE --out ")
    courses = {row.name: row.course for row in rows if row.course}
    assert courses == {
        "loss": (4.0, 3.75, 3.5, 3.25),
        "key-frames": (2.0, 2.0, 3.0, 3.0),
        "trigger rate": (0.25, 0.25),
    }


def test_a_finished_run_says_what_comes_next(run, seen):
    run.add(*range(10))
    run.finish()
    found = texts(seen(run))
    assert found["run"] == f"{run.path}: finished" and found["iteration"] == "10 of 10, in 20 s, 0.5/s"
    assert found["next"] == f"vidense evaluate {run.path} --on STORE" and "to continue" not in found


def test_all_iterations_done_and_no_dataset_yet(run, seen):
    run.add(*range(10))
    assert texts(seen(run))["run"].endswith(": writing the videos")


def test_silence_is_said_and_not_explained_away(run, seen, later):
    run.add(*range(4))
    state = seen(run)
    later(300)
    assert texts(state)["run"].endswith(": no new line for 5 min: it was interrupted, or takes longer than before")
    assert texts(state)["iteration"] == "4 of 10, in 8 s, 0.5/s"
    assert summary(state).startswith("prism 4/10, loss 3.25, no new line for 5 min")


def test_before_the_first_line(run, seen, later):
    state = seen(run)
    later(300)
    assert "no iteration yet, last heard of 5 min ago: its learning rate is searched" in texts(state)["run"]
    assert texts(state)["iteration"] == "0 of 10" and "loss" not in texts(state)


def test_a_method_without_iterations_has_none_to_count(tmp_path, seen):
    run = WrittenRun(tmp_path / "run", method="herding", iterations=0, options={})
    state = seen(run)
    assert "iteration" not in texts(state) and "clips are chosen" in texts(state)["run"]
    assert texts(state)["method"] == "herding, 1 video per class, 2 classes, seed 0"
    run.finish()
    assert summary(seen(run)) == "herding, finished"


def test_one_line_for_a_log(run, seen):
    run.add(0, 1, 2, trigger_rate=1 / 3)
    assert summary(seen(run)) == "prism 3/10, loss 3.5, trigger rate 0.3333, in 6 s, 0.5/s, 14 s left"


def test_what_is_no_longer_logged_says_since_when(run, seen):
    run.add(0, 1, trigger_rate=0.5)
    run.add(2)
    assert texts(seen(run))["trigger rate"] == "0.5, 0.5 at first, last logged at iteration 2"


def test_an_older_record_has_no_names(run, seen):
    run.record(class_names=None, asked=None)
    run.add(0, key_frames=[2, 3])
    found = texts(seen(run))
    assert found["  class 0"] == "2"
    assert found["method"] == "prism, 1 video per class, seed 0, lr 3"


def test_many_classes_do_not_fill_the_screen(run, seen):
    run.add(0, key_frames=list(range(2, 402)))
    rows = [row for row in describe(seen(run)) if row.name.startswith("  ")]
    assert len(rows) == CLASSES_SHOWN + 1
    assert (rows[-1].name, rows[-1].text) == ("  388 more classes", "14 to 401")


def test_names_from_strangers_are_only_text(run, seen):
    run.record(class_names=["\x1b[2J" + "x" * 99, ""], asked={"method": "a\nb"})
    run.add(0, **{"y\x07": 1.0, "key_frames": [2, 2]})
    rows = describe(seen(run))
    assert all((row.name + row.text).isprintable() for row in rows)
    assert summary(seen(run)).isprintable()
    assert max(len(row.name) for row in rows) <= LONGEST_NAME + 2


numbers = st.lists(st.floats(-1e299, 1e299), max_size=80).map(tuple)


@given(numbers, st.integers(1, 40))
def test_bars_stay_within_their_width_and_range(values, width):
    bars = sparkline(values, width)
    assert len(bars) == min(width, len(values)) and set(bars) <= set(BARS)


@given(numbers)
def test_bars_rise_where_values_do(values):
    bars = sparkline(values, len(values))
    for (value, bar), (later, other) in itertools.pairwise(zip(values, bars, strict=True)):
        assert BARS.index(other) >= BARS.index(bar) if later > value else BARS.index(other) <= BARS.index(bar)


@pytest.mark.parametrize(
    ("values", "width", "bars"),
    [
        ((), 5, ""),
        ((3.0,), 5, "▁"),
        ((1.0, 1.0), 5, "▁▁"),
        ((0, 7), 5, "▁█"),
        ((0, 0, 7, 7), 2, "▁█"),
        ((0, 7, 3), 3, "▁█▄"),
    ],
)
def test_bars(values, width, bars):
    assert sparkline(values, width) == bars
