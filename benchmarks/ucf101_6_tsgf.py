"""TSGF's ablations (its Tables 3, 5, 6 and 9) as signs: six classes of UCF101, 1 video per class, small scale.

    python -m benchmarks.ucf101_6_tsgf

Soft labels of one teacher, as the paper evaluates. ``no-mask`` optimises without the temporal saliency mask (Table 3),
``unmixed`` trains without VideoMix (Table 3), ``image`` mixes every frame (Table 6), ``noise`` starts from noise
(Table 5), ``both-signs`` lets the mask turn the update round (Table 9).
"""

from typing import Any

from benchmarks.command import run
from benchmarks.points import Point
from benchmarks.suite import Suite
from benchmarks.tables import ablation
from benchmarks.ucf101_6 import OTHERS
from benchmarks.ucf101_6 import SUITE as BASE

__all__ = ["SUITE"]

NETS = 2
# What each variant of the condensation changes, and each of the evaluation.
VARIANTS: dict[str, dict[str, Any]] = {
    "": {},
    "no-mask": {"mask": "none"},
    "noise": {"start": "noise"},
    "both-signs": {"mask_sign": "both"},
}
UNMIXED: dict[str, Any] = {"mix": "none"}
IMAGE: dict[str, Any] = {"mix": "image"}


def _points(seed: int) -> list[Point]:
    def point(variant: str, evaluation: dict[str, Any] | None = None, evaluated: str = "") -> Point:
        options = VARIANTS[variant]
        return Point("tsgf", 1, seed, NETS, OTHERS["tsgf"], options, variant, evaluation or {}, evaluated)

    otherwise = [point("", UNMIXED, "unmixed"), point("no-mask", UNMIXED, "unmixed"), point("", IMAGE, "image")]
    return [Point("random", 1, seed, NETS), *map(point, VARIANTS), *otherwise]


SUITE = Suite(
    name="ucf101_6_tsgf",
    points=[point for seed in range(3) for point in _points(seed)],
    clips=BASE.clips,
    device="cpu",
    tables={"tsgf": ablation},
    evaluation={"protocol": "clean", "labels": "soft", "mix": "video"},
)

if __name__ == "__main__":
    run(SUITE, __doc__)
