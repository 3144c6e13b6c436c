"""What one process writes at a time: others are told, or wait their turn, and a killed process holds nothing."""

import logging
import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from vidense import locks
from vidense.errors import UserError
from vidense.locks import Lock, taking_turns


def hold(file: Path, held: "multiprocessing.synchronize.Event") -> None:
    """Take a lock in a process of its own and never let go."""
    lock = Lock(file)
    assert lock.take()
    held.set()
    time.sleep(60)


def test_one_holds_it_and_the_next_gets_it_after_release(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "deep" / ".lock"), Lock(tmp_path / "deep" / ".lock")
    assert first.take() and not second.take()
    first.release()
    assert second.take()
    second.release(remove=True)
    second.release(remove=True)
    assert not list((tmp_path / "deep").iterdir())


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    other = context.Process(target=hold, args=(tmp_path / ".lock", held))
    other.start()
    try:
        assert held.wait(60)
        assert not Lock(tmp_path / ".lock").take()
    finally:
        other.kill()
        other.join()
    assert Lock(tmp_path / ".lock").take()


def test_turns_are_taken_one_after_the_other_and_waiting_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    diary, inside, entry = [], threading.Event(), tmp_path / "networks" / "teacher"

    def second() -> None:
        inside.wait()
        with taking_turns(entry):
            diary.append("second")

    waiting = threading.Thread(target=second)
    waiting.start()
    with caplog.at_level(logging.WARNING), taking_turns(entry):
        inside.set()
        while not caplog.records:
            time.sleep(0.01)
        diary.append("first")
    waiting.join()
    assert diary == ["first", "second"]
    assert f"another process is making {entry}; waiting for it" in caplog.text


def test_a_link_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("mine")
    (tmp_path / ".lock").symlink_to(tmp_path / "keys")
    with pytest.raises(UserError, match=r"\.lock' is a link, which vidense never makes; delete it"):
        Lock(tmp_path / ".lock").take()
    assert (tmp_path / "keys").read_text() == "mine"


@pytest.mark.parametrize("answer", [NotImplementedError("no flock"), *(OSError(n, "no flock") for n in locks.NO_LOCKS)])
def test_a_file_system_without_locks_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise answer

    if isinstance(answer, OSError):
        # As the system itself answers: the library must not take a file for a lock then, which a kill leaves behind.
        monkeypatch.setattr("fcntl.flock", refuse)
    else:
        monkeypatch.setattr(locks.FileLock, "acquire", refuse)
    for _ in range(2):
        lock = Lock(tmp_path / ".lock")
        assert lock.take()
    assert Lock(tmp_path / ".lock").take()
    with taking_turns(tmp_path / "networks" / "teacher"):
        pass
