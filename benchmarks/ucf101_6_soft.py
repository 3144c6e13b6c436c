"""The runs of ``benchmarks.ucf101_6`` at one video per class under soft labels: one teacher for every set.

    python -m benchmarks.ucf101_6_soft    with the same --work as benchmarks.ucf101_6, whose runs it takes or makes

Clips are mixed as TSGF mixes them, random ones included. Not to be ranked with hard labels.
"""

from benchmarks.command import run
from benchmarks.points import Point
from benchmarks.records import STUDIED
from benchmarks.suite import Suite
from benchmarks.tables import column
from benchmarks.ucf101_6 import SUITE as BASE

__all__ = ["SUITE"]


def _points() -> list[Point]:
    """Return the methods of the base suite, two seeds each, without the variants of its study."""
    wanted = (point for point in BASE.points if point.vpc == 1 and point.seed < 2)
    return [point for point in wanted if not (point.variant and point.method in STUDIED)]


SUITE = Suite(
    name="ucf101_6_soft",
    points=_points(),
    clips=BASE.clips,
    device="cpu",
    tables={"soft": column},
    evaluation={"protocol": "clean", "labels": "soft", "mix": "video"},
    base=BASE,
)

if __name__ == "__main__":
    run(SUITE, __doc__)
