"""The same six classes at the papers' size and settings, for a CUDA GPU: 16 frames of 112x112, 5,000 iterations.

    python -m benchmarks.ucf101_6_112

PRISM and DM with published learning rates (MiniUCF's) and momentum, 64 real clips a class and 8 beside it, 1, 5 and 10
videos per class. MTT, TSGF, VDSD on MTT and FRePo at 1 and 5, two seeds, at the published scale, which is the default
on a GPU, with the rates that ``lr=auto`` finds where a method searches one.
"""

from typing import Any

from benchmarks.command import run
from benchmarks.points import Point
from benchmarks.records import CEILING
from benchmarks.suite import Suite

__all__ = ["SUITE"]

PRISM_RATES = {1: 1.0, 5: 25.0, 10: 50.0}
DM_RATE = 30.0
OTHERS = ("mtt", "tsgf", "vdsd_mtt", "frepo")


def _points(vpc: int) -> list[Point]:
    found = [Point("random", vpc, seed, 3) for seed in range(3)]
    for batch in (64, 8):
        prism: dict[str, Any] = {"lr": PRISM_RATES[vpc], "batch_real": batch}
        dm: dict[str, Any] = {"lr": DM_RATE, "batch_real": batch}
        for seed in range(3):
            found.append(Point("prism", vpc, seed, 3, 5000, prism, f"real{batch}"))
            found.append(Point("dm", vpc, seed, 3, 5000, dm, f"real{batch}"))
    return found


def _others(vpc: int) -> list[Point]:
    return [Point(name, vpc, seed, 3) for seed in range(2) for name in OTHERS]


SUITE = Suite(
    name="ucf101_6_112",
    points=[*_points(1), Point(CEILING, 0, 0, 3), *_points(5), *_points(10), *_others(1), *_others(5)],
    clips={"frames": 16, "size": 112, "clips": 3},
    device="cuda",
)

if __name__ == "__main__":
    run(SUITE, __doc__)
