"""Six classes of UCF101, split 1, 8 frames of 64x64: every method beside random selection.

    python -m benchmarks.ucf101_6            measure what is missing, then write the tables of docs/results.md
    python -m benchmarks.ucf101_6 --list     what there is, and what of it is done

Learning rates come from ``lr=auto`` at condensation seed 0, that is from training clips alone, and serve the other
seeds; dfs takes prism's, dsa dc's. Five seeds for the pairs that carry a claim, two for the rest; three networks each.
"""

from functools import partial
from typing import Any

from benchmarks.command import run
from benchmarks.figures import insertion_figure, study_figure
from benchmarks.insertion import study, trigger
from benchmarks.points import Point
from benchmarks.records import CEILING
from benchmarks.suite import Suite
from benchmarks.tables import column, summary

__all__ = ["SUITE"]

ITERATIONS = {1: 500, 5: 300}
# The rest of the field at one video per class, with the iterations of small scale but for the images that static_dc
# learns, alone and for vdsd: 300 of its iterations take half an hour.
STATIC_ITERATIONS = 100
OTHERS = {
    "static_dc": STATIC_ITERATIONS,
    "tsgf": 300,
    "sre2l": 300,
    "idtd": 500,
    "frepo": 300,
    "vdsd_dm": 300,
    "vdsd_frepo": 300,
    "dc": 300,
    "dsa": 300,
    "mtt": 100,
    "vdsd_mtt": 100,
    "optdistill": 0,
}
# Those of them that are quick enough for five videos per class.
QUICK = ("tsgf", "sre2l", "optdistill")
# PRISM's insertion at one video per class: what each variant changes.
VARIANTS: dict[str, dict[str, Any]] = {
    "no-insertion": {"criterion": "none"},
    "total-gradient": {"gradient": "total"},
    "insert-noise": {"insert_from": "noise"},
    "random-position": {"position": "random"},
    "distance-threshold": {"criterion": "l2"},
    "no-warm-up": {"warm_up": 0.0},
    "no-cool-down": {"cool_down": 0.0},
    "all-learnable": {"all_learnable": True},
    "real64": {"batch_real": 64},
    "lr1": {"lr": 1.0},
    "lr3": {"lr": 3.0},
}
# Its first version matched gradients, as dc does.
FIRST_VERSION: dict[str, dict[str, Any]] = {
    "gm-mse": {"matching": "gm_mse", "lr": "auto"},
    "gm-dc": {"matching": "gm_dc", "lr": "auto"},
}


def _column(vpc: int) -> list[Point]:
    found = [Point("random", vpc, seed, 3) for seed in range(5)]
    found += [Point(name, vpc, seed, 3, ITERATIONS[vpc]) for seed in range(5) for name in ("prism", "dm")]
    found += [Point(name, vpc, seed, 3) for name in ("herding", "kcenter") for seed in range(2)]
    return found + [Point("dfs", vpc, seed, 3, ITERATIONS[vpc]) for seed in range(2)]


def _others() -> list[Point]:
    def options(name: str) -> dict[str, Any]:
        return {"static_iterations": STATIC_ITERATIONS} if name.startswith("vdsd") else {}

    found = [Point(name, 1, seed, 3, length, options(name)) for seed in range(2) for name, length in OTHERS.items()]
    found += [Point(name, 5, seed, 3, OTHERS[name]) for seed in range(2) for name in QUICK]
    frames: dict[str, Any] = {"mode": "frame"}
    return found + [Point("sre2l", 1, seed, 3, OTHERS["sre2l"], frames, "frame") for seed in range(2)]


def _study() -> list[Point]:
    found = [
        Point("prism", 1, seed, 3, ITERATIONS[1], options, name)
        for name, options in VARIANTS.items()
        for seed in range(5 if name == "no-insertion" else 2)
    ]
    found += [
        Point("prism", 1, seed, 3, OTHERS["dc"], options, name)
        for name, options in FIRST_VERSION.items()
        for seed in range(2)
    ]
    # The control that PRISM's Table 5 lacks: dense videos from noise with a rate of their own.
    noise: dict[str, Any] = {"start": "noise", "momentum": 0.95}
    return found + [Point("dm", 1, seed, 3, ITERATIONS[1], noise, "noise") for seed in range(2)]


SUITE = Suite(
    name="ucf101_6",
    points=[*_column(1), Point(CEILING, 0, 0, 3), *_column(5), *_study(), *_others()],
    clips={"frames": 8, "size": 64, "clips": 3},
    device="cpu",
    tables={
        "vpc 1": column,
        "vpc 5": partial(column, vpc=5),
        "insertion": study,
        "trigger": trigger,
        "summary": summary,
    },
    figures={
        "key-frames": insertion_figure,
        "insertion": study_figure,
    },
    rate_of={
        "prism": "prism",
        "dfs": "prism",
        "dm": "dm",
        "dc": "dc",
        "dsa": "dc",
        **{name: name for name in OTHERS if name.startswith(("static", "vdsd", "idtd", "frepo", "mtt"))},
    },
)

if __name__ == "__main__":
    run(SUITE, __doc__)
