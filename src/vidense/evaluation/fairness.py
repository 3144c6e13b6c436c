"""Scores that do not reward labels or augmentation for what the videos should do."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidense.condensed import load
from vidense.config import check_counts
from vidense.data.store import ClipStore
from vidense.engine.settings import pick_device
from vidense.evaluation.baselines import condensed_and_random
from vidense.evaluation.bench import Bench, check_same
from vidense.evaluation.measure import evaluate, evaluate_ceiling, mean_top1, prefixed
from vidense.evaluation.spec import eval_spec
from vidense.method import Scale
from vidense.progress import LineProgress
from vidense.records import write_json
from vidense.run_files import FAIRNESS

__all__ = ["augmentation_robust", "judge", "label_robust"]

HEAD = {"format": "vidense-fairness", "version": 1}
WEIGHT = 0.5
# What networks learn in each part, as arguments of eval_spec.
PARTS: dict[str, dict[str, Any]] = {
    "hard": {"labels": "hard"},
    "soft": {"labels": "soft"},
    "soft, mixed": {"labels": "soft", "mix": "video"},
}


def label_robust(
    real_hard: float | None, own_hard: float, own: float, random: float | None, weight: float = WEIGHT
) -> float | None:
    """Return DD-Ranking's label-robust score, in [0, 1]; higher is better; None where a baseline is unknown.

    Args:
        real_hard: accuracy of the whole dataset with hard labels, in [0, 1].
        own_hard: of the condensed set with hard labels.
        own: of the condensed set with the labels that are judged.
        random: of random real clips of equal size with these labels.
        weight: of the improvement over random; the rest is of what hard labels lose to the whole dataset.
    """
    if real_hard is None or random is None:
        return None
    return _squashed(weight * (own - random) - (1 - weight) * (real_hard - own_hard))


def augmentation_robust(
    own_mixed: float, random_mixed: float | None, own: float, random: float | None, weight: float = WEIGHT
) -> float | None:
    """Return DD-Ranking's augmentation-robust score, in [0, 1]; higher is better; None where a baseline is unknown.

    Args:
        own_mixed: accuracy of the condensed set, in [0, 1], with augmentation.
        random_mixed: of random real clips of equal size with it.
        own: of the condensed set without.
        random: of random real clips without.
        weight: of the improvement with augmentation.
    """
    if random_mixed is None or random is None:
        return None
    return _squashed(weight * (own_mixed - random_mixed) + (1 - weight) * (own - random))


def _squashed(value: float) -> float:
    return (math.exp(value) - math.exp(-1)) / (math.exp(1) - math.exp(-1))


def judge(
    run_or_dataset: Path | str,
    store: Path | str,
    *,
    models: Sequence[str] = ("minic3d",),
    seeds: int = 3,
    device: str = "auto",
    progress: LineProgress | None = None,
) -> dict[str, Any]:
    """Train networks with hard labels, with soft ones, and with soft ones on mixed clips; score what the videos add.

    Random real clips at equal bytes are trained on in the same three ways, and the teacher of soft labels is one for
    all. Every network is a job whose result is kept. ``fairness.json`` is written into the folder.

    Args:
        run_or_dataset: folder of a finished run or of a condensed dataset.
        store: what it was condensed from.
        models: networks, options behind colons.
        seeds: networks of each kind, whose accuracies are averaged.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.
        progress: called with a line of text before each job.

    Returns:
        The content of the file. ``networks``: for each network its mean accuracies ``on`` ``condensed``, ``random`` and
        (hard labels only) ``whole`` in each part; ``label_robust`` with hard and with soft labels; and
        ``augmentation_robust``, whose augmentation is VideoMix. A network on the condensed set that diverged counts
        as 0; where one on random clips or on the whole set did, its accuracy and the scores made of it are None, for
        a baseline of 0 would flatter.

    Raises:
        UserError: if a folder is not what it should be, a network cannot take the clips, or a count is below 1.
        DivergenceError: if the teacher of soft labels diverged.
    """
    check_counts(seeds=seeds, models=len(models))
    folder, dataset, opened = Path(run_or_dataset), load(run_or_dataset), ClipStore.open(store)
    check_same(dataset, opened)
    # The teacher is as well trained as the one that the videos may have been recovered from.
    scale: Scale = dataset.settings.get("scale", "small")
    # All benches first: a mistake in the last model's name must not surface after an hour.
    used = pick_device(device)
    benches = {
        model: {part: Bench(opened, eval_spec("clean", model, scale=scale, **how), used) for part, how in PARTS.items()}
        for model in models
    }
    sets, found = condensed_and_random(dataset, opened), {}
    for model, parts in benches.items():
        accuracies: dict[str, dict[str, Any]] = {}
        for part, bench in parts.items():
            told = prefixed(progress, f"{part} labels")
            results = {name: evaluate(train, bench, range(seeds), told) for name, train in sets.items()}
            if part == "hard":
                results["whole"] = evaluate_ceiling(bench, range(seeds), told)
            accuracies[part] = {name: _accuracy(name, of) for name, of in results.items()}
        found[model] = {"on": accuracies, **_scores(accuracies)}
    record = {**HEAD, "store": opened.content_hash, "dataset": dataset.content_hash, "seeds": seeds, "networks": found}
    write_json(folder / FAIRNESS, record)
    return record


def _accuracy(name: str, results: Sequence[Mapping[str, Any]]) -> float | None:
    baseline = name != "condensed"
    return None if baseline and any(result["diverged"] for result in results) else mean_top1(results)


def _scores(on: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    hard, soft, mixed = (on[part] for part in PARTS)
    return {
        "label_robust": {
            name: label_robust(hard["whole"], hard["condensed"], part["condensed"], part["random"])
            for name, part in (("hard", hard), ("soft", soft))
        },
        "augmentation_robust": augmentation_robust(
            mixed["condensed"], mixed["random"], soft["condensed"], soft["random"]
        ),
    }
