"""Evaluates one condensed dataset beside the rows it must be compared with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vidense.condensed import CondensedDataset, load
from vidense.config import check_counts
from vidense.data.codec import find_codec
from vidense.data.store import ClipStore
from vidense.engine.settings import pick_device
from vidense.errors import UserError
from vidense.evaluation.baselines import equal_bytes, equal_bytes_coded, equal_videos
from vidense.evaluation.bench import Bench, check_same, from_store
from vidense.evaluation.measure import TrainSet, evaluate, evaluate_ceiling, prefixed
from vidense.evaluation.nearest import write_nearest
from vidense.evaluation.record import EvaluationRecord, Role, make_row
from vidense.evaluation.spec import EvalSpec, eval_spec
from vidense.method import Scale
from vidense.progress import LineProgress

__all__ = ["evaluate_run"]

# Fewer random selections show no spread.
SELECTIONS = 3
ROLES = {
    "random_equal_vpc": " at equal videos",
    "random_equal_bytes": " at equal bytes",
    "random_coded": " coded at equal bytes",
}


def evaluate_run(
    run_or_dataset: Path | str,
    store: Path | str,
    *,
    protocol: str = "clean",
    models: Sequence[str] = ("minic3d",),
    seeds: int = 3,
    epochs: int | None = None,
    lr: float | None = None,
    labels: str | None = None,
    mix: str = "none",
    scale: Scale | None = None,
    task: str = "classify",
    codec: str | None = None,
    ceiling: bool = True,
    baseline_seeds: int | Sequence[int] | None = None,
    device: str = "auto",
    progress: LineProgress | None = None,
) -> EvaluationRecord:
    """Evaluate a condensed dataset; write ``evaluation.json`` and the nearest real clips into its folder.

    Beside the method stand random real clips at equal videos per class and at equal bytes. A call again continues.

    Args:
        run_or_dataset: folder of a finished run or of a condensed dataset.
        store: folder of the data to test on.
        protocol: ``clean``, ``published`` or ``frepo``.
        models: networks to train, options behind colons, as in ``cnn_lstm:lstm_hidden=1024``.
        seeds: how many networks of each, with seeds 0, 1, ...
        epochs: passes over the training set; None for the protocol's own.
        lr: learning rate, above 0; None for the protocol's own.
        labels: ``hard``, ``soft``, ``soft_stored`` or ``soft_regions``; None for the protocol's own.
        mix: how clips are mixed under soft labels: ``none``, ``video`` or ``image``.
        scale: of the teacher of soft labels; None for the scale that the dataset was condensed at.
        task: ``classify``, or ``retrieve``: find clips of one class (then the file is ``retrieval.json``).
        codec: ``av1`` or ``h264``: add random real clips that it stores in no more bytes; None leaves that row out.
        ceiling: train on the whole dataset too, where hard labels are learned.
        baseline_seeds: of random selections: how many (0, 1, ...), or which; None for three and the set's own.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.
        progress: called with a line of text before each job.

    Raises:
        UserError: for a wrong folder, name, count or scale, or if dataset, store and networks do not go together.
        DivergenceError: if the teacher of soft labels diverged.
    """
    folder, dataset, opened = Path(run_or_dataset), load(run_or_dataset), ClipStore.open(store)
    selections = _selections(baseline_seeds, dataset.seed)
    check_counts(seeds=seeds, baseline_seeds=len(selections), models=len(models))
    check_same(dataset, opened)
    how: dict[str, Any] = {"protocol": protocol, "epochs": epochs, "lr": lr, "labels": labels, "mix": mix, "task": task}
    # All benches first: a mistake in the last model's name must not surface after an hour.
    specs = _specs(models, scale, dataset.settings.get("scale", "small"), how)
    benches = [Bench(opened, spec, pick_device(device)) for spec in specs]
    plans = list(_plans(dataset, opened, selections, codec))
    rows = list(_rows(benches, plans, range(seeds), ceiling, progress))
    asked = {**how, "models": list(models), "seeds": seeds, "scale": scale, "codec": codec, "no_ceiling": not ceiling}
    record = _record(benches, dataset, rows, asked)
    record.write(folder)
    write_nearest(dataset, opened, folder)
    return record


def _selections(asked: int | Sequence[int] | None, own: int) -> Sequence[int]:
    """Return the seeds of random selections; ``own`` is the set's."""
    if asked is None:
        return sorted({*range(SELECTIONS), own})
    return range(asked) if isinstance(asked, int) else asked


