import sys

import pytest

from vidense.cli import progress
from vidense.cli.progress import Display


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when told."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    return now


def test_lines_come_first_last_and_every_ten_seconds(capsys, clock):
    with Display(memory=lambda: 2_000_000) as display:
        for done in range(1, 31):
            clock[0] += 1
            display.step("condense", done, 30, {"loss": 1 / done})
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "condense 1/30",
        "condense 11/30",
        "condense 21/30",
        "condense 30/30",
    ]
    assert lines[1] == "condense 11/30, 1/s, loss 0.09091, 2.0 MB, 19 s left"


def test_another_phase_shows_at_once_and_counts_its_own_rate(capsys, clock):
    with Display() as display:
        display.step("search lr", 0, 1)
        clock[0] += 4
        display.step("condense", 1, 2, {"loss": 1.0})
        clock[0] += 4
        display.step("condense", 2, 2, {"loss": 0.5})
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["search lr", "condense 1/2, loss 1", "condense 2/2, 0.25/s, loss 0.5"]


def test_the_next_run_counts_its_own_rate(capsys, clock):
    with Display() as display:
        for pause in (1, 50):
            display.step("condense", 1, 2)
            clock[0] += pause
            display.step("condense", 2, 2)
    ends = [line for line in capsys.readouterr().err.splitlines() if "2/2" in line]
    assert ends == ["condense 2/2, 1/s", "condense 2/2, 0.02/s"]


def test_notes_are_rare_without_a_terminal(capsys, clock):
    with Display() as display:
        for second in range(25):
            clock[0] = 100.0 + second
            display.note(f"network {second}")
    assert capsys.readouterr().err.splitlines() == ["network 0", "network 10", "network 20"]


def test_a_terminal_gets_a_bar_that_goes_away(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with pytest.raises(KeyboardInterrupt), Display() as display:
        display.step("condense [x]", 1, 4, {"loss": 0.5})
        display.step("condense [x]", 4, 4, {"loss": 0.25})
        display.note("network 1")
        raise KeyboardInterrupt
    captured = capsys.readouterr()
    assert (
        captured.out == "" and "condense [x]" in captured.err and "4/4" in captured.err and "loss 0.25" in captured.err
    )
