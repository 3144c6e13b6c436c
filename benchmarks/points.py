"""One point of a benchmark: condense with one seed, train the evaluation networks, keep one JSON file."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmarks.provenance import provenance
from benchmarks.records import CEILING, CODEC
from vidense.budget import parse_bytes
from vidense.condensed import CondensedDataset, save
from vidense.data.spec import DecodedOtherwise
from vidense.data.store import ClipStore
from vidense.engine.settings import pick_device
from vidense.errors import UserError
from vidense.evaluation.baselines import coded_within, equal_bytes
from vidense.evaluation.bench import Bench
from vidense.evaluation.measure import TrainSet, evaluate, evaluate_ceiling, whole_set
from vidense.evaluation.spec import eval_spec
from vidense.parameterizations import CodedClips, KeyFrames
from vidense.records import content_hash, write_json
from vidense.report.courses import read_stretches
from vidense.run_files import LOG
from vidense.runlog import read_record
from vidense.seeding import Draw

__all__ = ["Measured", "Point", "run_point"]

# Of a folder of coded clips: condensed.json and the header of its tensors.
CODED_INDEX_BYTES = 1000


@dataclass(frozen=True)
class Point:
    """What to measure.

    Attributes:
        method: a registered name, :data:`CEILING` for the whole training set, or :data:`CODEC` for random clips as AV1.
        vpc: videos per class.
        seed: condensation seed.
        nets: evaluation networks, with seeds 0, 1, ...
        iterations: of the condensation; 0 for methods without.
        options: of the method.
        variant: distinguishes points of one method with other options.
        evaluation: what replaces arguments of the suite's :attr:`Measured.evaluation`.
        evaluated: distinguishes points of one run that are evaluated otherwise.
        budget: size on disk in place of ``vpc``.
    """

    method: str
    vpc: int
    seed: int
    nets: int
    iterations: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    variant: str = ""
    evaluation: dict[str, Any] = field(default_factory=dict)
    evaluated: str = ""
    budget: str = ""

    @property
    def run(self) -> str:
        """Name of the folder of its run."""
        return "-".join(filter(None, (self.method, self.variant, self.budget or f"vpc{self.vpc}", f"seed{self.seed}")))

    def folder(self, work: Path) -> Path:
        """Return the folder of its run."""
        return work / "runs" / self.run

    @property
    def name(self) -> str:
        """Name of its result."""
        if self.method == CEILING:
            return CEILING
        return "-".join(filter(None, (self.run, self.evaluated)))

    @property
    def title(self) -> str:
        """Its method and variant, as tables name them."""
        return " ".join(filter(None, (self.method, self.variant)))

    def to_json(self) -> dict[str, Any]:
        """Return the fields and the name as JSON types."""
        return {**asdict(self), "name": self.name}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Point":
        """Build a point from :meth:`to_json`'s output; fields that older files lack are at their default."""
        return cls(**{key: item for key, item in value.items() if key != "name"})


@dataclass(frozen=True)
class Measured:
    """How the points of a suite are measured.

    Attributes:
        work: folder of the prepared data and the runs.
        command: what a reader types to repeat it.
        device: where to run, ``cpu`` or ``cuda``.
        evaluation: arguments of :func:`vidense.evaluation.spec.eval_spec` beside the network.
        frozen: train also on the same videos without their motion: the middle frame of each, repeated.
        condensed: returns what a point condenses.
    """

    work: Path
    command: str
    device: str
    evaluation: Mapping[str, Any]
    frozen: bool
    condensed: Callable[[Point], CondensedDataset]


