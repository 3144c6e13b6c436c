"""The runs of ``benchmarks.ucf101_6`` at one video per class on networks that they were not condensed with.

    python -m benchmarks.ucf101_6_cross    with the same --work as benchmarks.ucf101_6, whose runs it takes or makes

``cnn_lstm`` has 1,024 hidden units: the published 8,192 take five seconds a clip on a CPU.
"""

from dataclasses import replace

from benchmarks.command import run
from benchmarks.points import Point
from benchmarks.suite import Suite
from benchmarks.tables import crossed
from benchmarks.ucf101_6 import SUITE as BASE

__all__ = ["MODELS", "SUITE"]

METHODS = ("random", "herding", "dm", "prism", "vdsd_dm")
MODELS = ("cnn_gru", "cnn_lstm:lstm_hidden=1024", "r3d_18", "video_transformer")
NETS = 1


def _points() -> list[Point]:
    wanted = [
        point
        for point in BASE.points
        if point.vpc == 1 and point.seed < 2 and point.method in METHODS and not point.variant
    ]
    return [
        replace(point, nets=NETS, evaluation={"model": model}, evaluated=model.partition(":")[0])
        for point in wanted
        for model in MODELS
    ]


SUITE = Suite(
    name="ucf101_6_cross",
    points=_points(),
    clips=BASE.clips,
    device="cpu",
    tables={"cross": crossed},
    base=BASE,
)

if __name__ == "__main__":
    run(SUITE, __doc__)
