import json

import pytest

from vidense.errors import UserError
from vidense.report.courses import STRETCHES, read_stretches, rising


def log(path, entries):
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


def test_a_short_log_is_shown_as_it_is(tmp_path):
    found = read_stretches(log(tmp_path / "log", [{"step": i, "loss": 3.0 - i} for i in range(3)]))

    assert (found.ends, found.loss) == ((1, 2, 3), (3, 2, 1))
    assert found.key_frames == () and found.trigger_rate == (None,) * 3
    assert found.cosines == () and found.inserted == {}


def test_a_long_log_is_means_over_stretches(tmp_path):
    found = read_stretches(log(tmp_path / "log", [{"step": i, "loss": i % 2} for i in range(10 * STRETCHES)]))

    assert len(found.loss) == STRETCHES and set(found.loss) == {0.5}
    assert found.ends[0] == 10 and found.ends[-1] == 10 * STRETCHES


def test_insertion_is_told_by_video_and_time(tmp_path):
    entries = [
        {"step": 0, "loss": 1, "key_frames": [2, 2]},
        {
            "step": 1,
            "loss": 1,
            "key_frames": [2, 3],
            "trigger_rate": 0.1,
            "cosine_histogram": [1, 0],
            "inserted": [[1, 4]],
        },
        {"step": 2, "loss": 1, "key_frames": [3, 4], "trigger_rate": 0.3, "cosine_histogram": [2, 5]},
    ]
    found = read_stretches(log(tmp_path / "log", entries))

    assert found.key_frames == (2, 2.5, 3.5) and found.trigger_rate == (None, 0.1, 0.3)
    assert found.cosines == (3, 5) and found.inserted == {(1, 4): 2}


def test_without_iterations_there_is_no_course(tmp_path):
    assert read_stretches(tmp_path / "none") is None
    assert read_stretches(log(tmp_path / "log", [])) is None


def test_a_damaged_log_is_refused(tmp_path):
    with pytest.raises(UserError, match="no log entry"):
        read_stretches(log(tmp_path / "log", ["text"]))
    with pytest.raises(KeyError, match="loss"):
        read_stretches(log(tmp_path / "log", [{"step": 0}]))
    with pytest.raises(ValueError, match="a log holds nan"):
        read_stretches(log(tmp_path / "log", [{"step": 0, "loss": float("nan")}]))


@pytest.mark.parametrize(
    ("losses", "warned"),
    [
        ([3.0 - i / 50 for i in range(100)], False),
        ([2.0 + (i % 2) / 10 for i in range(100)], False),
        # High at the very start, as most runs are, then falling and rising again.
        ([9.0] * 10 + [2.0] * 30 + [4.0] * 60, True),
        ([1.0, 5.0], False),
        ([-1.0] * 50 + [1.0] * 50, False),
    ],
    ids=["falls", "wavers", "rises", "too short", "has no scale"],
)
def test_a_loss_that_rose_is_told(tmp_path, losses, warned):
    told = rising(read_stretches(log(tmp_path / "log", [{"step": i, "loss": loss} for i, loss in enumerate(losses)])))
    assert (told is not None) == warned
    assert not warned or "from 2 early in the run to 4 at its end" in told


def test_without_a_course_nothing_rose():
    assert rising(None) is None
