"""Accuracy against true bytes on disk, beside a video codec: six classes of UCF101, 8 frames of 64x64.

    python -m benchmarks.ucf101_6_bytes

Where a method cannot make one video of each class of so few bytes, that is the result. About 500 kB of AV1 hold all
training videos, so that from 600 kB on the codec cannot gain. Learned sets of 4 MB have 150 iterations in place of 300,
for an iteration on them takes up to ten seconds on one core.
"""

from benchmarks.command import run
from benchmarks.figures import budget_figure
from benchmarks.points import Point
from benchmarks.records import CEILING, CODEC
from benchmarks.suite import Suite
from benchmarks.tables import budgets
from benchmarks.ucf101_6 import SUITE as BASE

__all__ = ["BUDGETS", "SUITE"]

# By budget, the iterations of what is learned.
BUDGETS = {"5kB": 300, "20kB": 300, "80kB": 300, "300kB": 300, "600kB": 300, "4MB": 150}
CHOSEN, LEARNED = (CODEC, "random", "herding"), ("prism", "dm")
NETS = 2


def _points(seed: int) -> list[Point]:
    return [
        Point(name, 0, seed, NETS, length if name in LEARNED else 0, budget=budget)
        for budget, length in BUDGETS.items()
        for name in (*CHOSEN, *LEARNED)
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
    run(SUITE, __doc__)
