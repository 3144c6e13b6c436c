"""How the videos of benchmarks.weizmann move, by their optical flow: what no network has to be able to read.

python -m benchmarks.weizmann_flow    with the same --work as benchmarks.weizmann
"""

from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.command import run
from benchmarks.jobs import Jobs
from benchmarks.points import Point
from benchmarks.records import CEILING
from benchmarks.uses import motion_kept
from benchmarks.weizmann import SUITE as BASE
from vidense.evaluation.flow_run import measure_flow

__all__ = ["JOBS"]


def _flow(point: Point, work: Path) -> dict[str, Any]:
    BASE.lend(point, work)
    found = measure_flow(point.folder(work), work / "store")
    return {**found, "method": point.method, "seed": point.seed}


POINTS = [point for point in BASE.points if point.method != CEILING]
JOBS = Jobs(
    name="weizmann_flow",
    base=BASE,
    jobs={f"flow-{point.method}-{point.seed}": partial(_flow, point) for point in POINTS},
    tables={"weizmann flow": motion_kept},
)

if __name__ == "__main__":
    run(JOBS, __doc__)
