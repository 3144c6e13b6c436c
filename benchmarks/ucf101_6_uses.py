"""What the runs of benchmarks.ucf101_6 at 1 video per class are good for beside naming classes.

    python -m benchmarks.ucf101_6_uses           measure what is missing, then write the tables
    python -m benchmarks.ucf101_6_uses --list    what there is, and what of it is done

Retrieval (three seeds of prism and random, two of vdsd_dm, three networks each), DD-Ranking's scores (two seeds of two
networks) and optical flow (two seeds), and how well each set ranks nine networks and learning rates (one seed).
Beside them, how many test videos a network of single frames names by their first one, and how many condensed videos the
teacher of benchmarks.ucf101_6_soft names. Runs that are not there are condensed again.
"""

import shutil
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.command import run
from benchmarks.jobs import Jobs
from benchmarks.pages import FIGURES
from benchmarks.ucf101_6 import SUITE as BASE
from benchmarks.ucf101_6_soft import SUITE as SOFT
from benchmarks.uses import agreement, motion_kept, named, recalls, robustness
from vidense.data.store import ClipStore
from vidense.engine.provide import provide
from vidense.evaluation import eval_spec, evaluate_run
from vidense.evaluation.bench import Bench
from vidense.evaluation.fairness import judge
from vidense.evaluation.flow_run import measure_flow
from vidense.evaluation.proxy import rank_by_proxy
from vidense.teachers import Teacher, teacher_recipe
from vidense.training import accuracy

__all__ = ["JOBS"]

NETS = 3
# Each set is judged by 6 times as many: with three kinds of labels, beside random clips.
JUDGES = 2
RETRIEVED = {"prism": 3, "random": 3, "vdsd_dm": 2}
JUDGED = ("prism", "dm", "herding", "tsgf", "vdsd_dm")
# Not cnn_gru, which takes 40 minutes on the whole training set, at each of its rates.
RANKED = ("minic3d", "minic3d_bn", "video_transformer")
SHOWN = "HorseRace"


def _run(work: Path, method: str, seed: int) -> Path:
    point = BASE.point(f"{method}-vpc1-seed{seed}")
    BASE.lend(point, work)
    return point.folder(work)


def _retrieve(method: str, seed: int, work: Path) -> dict[str, Any]:
    run = _run(work, method, seed)
    record = evaluate_run(run, work / "store", task="retrieve", seeds=NETS, baseline_seeds=[seed], device="cpu")
    return {"method": method, "seed": seed, **record.to_json()}


def _judge(method: str, seed: int, work: Path) -> dict[str, Any]:
    return {
        "method": method,
        "seed": seed,
        **judge(_run(work, method, seed), work / "store", seeds=JUDGES, device="cpu"),
    }


def _rank(method: str, seed: int, work: Path) -> dict[str, Any]:
    run = _run(work, method, seed)
    return {"method": method, "seed": seed, **rank_by_proxy(run, work / "store", models=RANKED, device="cpu")}


def _flow(method: str, seed: int, work: Path) -> dict[str, Any]:
    found = measure_flow(_run(work, method, seed), work / "store")
    if seed == 0:
        (picture,) = [row["figure"] for row in found["classes"] if row["name"] == SHOWN]
        FIGURES.mkdir(exist_ok=True)
        shutil.copy(_run(work, method, seed) / "flow" / picture, FIGURES / f"flow-{method}.png")
    return {**found, "method": method, "seed": seed}


def _still(work: Path) -> dict[str, Any]:
    (provided,) = provide(work / "store", Teacher, method="sre2l", options={"mode": "frame"}, device="cpu")
    test = provided.need.seen(ClipStore.open(work / "store").test)
    top1 = accuracy(provided.made.network, [test], teacher_recipe("small"))
    return {"network": provided.made.name, "seed": provided.made.seed, "videos": len(test.labels), "top1": top1}


def _named(work: Path) -> dict[str, Any]:
    bench = Bench(ClipStore.open(work / "store"), eval_spec(model="minic3d", **SOFT.evaluation), torch.device("cpu"))
    found: dict[str, list[float]] = defaultdict(list)
    for point in SOFT.points:
        videos = BASE.lend(point, work)
        right = bench.seen_by_teacher(videos).argmax(1) == videos.labels
        found[point.title].append(right.float().mean().item())
    return {"teacher": SOFT.evaluation, "methods": found}


JOBS = Jobs(
    name="ucf101_6_uses",
    base=BASE,
    jobs={
        **{f"retrieval-{m}-{s}": partial(_retrieve, m, s) for m, seeds in RETRIEVED.items() for s in range(seeds)},
        **{f"flow-{m}-{s}": partial(_flow, m, s) for m in JUDGED for s in range(2)},
        **{f"fairness-{m}-{s}": partial(_judge, m, s) for m in JUDGED for s in range(2)},
        **{f"proxy-{m}-0": partial(_rank, m, 0) for m in ("prism", "herding")},
        "still": _still,
        "named": _named,
    },
    tables={"retrieval": recalls, "flow": motion_kept, "fairness": robustness, "proxy": agreement, "named": named},
)

if __name__ == "__main__":
    run(JOBS, __doc__)
