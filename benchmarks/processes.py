"""Measures one thing after another, each in a process of its own, several at a time."""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["measure_each"]


def measure_each(module: str, names: Sequence[str], work: Path, processes: int) -> None:
    """Call ``python -m benchmarks.MODULE --point NAME --work WORK`` for each name; a failure stops no other.

    Args:
        module: of a benchmark.
        names: of what to measure, in the order it is wanted.
        work: folder of what is made on the way; what the processes say goes to ``logs/`` below it.
        processes: how many at a time.
    """
    with ThreadPoolExecutor(processes) as pool:
        for name, failed in zip(
            names, pool.map(lambda name: _start(module, name, work, processes), names), strict=True
        ):
            print(f"{'FAILED' if failed else 'done  '} {name}", flush=True)


def _start(module: str, name: str, work: Path, processes: int) -> int:
    # Processes that share the cores are faster with a thread each than with all threads each.
    threads = {"OMP_NUM_THREADS": "1"} if processes > 1 else {}
    log = work / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", f"benchmarks.{module}", "--point", name, "--work", str(work)]
    with log.open("a") as file:
        return subprocess.run(command, env={**os.environ, **threads}, stdout=file, stderr=file, check=False).returncode