def run_point(point: Point, how: Measured, results: Path) -> None:
    """Measure a point and write ``results/<name>.json``; an interrupted one continues from the folder of runs.

    Args:
        point: what to measure.
        how: in which way.
        results: folder of the JSON files.
    """
    opened, used = ClipStore.open(how.work / "store"), pick_device(how.device)
    bench = Bench(opened, eval_spec(**{"model": "minic3d", **how.evaluation, **point.evaluation}), used)
    record: dict[str, Any] = {
        "point": point.to_json(),
        **provenance(how.command, used),
        "store": {"content_hash": opened.content_hash, "clip": opened.spec.to_json(), "settings": opened.settings},
        "eval": {"hash": bench.spec.hash, **bench.spec.to_json()},
    }
    if point.method == CEILING:
        record["networks"] = _networks(evaluate_ceiling(bench, range(point.nets)))
        record |= _frozen(whole_set(bench), bench, point) if how.frozen else {}
    elif point.method == CODEC:
        record |= _coded(point, opened, bench, how)
    else:
        record |= _condensed(point, opened, bench, how)
    write_json(results / f"{point.name}.json", record)


def _condensed(point: Point, store: ClipStore, bench: Bench, how: Measured) -> dict[str, Any]:
    try:
        dataset = how.condensed(point)
    except UserError as error:
        if not point.budget:
            raise
        # What a method cannot do within a budget is a result too.
        return {"refused": str(error)}
    random = equal_bytes(store, dataset, point.seed)
    # The same clips under another name: one result serves both, and every method that compares with them.
    own = random if point.method == "random" else TrainSet.of(dataset)
    nets, run = range(point.nets), point.folder(how.work)
    done = read_record(run)
    return {
        "settings": dataset.index["settings"],
        "tuning": done.get("tuning"),
        "storage": dataset.storage.to_json(),
        "key_frames": _key_frames(dataset),
        "telemetry": _telemetry(run / LOG),
        "condense_seconds": done.get("seconds"),
        "peak_memory": done.get("peak_memory"),
        "networks": _networks(evaluate(own, bench, nets)),
        "random_equal_bytes": {"frames": random.frames, "networks": _networks(evaluate(random, bench, nets))},
        **(_frozen(own, bench, point) if how.frozen else {}),
    }


def _coded(point: Point, store: ClipStore, bench: Bench, how: Measured) -> dict[str, Any]:
    """Return what networks learn from random real clips that AV1 stores within the budget, index included."""
    budget = parse_bytes(point.budget)
    train = coded_within(store, budget - CODED_INDEX_BYTES, point.seed)
    assert isinstance(train.clips, CodedClips)
    saved = save(point.folder(how.work), train.clips, dtype="uint8", provenance={})
    assert saved.storage.bytes <= budget
    networks = evaluate(train, bench, range(point.nets))
    return {"storage": saved.storage.to_json(), "videos": len(train.clips.labels), "networks": _networks(networks)}


def _frozen(moving: TrainSet, bench: Bench, point: Point) -> dict[str, Any]:
    """Return what networks learn from the same videos standing still; they are tested on moving ones."""

    def middle(index: Tensor, draw: Draw | None) -> Tensor:
        clips = moving.clips.decode(index, draw)
        return clips[:, clips.shape[1] // 2 :][:, :1].expand_as(clips)

    still = DecodedOtherwise(moving.clips, moving.clips.stochastic, middle)
    content = content_hash(["middle frame", moving.content])
    trained = evaluate(TrainSet(still, content, moving.seed, moving.frames), bench, range(point.nets))
    return {"frozen": {"networks": _networks(trained)}}


def _networks(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = ("net_seed", "top1", "per_class", "diverged", "seconds")
    return [{key: result.get(key) for key in kept} for result in results]


def _key_frames(dataset: CondensedDataset) -> list[int] | None:
    videos = dataset.parameterization
    return videos.is_key.sum(1).tolist() if isinstance(videos, KeyFrames) else None


def _telemetry(log: Path) -> dict[str, Any] | None:
    """Return the course of a run in twenty stretches: loss, trigger rate, key-frames; and one cosine histogram."""
    course = read_stretches(log, 20)
    if course is None:
        return None
    summary: dict[str, Any] = {"loss": list(course.loss)}
    if course.key_frames:
        summary |= {"key_frames": list(course.key_frames), "trigger_rate": list(course.trigger_rate)}
        summary |= {"cosine_histogram": list(course.cosines)}
    return summary
