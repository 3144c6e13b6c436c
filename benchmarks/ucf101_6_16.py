"""PRISM's insertion at 16 frames: the same six classes at 64x64, with and without it.

    python -m benchmarks.ucf101_6_16

The learning rate comes from ``lr=auto`` at seed 0, as at 8 frames, and serves the other seed and the runs without
insertion.
"""

from benchmarks.command import run
from benchmarks.insertion import study
from benchmarks.points import Point
from benchmarks.suite import Suite

__all__ = ["SUITE"]

SUITE = Suite(
    name="ucf101_6_16",
    points=[
        *(Point("prism", 1, seed, 3, 500) for seed in range(2)),
        *(Point("prism", 1, seed, 3, 500, {"criterion": "none"}, "no-insertion") for seed in range(2)),
    ],
    clips={"frames": 16, "size": 64, "clips": 3},
    device="cpu",
    tables={"insertion 16": study},
    rate_of={"prism": "prism"},
)

if __name__ == "__main__":
    run(SUITE, __doc__)
