"""Condenses a feature folder, trains MS-TCN on the result and tests it, beside random features and the whole set."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch

from vidense import __version__
from vidense.config import check_counts
from vidense.engine.settings import pick_device
from vidense.errors import UserError, a_few
from vidense.evaluation.jobs import once
from vidense.hardware import describe
from vidense.progress import PhaseProgress, of_phase
from vidense.records import is_free, read_json, write_json
from vidense.segmentation.features import PARTS, FeatureFolder, FeatureVideos
from vidense.segmentation.methods import FULL, METHODS
from vidense.segmentation.metrics import METRICS, score
from vidense.segmentation.ms_tcn import MsTcn, build_ms_tcn
from vidense.segmentation.sequences import LabelledSequences
from vidense.segmentation.stock import missing_files, take_stock
from vidense.segmentation.storage import load, save
from vidense.segmentation.task import Task
from vidense.segmentation.training import fit, predict
from vidense.statistics import summarise

__all__ = ["RECORD_FILE", "Settings", "measure", "segment", "test_scores"]

RECORD_FILE, SETTINGS_FILE = "segmentation.json", "settings.json"
# Frames of these classes are left out of segments by MS-TCN's evaluation (GTEA has them, 50Salads does not).
BACKGROUND = "background"

# Training and test videos of a split.
Halves = tuple[FeatureVideos, FeatureVideos]


@dataclass(frozen=True)
class Settings:
    """How sets are made and measured.

    Attributes:
        videos: training videos that are kept; None for all.
        keys: most stored vectors of a segment.
        subsample: every n-th frame is used; predictions are repeated for those between.
        iterations: of the methods that optimise.
        epochs: passes over the whole training set. Every network takes as many updates as these have, whatever it is
            trained on, so that small sets train as long as the whole.
    """

    videos: int | None = None
    keys: int = 2
    subsample: int = 1
    iterations: int = 300
    epochs: int = 50

    def __post_init__(self) -> None:
        check_counts(keys=self.keys, subsample=self.subsample, iterations=self.iterations, epochs=self.epochs)


def test_scores(network: MsTcn, videos: FeatureVideos) -> dict[str, float]:
    """Return :func:`vidense.segmentation.metrics.score` of a network on videos, at the annotated frame rate.

    A prediction stands for the frame it was made at and the skipped ones after it, as in MS-TCN's code.
    """
    found = []
    for index in range(len(videos)):
        repeated = predict(network, videos.features(index)).repeat_interleave(videos.subsample)
        found.append(repeated[: len(videos.truth(index))])
    ignored = {number for number, name in enumerate(videos.class_names) if name == BACKGROUND}
    return score(found, [videos.truth(index) for index in range(len(videos))], ignored)


def measure(
    method: str,
    train: FeatureVideos,
    test: FeatureVideos,
    settings: Settings,
    seed: int,
    folder: Path,
    device: torch.device,
    progress: PhaseProgress | None = None,
) -> dict[str, Any]:
    """Condense once, train one network on what was stored, and test it.

    Args:
        method: a name in :data:`METHODS`, or :data:`FULL` for the whole training set.
        train: training videos.
        test: test videos.
        settings: how.
        seed: of the condensation and of the network.
        folder: where the condensed set is written; nothing is for :data:`FULL`.
        device: where to compute.
        progress: told about every step.

    Returns:
        JSON types: ``seed``, the metrics, ``train_loss`` of the last pass, ``storage`` (absent for :data:`FULL`), and
        ``teacher``, the metrics of the network that the set was asked of, where there was one.

    Raises:
        UserError: if the method is unknown, or the settings do not fit the data.
        DivergenceError: if a loss stops being finite.
    """
    updates = settings.epochs * len(train)
    extra: dict[str, Any] = {}
    learned: LabelledSequences = train
    if method != FULL:
        task = Task(train, settings.videos, settings.keys, settings.iterations, updates, seed, device, progress)
        made = METHODS.get(method)(task)
        save(folder, made.videos, {"method": method, "seed": seed, **asdict(settings)})
        learned, storage = load(folder)
        extra["storage"] = storage.to_json()
        if made.teacher is not None:
            extra["teacher"] = test_scores(made.teacher, test)
    network = build_ms_tcn(train.dimension, len(train.class_names), seed=seed).to(device)
    told = of_phase(progress, f"{method}, seed {seed}: MS-TCN")
    loss = fit(network, learned, updates=updates, seed=seed, progress=told)
    return {"seed": seed, **test_scores(network, test), "train_loss": float(f"{loss:.5g}"), **extra}


def segment(
    folder: str | Path,
    out: str | Path,
    *,
    method: str = "prism",
    split: int | None = None,
    settings: Settings | None = None,
    seeds: int = 3,
    ceiling: bool = True,
    device: str = "auto",
    progress: PhaseProgress | None = None,
) -> dict[str, Any]:
    """Condense a feature folder and measure the result beside random features and the whole training set.

    Finished networks are found again in ``out``, so that the same call continues an interrupted one.

    Args:
        folder: as :class:`FeatureFolder` reads it.
        out: folder of the run: the condensed sets, ``segmentation.json``.
        method: a name in :data:`METHODS`, or :data:`FULL`.
        split: one of the folder's; None for all of them, whose scores are averaged seed by seed.
        settings: None for the defaults.
        seeds: how many; seed s condenses and initialises its network.
        ceiling: train on the whole training set as well.
        device: as of :func:`vidense.engine.settings.pick_device`.
        progress: told about every step.

    Returns:
        What is written to ``segmentation.json``: ``settings``, ``folder`` (of
        :meth:`vidense.segmentation.stock.Stock.to_json`), ``hardware``, and ``rows`` with ``name``, ``results`` (of
        :func:`measure`, with ``split``) and ``summary``, a :func:`vidense.statistics.summarise` for each metric.

    Raises:
        UserError: if folder, split, method or a number is wrong, or ``out`` holds a run with other settings.
        DivergenceError: if a loss stops being finite.
    """
    source, run, chosen = FeatureFolder(folder), Path(out), settings or Settings()
    _check_asked(method, seeds)
    where = pick_device(device)
    names = list(dict.fromkeys([method, "random", *([FULL] if ceiling else [])]))
    halves, stock = _halves(source, split, chosen), take_stock(source, chosen.subsample)
    data = {k: [half.content_hash for half in both] for k, both in halves.items()}
    asked = {**asdict(chosen), "method": method, "splits": list(halves), "data": {str(k): v for k, v in data.items()}}
    _claim(run, asked)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for k, seed, name in product(halves, range(seeds), names):
        identity = {**asdict(chosen), "method": name, "seed": seed, "data": data[k], "version": __version__}
        place = run / f"split{k}" / f"{name}-seed{seed}"
        work = partial(measure, name, *halves[k], chosen, seed, place, where, progress)
        rows[name].append({"split": k, **once(run / "jobs", identity, work)})
    record = {
        "format": "vidense-segmentation-run",
        "version": 1,
        "settings": asked,
        "folder": stock.to_json(),
        "hardware": describe(where),
        "rows": [{"name": name, "results": found, "summary": _summary(found)} for name, found in rows.items()],
    }
    write_json(run / RECORD_FILE, record)
    return record


def _check_asked(method: str, seeds: int) -> None:
    if method != FULL:
        METHODS.get(method)
    check_counts(seeds=seeds)


def _halves(source: FeatureFolder, split: int | None, settings: Settings) -> dict[int, Halves]:
    """Return training and test videos of each split that is asked for, checked."""
    if split is not None and split not in source.splits:
        raise UserError(f"split {split} is not in {str(source.path)!r}; there are {', '.join(map(str, source.splits))}")
    found = {}
    for k in source.splits if split is None else (split,):
        if gone := missing_files(source.path, (name for part in PARTS for name in source.names(part, k))):
            raise UserError(f"{str(source.path)!r} lacks files that split {k} names: {a_few(gone)}; add them")
        train, test = (source.videos(part, k, settings.subsample) for part in PARTS)
        _check(train, test, settings)
        found[k] = train, test
    return found


def _check(train: FeatureVideos, test: FeatureVideos, settings: Settings) -> None:
    if train.dimension != test.dimension:
        raise UserError(
            f"test features have {test.dimension} numbers a frame, training features {train.dimension}; "
            "make both with the same network"
        )
    if settings.videos is not None and not 1 <= settings.videos <= len(train):
        raise UserError(f"videos={settings.videos} must be from 1 to {len(train)}, the training videos of the split")


def _claim(run: Path, asked: dict[str, Any]) -> None:
    """Make ``run`` the folder of these settings.

    Raises:
        UserError: if it is the folder of others.
    """
    file = run / SETTINGS_FILE
    if file.exists():
        if read_json(file) != asked:
            raise UserError(f"{str(run)!r} holds a run with other settings or data; give another --out")
    elif not is_free(run, file.name):
        raise UserError(f"{str(run)!r} exists and is no run of vidense segment; give another --out")
    write_json(file, asked)


def _summary(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return mean, spread and interval of each metric over seeds, splits averaged seed by seed."""
    seeds = {result["seed"] for result in results}
    found = {}
    for metric in METRICS:
        of_seed = {seed: [r[metric] for r in results if r["seed"] == seed] for seed in seeds}
        found[metric] = summarise({seed: {0: sum(values) / len(values)} for seed, values in of_seed.items()})
    return found
