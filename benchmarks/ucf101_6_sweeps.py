"""PRISM on six classes of UCF101 along its sizes and settings, on classes that move little or much, on changed motion.

    python -m benchmarks.ucf101_6_sweeps           measure what is missing, then write tables and figures
    python -m benchmarks.ucf101_6_sweeps --list    what there is, and what of it is done

Each is one grid of ``vidense ablate``, beside random clips at equal videos, on the data of ``benchmarks.ucf101_6``
(frames: of ``benchmarks.ucf101_6_16``, decoded here). Two seeds of two networks; the learning rate is searched once
for each number of videos. 150 iterations, for 180 videos take 30 times as long as six; 300 for the halves of classes.
"""

from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.command import run
from benchmarks.figures import sweep_figure
from benchmarks.jobs import Jobs
from benchmarks.records import Records
from benchmarks.tables import ablated, gradient_shares
from benchmarks.ucf101_6 import SUITE as BASE
from vidense.ablation import ablate
from vidense.data.prepare import prepare

__all__ = ["JOBS"]

ITERATIONS = {"vpc": 150, "frames": 150, "groups": 300, "epsilon": 150, "windows": 150, "initial": 150, "motion": 150}
NETS = 2


def _sweep(grid: str, work: Path) -> dict[str, Any]:
    store = work / "store"
    if grid == "frames":
        store = work / "store-16"
        prepare(BASE.videos, store, frames=16, size=64, clips=3)
    asked: dict[str, Any] = {"grid": grid, "iterations": ITERATIONS[grid], "nets": NETS, "device": "cpu"}
    return ablate("prism", store, work / "sweeps" / grid, **asked)


def _table(records: Records, grid: str) -> str:
    return ablated([record for record in records if record["job"] == grid])


JOBS = Jobs(
    name="ucf101_6_sweeps",
    base=BASE,
    jobs={grid: partial(_sweep, grid) for grid in ITERATIONS},
    tables={
        **{f"sweep {grid}": partial(_table, grid=grid) for grid in ITERATIONS},
        "gradient shares": lambda records: gradient_shares([r for r in records if r["job"] == "initial"]),
    },
    figures={
        "sweep-vpc": partial(sweep_figure, grid="vpc", title="Videos per class", log=True),
        "sweep-frames": partial(sweep_figure, grid="frames", title="Frames of a clip", log=False),
    },
)

if __name__ == "__main__":
    run(JOBS, __doc__)
