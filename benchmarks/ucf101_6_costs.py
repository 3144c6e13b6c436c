"""What each method of ``benchmarks.ucf101_6`` takes at 1 video per class, with everything that is made on the way.

    python -m benchmarks.ucf101_6_costs

Teachers, experts, pictures and the search of a learning rate are part of the price, as for a user who has none of them:
each method is planned as ``vidense plan`` does, in an empty cache. A few iterations are run and multiplied, so that all
are measured alike; nothing is condensed.
"""

import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.command import run
from benchmarks.costs import cost_table
from benchmarks.figures import cost_figure
from benchmarks.jobs import Jobs
from benchmarks.points import Point
from benchmarks.records import is_studied
from benchmarks.ucf101_6 import SUITE as BASE
from vidense import methods  # noqa: F401 - registers them
from vidense.engine.plan import plan
from vidense.report.scales import Axis

__all__ = ["JOBS"]

MINUTES = Axis("minutes on one core, all included", log=True)
MEGABYTES = Axis("MB of memory at most", log=True)


def _plan(point: Point, work: Path) -> dict[str, Any]:
    length: dict[str, Any] = {"iterations": point.iterations} if point.iterations else {}
    with tempfile.TemporaryDirectory(dir=work) as folder:
        # The same clips, without what other runs left in their cache.
        store = Path(folder) / "store"
        shutil.copytree(work / "store", store, copy_function=os.link, ignore=shutil.ignore_patterns("cache"))
        found = plan(store, method=point.method, vpc=1, device="cpu", options=point.options, **length)
    return {**found.to_json(), "method": point.title}


def _planned() -> list[Point]:
    points = (point for point in BASE.points if point.vpc == 1 and point.seed == 0)
    return [point for point in points if not is_studied({"point": point.to_json()})]


JOBS = Jobs(
    name="ucf101_6_costs",
    base=BASE,
    jobs={point.name: partial(_plan, point) for point in _planned()},
    tables={"costs": cost_table},
    figures={
        "cost-time": partial(
            cost_figure,
            of=BASE.results,
            axis=MINUTES,
            cost=lambda found: found["seconds"] / 60,
            title="Accuracy against time, all included",
        ),
        "cost-memory": partial(
            cost_figure,
            of=BASE.results,
            axis=MEGABYTES,
            cost=lambda found: found["peak_memory"] / 1e6,
            title="Accuracy against memory",
        ),
    },
)

if __name__ == "__main__":
    run(JOBS, __doc__)
