"""Temporal action segmentation on generated feature sequences: every way to condense them, at equal stored numbers.

    python -m benchmarks.segmentation             measure what is missing, then write the table of docs/results.md
    python -m benchmarks.segmentation --tables    write the table only

24 training and 12 test videos of :class:`vidense.segmentation.generated.Kitchen`; 6 of the training videos are kept,
with two vectors a segment. Needs no data: the sequences follow from their seeds. Ten passes take the place of MS-TCN's
fifty, so that everything takes minutes on one core.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.markdown import markdown
from benchmarks.pages import fill
from benchmarks.provenance import provenance
from benchmarks.records import Records, accuracies, average, difference, grouped, interval, read
from vidense.records import content_hash, write_json
from vidense.segmentation import FULL, METHODS, FeatureFolder, Settings
from vidense.segmentation.generated import Kitchen, write_folder
from vidense.segmentation.metrics import METRICS
from vidense.segmentation.run import measure
from vidense.statistics import summarise

__all__ = ["RESULTS", "SEEDS", "SETTINGS", "run_point", "table", "write_table"]

RESULTS = Path(__file__).resolve().parent / "results" / "segmentation"
COMMAND = "python -m benchmarks.segmentation"
SETTINGS = Settings(videos=6, keys=2, iterations=150, epochs=10)
KITCHEN, VIDEOS, SPLITS = Kitchen(), 36, 3
SEEDS = 5
NAMES = (*METHODS, FULL)
EVALUATION = {"kitchen": asdict(KITCHEN), "videos": VIDEOS, "splits": SPLITS, "split": 1, "settings": asdict(SETTINGS)}
COLUMNS = (
    "method",
    "seeds",
    "accuracy %",
    "95 % interval",
    "edit",
    "F1@10 / 25 / 50",
    "accuracy minus random",
    "accuracy minus mean",
    "edit minus random",
    "edit minus mean",
    "stored vectors",
    "bytes on disk",
)


def run_point(method: str, seed: int, work: Path, results: Path) -> None:
    """Condense, train, test, and write ``results/METHOD-seedSEED.json``.

    Args:
        method: a name in :data:`NAMES`.
        seed: of the condensation and of the network.
        work: folder of the generated videos and of the condensed sets.
        results: folder of the JSON files.
    """
    features = FeatureFolder(work / "features")
    halves = [features.videos(part, 1) for part in ("train", "test")]
    device = torch.device("cpu")
    head, started = provenance(COMMAND, device), time.process_time()
    found = measure(method, halves[0], halves[1], SETTINGS, seed, work / f"{method}-seed{seed}", device)
    record = {
        "point": {"method": method, "seed": seed, "variant": ""},
        **head,
        "data": content_hash([half.content_hash for half in halves]),
        "eval": {"hash": content_hash(EVALUATION), **EVALUATION},
        "cpu_seconds": round(time.process_time() - started, 1),
        "result": found,
    }
    write_json(results / _name(method, seed), record)


def table(records: Records) -> str:
    """Return every method, best accuracy first, with differences paired by seed."""
    by_method = grouped(records)
    shown = {metric: {name: _of(metric, own) for name, own in by_method.items()} for metric in METRICS}
    names = sorted(by_method, key=lambda name: -_mean(shown["accuracy"][name]))
    rows = []
    for name in names:
        own = shown["accuracy"][name]
        f1 = " / ".join(f"{_mean(shown[metric][name]):.1f}" for metric in METRICS[2:])
        against = [
            "" if name in (other, FULL) or other not in by_method else _minus(shown[metric], name, other)
            for metric in ("accuracy", "edit")
            for other in ("random", "mean")
        ]
        cells = [
            f"*{name}*" if name == FULL else name,
            str(len(own)),
            f"{_mean(own):.1f}",
            interval(summarise(accuracies(own))),
            f"{_mean(shown['edit'][name]):.1f}",
            f1,
            *against,
            *_sizes(by_method[name]),
        ]
        rows.append(cells)
    return markdown(COLUMNS, rows)


def _of(metric: str, members: Records) -> list[dict[str, Any]]:
    """Return records as the helpers of the other suites read them, ``metric`` in the place of top-1."""
    return [
        {**r, "networks": [{"net_seed": r["point"]["seed"], "top1": r["result"][metric] / 100, "diverged": False}]}
        for r in members
    ]


def _mean(members: Records) -> float:
    return 100 * float(summarise(accuracies(members))["mean"])


def _minus(shown: Mapping[str, Records], name: str, other: str) -> str:
    return difference(shown[name], accuracies(shown[other]))


def _sizes(members: Records) -> tuple[str, str]:
    stored = [record["result"]["storage"] for record in members if "storage" in record["result"]]
    return (f"{average(stored, 'frames'):.0f}", f"{average(stored, 'bytes'):,.0f}") if stored else ("", "")


def write_table(results: Path) -> None:
    """Write the table of docs/results.md from the JSON files in ``results``.

    Raises:
        ValueError: if they were measured with different settings.
    """
    fill({"segmentation": table(read(results))})


def _finished(file: Path) -> bool:
    """Return whether a point was measured with these settings."""
    return file.exists() and json.loads(file.read_text())["eval"]["hash"] == content_hash(EVALUATION)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", action="store_true", help="write the table from what is there and stop")
    chosen = parser.parse_args(arguments)
    missing = [(name, seed) for seed in range(SEEDS) for name in NAMES if not _finished(RESULTS / _name(name, seed))]
    if missing and not chosen.tables:
        with TemporaryDirectory() as work:
            write_folder(Path(work) / "features", KITCHEN, videos=VIDEOS, splits=SPLITS)
            for name, seed in missing:
                run_point(name, seed, Path(work), RESULTS)
                print(f"done {name}-seed{seed}", flush=True)
    write_table(RESULTS)


def _name(method: str, seed: int) -> str:
    return f"{method}-seed{seed}.json"


if __name__ == "__main__":
    main()
