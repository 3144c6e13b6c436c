"""Accuracy against true bytes on disk, beside a video codec: six classes of UCF101, 8 frames of 64x64.

    python -m benchmarks.ucf101_6_bytes

The learned methods stop at 1 MB: at 4 MB an iteration takes ten seconds and more on two cores.
"""

from benchmarks.figures import budget_figure
from benchmarks.points import Point
from benchmarks.records import CEILING, CODEC
from benchmarks.suite import Suite, run_suite
from benchmarks.tables import budgets
from benchmarks.ucf101_6 import SUITE as BASE

__all__ = ["BUDGETS", "SUITE"]

BUDGETS = ("5kB", "20kB", "80kB", "300kB", "1MB", "4MB")
LEARNED = {"prism": 300, "dm": 300}
CHOSEN = {"random": 0, "herding": 0, CODEC: 0}
NETS = 2


def _points(seed: int) -> list[Point]:
    return [
        Point(name, 0, seed, NETS, length, budget=budget)
        for budget in BUDGETS
        for name, length in {**CHOSEN, **LEARNED}.items()
        if not (name in LEARNED and budget == BUDGETS[-1])
    ]


SUITE = Suite(
    name="ucf101_6_bytes",
    points=[Point(CEILING, 0, 0, NETS), *_points(0), *_points(1)],
    clips=BASE.clips,
    device="cpu",
    tables={"bytes": budgets},
    figures={"bytes": budget_figure},
    rate_of={"prism": "prism", "dm": "dm"},
)

if __name__ == "__main__":
    run_suite(SUITE, __doc__)
