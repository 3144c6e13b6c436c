"""The log of a run: cut back on resume, tolerant of a torn last line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.errors import UserError
from vidense.runlog import LogReader, RunLog, read_log


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.jsonl"


def write(path, steps, **options):
    log = RunLog(path, **options)
    for step in steps:
        log.append({"step": step, "loss": step / 2})
    log.close()


def steps(path):
    return [entry["step"] for entry in read_log(path)]


def test_entries_come_back_in_order(path):
    write(path, range(5))
    assert list(read_log(path)) == [{"step": step, "loss": step / 2} for step in range(5)]


def test_a_log_that_does_not_exist_is_empty(path):
    assert list(read_log(path)) == []


def test_a_torn_last_line_is_left_out(path):
    write(path, range(3))
    with path.open("a") as file:
        file.write('{"step": 3, "lo')
    assert steps(path) == [0, 1, 2]


def test_a_last_line_without_its_line_break_counts_as_torn(path):
    write(path, range(2))
    with path.open("a") as file:
        file.write('{"step": 2}')
    assert steps(path) == [0, 1]


def test_resuming_drops_the_steps_that_will_run_again(path):
    write(path, range(6))
    write(path, [4, 5, 6], resume_at=4)
    assert steps(path) == [0, 1, 2, 3, 4, 5, 6]


def test_resuming_after_a_torn_line_leaves_a_whole_log(path):
    write(path, range(3))
    with path.open("a") as file:
        file.write('{"step": 3, ')
    write(path, [3, 4], resume_at=3)
    assert steps(path) == [0, 1, 2, 3, 4]


def test_several_entries_of_a_step_are_kept_or_dropped_together(path):
    write(path, [0, 1, 1, 2, 2])
    write(path, [], resume_at=2)
    assert steps(path) == [0, 1, 1]


def test_a_new_log_starts_empty(path):
    write(path, range(3))
    write(path, [])
    assert steps(path) == []


def test_interrupted_and_resumed_equals_uninterrupted(path, tmp_path):
    whole = tmp_path / "whole.jsonl"
    write(whole, range(8))
    write(path, range(5))
    write(path, range(3, 8), resume_at=3)
    assert path.read_bytes() == whole.read_bytes()


def test_an_entry_is_there_for_others_before_the_log_is_closed(path):
    log = RunLog(path)
    log.append({"step": 0})
    assert steps(path) == [0]
    log.append({"step": 1, "long": "x" * 100_000})
    assert steps(path) == [0, 1]
    log.close()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'"step"',
        b"{}",
        b'{"loss": 1}',
        b'{"step": "2"}',
        b'{"step": 2.0}',
        b'{"step": true}',
        b'{"step": 2} {"step": 3}',
        b"\xff\xfe",
        b"\0\0\0\0",
        b"[" * 5000,
        b'{"step": ' + b"9" * 5000 + b"}",
    ],
)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_damaged_line_is_named_by_its_number(path, line, place):
    write(path, range(4))
    lines = path.read_bytes().splitlines()
    lines.insert(place, line)
    path.write_bytes(b"\n".join(lines) + b"\n")
    entries = read_log(path)
    assert [next(entries)["step"] for _ in range(place)] == list(range(place))
    with pytest.raises(UserError, match=rf"line {place + 1} of '.*log\.jsonl' is no log entry.*--fresh"):
        next(entries)


def test_resuming_on_a_damaged_log_is_refused_and_leaves_it_alone(path):
    write(path, range(3))
    path.write_bytes(b"garbage\n" + path.read_bytes())
    before = path.read_bytes()
    with pytest.raises(UserError, match="line 1"):
        RunLog(path, resume_at=2)
    assert path.read_bytes() == before


@given(st.integers(0, 400))
def test_a_log_cut_anywhere_gives_the_whole_lines_before_the_cut(path, size):
    write(path, range(12))
    content = path.read_bytes()[:size]
    path.write_bytes(content)
    assert steps(path) == list(range(content.count(b"\n")))
    write(path, range(content.count(b"\n"), 12), resume_at=content.count(b"\n"))
    assert steps(path) == list(range(12))


@given(st.binary(max_size=60))
def test_a_log_of_anything_is_read_or_refused(path, content):
    path.write_bytes(content)
    try:
        assert all(type(entry["step"]) is int for entry in read_log(path))
    except UserError as error:
        assert "line " in str(error)


def new(reader):
    """Return whether the log began anew, and the steps that came."""
    anew, entries = reader.read()
    return anew, [entry["step"] for entry in entries]


def test_a_reader_takes_up_where_it_stopped(path):
    reader = LogReader(path)
    assert new(reader) == (False, [])
    log = RunLog(path)
    for expected in ([0], [1, 2], []):
        for step in expected:
            log.append({"step": step})
        assert new(reader) == (False, expected)
    log.close()


def test_what_was_read_is_not_read_again(path):
    write(path, range(3))
    reader = LogReader(path)
    assert new(reader) == (False, [0, 1, 2])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"?" * len(lines[0]) + lines[1] + lines[2] + b'{"step": 3}\n')
    assert new(reader) == (False, [3])


def test_a_half_written_line_is_left_for_the_next_time(path):
    write(path, range(2))
    reader = LogReader(path)
    with path.open("a") as file:
        file.write('{"step": 2, "lo')
        file.flush()
        assert new(reader) == (False, [0, 1]) and new(reader) == (False, [])
        file.write('ss": 1}\n')
    assert new(reader) == (False, [2])


def test_reading_only_some_of_the_new_entries_leaves_the_rest(path):
    write(path, range(4))
    reader = LogReader(path)
    _, entries = reader.read()
    assert [next(entries)["step"], next(entries)["step"]] == [0, 1]
    assert new(reader) == (False, [2, 3])


def test_a_log_that_was_cut_back_begins_anew(path):
    write(path, range(6))
    reader = LogReader(path)
    new(reader)
    write(path, [4], resume_at=4)
    assert new(reader) == (True, [0, 1, 2, 3, 4])
    assert new(reader) == (False, [])


def test_a_log_that_is_as_long_again_begins_anew(path):
    reader = LogReader(path)
    path.write_text('{"step": 0, "seconds": 1.5}\n')
    assert new(reader) == (False, [0])
    path.write_text('{"step": 0, "seconds": 2.5}\n')
    assert new(reader) == (True, [0])


def test_a_log_that_is_gone_begins_anew_once(path):
    write(path, range(2))
    reader = LogReader(path)
    new(reader)
    path.unlink()
    assert new(reader) == (True, []) and new(reader) == (False, [])
    write(path, range(1))
    assert new(reader) == (False, [0])


def test_a_line_that_is_no_entry_is_named_when_it_comes(path):
    write(path, range(2))
    reader = LogReader(path)
    new(reader)
    with path.open("a") as file:
        file.write('{"step": 2}\nnonsense\n')
    _, entries = reader.read()
    assert next(entries)["step"] == 2
    with pytest.raises(UserError, match=r"line 4 of .*log\.jsonl"):
        next(entries)


@pytest.mark.timeout(20)
def test_a_log_without_end_is_one_sentence(path):
    path.symlink_to("/dev/zero")
    with pytest.raises(UserError, match="cannot be read"):
        list(read_log(path))


def test_a_folder_in_place_of_the_log_is_one_sentence(path):
    path.mkdir()
    with pytest.raises(UserError, match=r"log\.jsonl' cannot be read"):
        LogReader(path).read()


@given(st.lists(st.integers(0, 60), max_size=12))
def test_pieces_of_any_size_make_the_whole(path, sizes):
    write(path, range(12))
    content, done, found = path.read_bytes(), 0, []
    path.write_bytes(b"")
    reader = LogReader(path)
    for size in [*sizes, len(content)]:
        with path.open("ab") as file:
            file.write(content[done : done + size])
        done += size
        anew, steps_now = new(reader)
        assert not anew
        found += steps_now
    assert found == list(range(12))