def _specs(models: Sequence[str], scale: Scale | None, own: Scale, how: Mapping[str, Any]) -> list[EvalSpec]:
    """Return the specification for each network; ``own`` is the scale of the teacher where none is asked for."""
    specs = [eval_spec(model=model, scale=scale or own, **how) for model in models]
    if scale is not None and not any(spec.taught for spec in specs):
        raise UserError(f"scale={scale!r} is the teacher's, and labels {specs[0].labels!r} have none; leave it out")
    return specs


@dataclass(frozen=True)
class _Plan:
    """A row to be: the sets it trains on, made when their turn comes."""

    role: Role
    name: str
    seeds: Sequence[int]
    make: Callable[[int], TrainSet]

    def row(self, bench: Bench, net_seeds: Sequence[int], progress: LineProgress | None) -> dict[str, Any]:
        results: list[dict[str, Any]] = []
        told = prefixed(progress, self.name + ROLES.get(self.role, ""))
        for seed in self.seeds:
            train = self.make(seed)
            results += evaluate(train, bench, net_seeds, told)
        videos = len(train.clips.labels)
        return make_row(self.role, self.name, bench.spec, bench.store.spec, results, videos, train.frames)


def _plans(
    dataset: CondensedDataset, store: ClipStore, selections: Sequence[int], codec: str | None
) -> Iterator[_Plan]:
    condensed = TrainSet.of(dataset)
    yield _Plan("method", dataset.method, [dataset.seed], lambda _: condensed)
    yield _Plan("random_equal_vpc", "random", selections, lambda s: equal_videos(store, dataset.labels, s))
    yield _Plan("random_equal_bytes", "random", selections, lambda s: equal_bytes(store, dataset, s))
    if codec is not None:
        find_codec(codec)
        coded = partial(equal_bytes_coded, store, dataset, codec=codec)
        yield _Plan("random_coded", "random", selections, coded)


def _rows(
    benches: Sequence[Bench], plans: Sequence[_Plan], net_seeds: range, ceiling: bool, progress: LineProgress | None
) -> Iterator[dict[str, Any]]:
    for bench in benches:
        yield from (plan.row(bench, net_seeds, progress) for plan in plans)
        if ceiling and bench.spec.labels == "hard":
            yield _ceiling_row(bench, net_seeds, progress)


def _ceiling_row(bench: Bench, net_seeds: Sequence[int], progress: LineProgress | None) -> dict[str, Any]:
    results = evaluate_ceiling(bench, net_seeds, progress)
    videos: int = results[0]["videos"]
    frames = videos * bench.store.spec.frames
    return make_row("ceiling", "whole dataset", bench.spec, bench.store.spec, results, videos, frames)


def _record(
    benches: Sequence[Bench], dataset: CondensedDataset, rows: list[dict[str, Any]], asked: dict[str, Any]
) -> EvaluationRecord:
    store = benches[0].store
    return EvaluationRecord(
        specs={bench.spec.hash: bench.spec.to_json() for bench in benches},
        store=_describe_store(store),
        dataset=_describe_dataset(dataset, store),
        rows=rows,
        teacher=_describe_teacher(benches[0]),
        task=benches[0].spec.task,
        asked=asked,
    )


def _describe_store(store: ClipStore) -> dict[str, Any]:
    return {
        "content_hash": store.content_hash,
        "class_names": list(store.class_names),
        "clip": store.spec.to_json(),
        "train_videos": len(store.train),
        "test_videos": len(store.test),
    }


def _describe_teacher(bench: Bench) -> dict[str, Any] | None:
    """Return what gave the soft labels: networks learn from it, and its bytes are part of the cost."""
    if not bench.spec.taught:
        return None
    teacher = bench.teacher()
    return {
        "network": bench.spec.teacher,
        "scale": bench.spec.teacher_scale,
        "bytes": teacher.bytes,
        "top1": bench.scores(teacher, bench.teaching)["top1"],
    }


def _describe_dataset(dataset: CondensedDataset, store: ClipStore) -> dict[str, Any]:
    index = dataset.index
    return {
        "content_hash": dataset.content_hash,
        "condensed_from_this_store": from_store(dataset, store),
        "method": index.get("method"),
        "settings": dataset.settings,
        "store_dtype": index["store_dtype"],
        "storage": dataset.storage.to_json(),
        "versions": index["versions"],
    }
