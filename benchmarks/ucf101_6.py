"""Six classes of UCF101, split 1, 8 frames of 64x64: every method of the spine beside random selection.

    python -m benchmarks.ucf101_6            measure what is missing, then write the tables
    python -m benchmarks.ucf101_6 --list     what there is, and what of it is done
    python -m benchmarks.ucf101_6 --study    the points that study PRISM's insertion, too

Each point is a job in a process of its own with one thread; finished ones are skipped. Learning rates come from
``lr=auto`` at condensation seed 0, that is from training clips alone, and serve the other seeds; dfs takes prism's.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.points import CEILING, Point, run_point
from benchmarks.tables import write_tables
from vidense.data.prepare import prepare

__all__ = ["points", "study"]

ROOT = Path(__file__).resolve().parent
RESULTS = ROOT / "results" / "ucf101_6"
COMMAND = "python -m benchmarks.ucf101_6"
ITERATIONS = {1: 500, 5: 300}
RATE_OF = {"prism": "prism", "dfs": "prism", "dm": "dm"}


def points(vpc: int) -> list[Point]:
    """Return the points of one column: five seeds for the pairs that carry a claim, two for the rest."""
    found = [Point("random", vpc, seed, 3) for seed in range(5)]
    found += [Point(name, vpc, seed, 3, ITERATIONS[vpc]) for seed in range(5) for name in ("prism", "dm")]
    found += [Point(name, vpc, seed, 3) for name in ("herding", "kcenter") for seed in range(2)]
    return found + [Point("dfs", vpc, seed, 3, ITERATIONS[vpc]) for seed in range(2)]


def study() -> list[Point]:
    """Return the points on PRISM's insertion (METHODS 17, E1 to E4), at one video per class."""
    base = Point("prism", 1, 0, 3, ITERATIONS[1])
    variants: dict[str, dict[str, Any]] = {
        "no-insertion": {"criterion": "none"},
        "total-gradient": {"gradient": "total"},
        "insert-noise": {"insert_from": "noise"},
        "all-learnable": {"all_learnable": True},
        "real64": {"batch_real": 64},
        "random-position": {"position": "random"},
        "lr1": {"lr": 1.0},
        "lr3": {"lr": 3.0},
    }
    found = [
        replace(base, options=options, variant=name, seed=seed)
        for name, options in variants.items()
        for seed in range(5 if name == "no-insertion" else 2)
    ]
    # The control experiment of METHODS 10.7: dense videos from noise with a rate of their own.
    return found + [
        Point("dm", 1, seed, 3, ITERATIONS[1], {"start": "noise", "momentum": 0.95}, "noise") for seed in range(2)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(os.environ.get("VIDENSE_TEST_DATA", ROOT.parent.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=data / "ucf101-6", help="folder that holds splits.csv")
    parser.add_argument("--work", type=Path, default=ROOT.parent / "runs" / "ucf101_6", help="folder for runs")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--study", action="store_true", help="the study of insertion, too")
    parser.add_argument("--list", action="store_true", help="print the points and stop")
    parser.add_argument("--point", help="measure this point only (what the processes are started with)")
    chosen = parser.parse_args(arguments)
    wanted = [*points(1), Point(CEILING, 0, 0, 3), *(study() if chosen.study else []), *points(5)]
    if chosen.list:
        for point in wanted:
            print("done" if (RESULTS / f"{point.name}.json").exists() else "    ", point.name)
        return
    store = chosen.work / "store"
    if chosen.point:
        (point,) = [point for point in wanted + study() if point.name == chosen.point][:1]
        run_point(_with_rate(point), store, chosen.work, RESULTS, COMMAND)
        return
    prepare(chosen.data, store, frames=8, size=64, clips=3)
    _measure(wanted, chosen.data, chosen.work, chosen.processes)
    write_tables(RESULTS)


def _measure(wanted: Sequence[Point], data: Path, work: Path, processes: int) -> None:
    missing = [point for point in wanted if not (RESULTS / f"{point.name}.json").exists()]
    # What others wait for comes first: points that search a learning rate, and the networks that herding embeds with.
    first = [point for point in missing if point.name in (_finder(point), CEILING)]
    for batch in (first, [point for point in missing if point not in first]):
        with ThreadPoolExecutor(processes) as pool:
            for point, failed in zip(batch, pool.map(lambda p: _start(p, data, work), batch), strict=True):
                print(f"{'FAILED' if failed else 'done  '} {point.name}", flush=True)


def _start(point: Point, data: Path, work: Path) -> int:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    log = work / "logs" / f"{point.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        command = [sys.executable, "-m", "benchmarks.ucf101_6", "--point", point.name]
        command += ["--work", str(work), "--data", str(data)]
        return subprocess.run(command, env=environment, stdout=file, stderr=file, check=False).returncode


def _finder(point: Point) -> str | None:
    """Return the name of the point whose learning rate search serves this one, None where no rate is searched."""
    if point.method not in RATE_OF or "lr" in point.options:
        return None
    variant = point.variant if point.variant == "noise" else ""
    return Point(RATE_OF[point.method], point.vpc, 0, 0, variant=variant).name


def _with_rate(point: Point) -> Point:
    finder = _finder(point)
    if finder in (None, point.name):
        return point
    found = json.loads((RESULTS / f"{finder}.json").read_text())
    return replace(point, options={**point.options, "lr": found["tuning"]["lr"]})


if __name__ == "__main__":
    main()
