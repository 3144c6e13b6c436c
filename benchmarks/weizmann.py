"""Weizmann actions, in which only motion and pose tell the classes apart: does motion survive condensation?

    python -m benchmarks.weizmann

60 training and 30 test videos, 8 frames of 64x64, 1 video per class. Beside every set the same videos standing still.
"""

from benchmarks.command import run
from benchmarks.points import Point
from benchmarks.records import CEILING
from benchmarks.suite import Suite
from benchmarks.tables import motion

__all__ = ["SUITE"]

ITERATIONS = {"random": 0, "prism": 300, "tsgf": 300, "vdsd_dm": 300}
# Two of vdsd_dm, whose pictures take half an hour a seed.
SEEDS = {"random": 3, "prism": 3, "tsgf": 3, "vdsd_dm": 2}

SUITE = Suite(
    name="weizmann",
    points=[
        Point(CEILING, 0, 0, 3),
        *(Point(name, 1, seed, 3, ITERATIONS[name]) for name, seeds in SEEDS.items() for seed in range(seeds)),
    ],
    # 8 frames of 25 a second, every fourth: a little more than a second, which holds a step or a wave.
    clips={"frames": 8, "size": 64, "clips": 3},
    device="cpu",
    data="weizmann",
    tables={"weizmann": motion},
    rate_of={"prism": "prism", "vdsd_dm": "vdsd_dm"},
    frozen=True,
)

if __name__ == "__main__":
    run(SUITE, __doc__)
