"""A finished job is never done again, a damaged one is."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from vidense.evaluation.jobs import once


def test_work_is_done_once(tmp_path: Path) -> None:
    calls: list[int] = []

    def work() -> dict[str, Any]:
        calls.append(1)
        return {"top1": 0.5}

    for _ in range(3):
        assert once(tmp_path, {"seed": 1}, work) == {"top1": 0.5}
    assert len(calls) == 1
    once(tmp_path, {"seed": 2}, work)
    assert len(calls) == 2


def test_of_two_that_want_a_job_one_waits(tmp_path: Path) -> None:
    begun, done = threading.Event(), threading.Event()

    def slow() -> dict[str, Any]:
        begun.set()
        assert done.wait(30)
        return {"top1": 0.5}

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once, tmp_path, {"seed": 1}, slow)
        assert begun.wait(30)
        second = pool.submit(once, tmp_path, {"seed": 1}, lambda: {"top1": 0.9})
        assert once(tmp_path, {"seed": 2}, lambda: {"top1": 0.7}) == {"top1": 0.7}, "other jobs are free"
        done.set()
        assert first.result(30) == second.result(30) == {"top1": 0.5}


def test_an_interrupted_job_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once(tmp_path, {"seed": 1}, broken)
    assert once(tmp_path, {"seed": 1}, lambda: {"top1": 1.0}) == {"top1": 1.0}


@pytest.mark.parametrize("damage", ["{", "[]", '{"identity": {"seed": 9}, "result": {}}'])
def test_damaged_and_foreign_files_are_replaced(tmp_path: Path, damage: str) -> None:
    once(tmp_path, {"seed": 1}, lambda: {"top1": 0.1})
    (file,) = tmp_path.glob("*.json")
    file.write_text(damage)
    assert once(tmp_path, {"seed": 1}, lambda: {"top1": 0.2}) == {"top1": 0.2}
    assert once(tmp_path, {"seed": 1}, lambda: {"top1": 0.3}) == {"top1": 0.2}
