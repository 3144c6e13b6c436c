"""Unfinished work is written now and then, taken up with its clock, and refused in one sentence when damaged."""

from pathlib import Path

import pytest
import torch

from vidense import checkpoints
from vidense.checkpoints import Checkpoint
from vidense.errors import UserError

CPU = torch.device("cpu")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time, to be moved by hand."""
    now = [100.0]
    monkeypatch.setattr(checkpoints.time, "perf_counter", lambda: now[0])
    return now


def test_a_state_is_kept_when_the_last_is_old_enough(tmp_path: Path, clock: list[float]) -> None:
    kept, made = Checkpoint(tmp_path / "c.pt", seconds=10), []

    def state() -> dict[str, int]:
        made.append(clock[0])
        return {"step": len(made)}

    for clock[0] in (100, 109, 110, 111, 119, 120.5, 130):
        kept.keep(state)
    assert made == [110, 120.5]
    assert Checkpoint(tmp_path / "c.pt").load(CPU) == {"step": 2}


def test_the_time_before_an_interruption_counts(tmp_path: Path, clock: list[float]) -> None:
    first = Checkpoint(tmp_path / "c.pt", seconds=0)
    clock[0] += 7
    first.keep(lambda: {"tensor": torch.arange(3)})
    clock[0] += 1000
    again = Checkpoint(tmp_path / "c.pt")
    state = again.load(CPU)
    assert state is not None and torch.equal(state["tensor"], torch.arange(3))
    clock[0] += 2
    assert again.elapsed == 9


def test_what_kills_left_behind_goes(tmp_path: Path) -> None:
    half, other = tmp_path / ".c.pt.abcdefgh.pt", tmp_path / ".other.pt.abcdefgh.pt"
    half.touch(), other.touch()
    assert Checkpoint(tmp_path / "c.pt").load(CPU) is None
    assert not half.exists() and other.exists()


def test_without_a_file_there_is_nothing_to_take_up(tmp_path: Path) -> None:
    fresh = Checkpoint(tmp_path / "c.pt")
    assert fresh.load(CPU) is None
    fresh.discard()
    fresh = Checkpoint(tmp_path / "c.pt", seconds=0)
    fresh.keep(dict)
    fresh.discard()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"junk", b"", None])
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "c.pt"
    if content is None:
        torch.save({"step": 1}, file)  # whole, and not ours: it has no clock
    else:
        file.write_bytes(content)
    with pytest.raises(UserError, match=r"checkpoint '.*c\.pt' cannot be read .*; delete it to start over"):
        Checkpoint(file).load(CPU)
