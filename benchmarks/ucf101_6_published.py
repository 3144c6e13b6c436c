"""The runs of ``benchmarks.ucf101_6`` at one video per class, evaluated as the papers do (protocol ``published``).

    python -m benchmarks.ucf101_6_published    with the same --work as benchmarks.ucf101_6, whose runs it takes or makes

Says what the papers' standardisation of batches does to sets that start from real clips, and to those from noise.
"""

from benchmarks.command import run
from benchmarks.points import Point
from benchmarks.suite import Suite
from benchmarks.tables import trainings
from benchmarks.ucf101_6 import ITERATIONS
from benchmarks.ucf101_6 import SUITE as BASE

__all__ = ["SUITE"]

METHODS = {"random": 0, "dm": ITERATIONS[1], "prism": ITERATIONS[1]}

SUITE = Suite(
    name="ucf101_6_published",
    points=[Point(name, 1, seed, 2, length) for seed in range(2) for name, length in METHODS.items()],
    clips=BASE.clips,
    device="cpu",
    tables={"published": trainings},
    evaluation={"protocol": "published"},
    base=BASE,
)

if __name__ == "__main__":
    run(SUITE, __doc__)
