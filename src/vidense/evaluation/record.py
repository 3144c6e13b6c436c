"""What an evaluation found, as ``evaluation.json``."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from vidense.config import first_mistake
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.evaluation.spec import EvalSpec
from vidense.records import holds, read_json_of, write_json
from vidense.statistics import Accuracies, summarise
from vidense.tasks import TASKS

__all__ = ["EvaluationRecord", "Role", "accuracies", "make_row", "undiverged"]

FORMAT, VERSION = "vidense-evaluation", 1

Role = Literal["method", "random_equal_vpc", "random_equal_bytes", "random_coded", "ceiling"]


@dataclass(frozen=True)
class EvaluationRecord:
    """Every number of an evaluation, and what it was measured with.

    Attributes:
        specs: specification by hash (:meth:`vidense.evaluation.spec.EvalSpec.to_json`); one a network.
        store: content hash, class names and sizes of the data.
        dataset: content hash, method, settings, storage and versions of the condensed dataset, and whether it says that
            it was made of this store.
        rows: see :func:`make_row`; only rows of equal ``spec_hash`` may be ranked together.
        teacher: where soft labels come from one: its network, bytes, and accuracy on the test videos.
        task: a name in :data:`vidense.tasks.TASKS`.
        asked: arguments of :func:`vidense.evaluation.evaluate_run` that ``vidense evaluate`` takes and that decide the
            record, so that it can be repeated.
    """

    specs: Mapping[str, dict[str, Any]]
    store: Mapping[str, Any]
    dataset: Mapping[str, Any]
    rows: Sequence[dict[str, Any]]
    teacher: Mapping[str, Any] | None = None
    task: Literal["classify", "retrieve"] = "classify"
    asked: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the file's content."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "task": self.task,
            "specs": dict(self.specs),
            "store": dict(self.store),
            "dataset": dict(self.dataset),
            "rows": list(self.rows),
            "teacher": None if self.teacher is None else dict(self.teacher),
            "asked": dict(self.asked),
        }

    def write(self, folder: Path) -> Path:
        """Write the task's file into ``folder``, and return its path; warns where an older one had other arguments."""
        file = folder / TASKS[self.task].file
        if holds(file, "format", FORMAT) and not holds(file, "asked", dict(self.asked)):
            logging.getLogger("vidense").warning(
                "%s held an evaluation with other arguments, which this one replaces; its networks are kept, and "
                "the former command brings it back at once",
                file,
            )
        write_json(file, self.to_json())
        return file

    @classmethod
    def read(cls, folder: Path, task: str = "classify") -> "EvaluationRecord":
        """Read what a run or dataset was found to be worth for a task.

        Raises:
            UserError: if there is none, or it is of another version or damaged.
        """
        file = folder / TASKS[task].file
        value = read_json_of(file, FORMAT, VERSION, "evaluate the run again")
        parts = {name: value.get(name) for name in ("specs", "store", "dataset", "rows", "teacher", "task")}
        parts["asked"] = value.get("asked", {})
        try:
            return _RECORD.validate_python(parts)
        except ValidationError as error:
            where, what = first_mistake(error)
            raise UserError(f"{str(file)!r}, {where}: {what}; it is damaged: evaluate the run again") from None


_RECORD = TypeAdapter(EvaluationRecord)


def make_row(
    role: Role,
    name: str,
    spec: EvalSpec,
    clips: ClipSpec,
    results: Sequence[dict[str, Any]],
    videos: int,
    frames: float,
) -> dict[str, Any]:
    """Return one row: who, how large, every seed's result, and a summary.

    Args:
        role: what the row is to the others.
        name: the method, or what a baseline is called.
        spec: the evaluation.
        clips: shape of the clips.
        results: of :func:`vidense.evaluation.measure.evaluate`.
        videos: trained on.
        frames: stored for them.

    Returns:
        JSON types. ``float32_mib`` counts stored frames as the papers do. The task's
        metric (``top1`` or ``recall1``) is :func:`vidense.statistics.summarise` of that figure, or None if any network
        diverged: a mean over the survivors would flatter; ``diverged`` says how many did.
    """
    metric = TASKS[spec.task].metric
    whole = undiverged(results, metric)
    return {
        "role": role,
        "name": name,
        "model": spec.model,
        "protocol": spec.protocol,
        "labels": spec.labels,
        "spec_hash": spec.hash,
        "videos": videos,
        "frames": frames,
        "float32_mib": round(frames * clips.frame_numbers * 4 / 2**20, 4),
        "diverged": sum(result["diverged"] for result in results),
        metric: summarise(whole) if whole else None,
        "results": list(results),
    }


def undiverged(results: Sequence[Mapping[str, Any]], metric: str = "top1") -> Accuracies | None:
    """Return :func:`accuracies` of ``results``; None if any diverged, for the others alone would flatter."""
    return None if any(result["diverged"] for result in results) else accuracies(results, metric)


def accuracies(results: Sequence[Mapping[str, Any]], metric: str = "top1") -> Accuracies:
    """Return the figure ``metric`` of ``results`` by condensation seed and network seed, diverged ones left out."""
    table: dict[int, dict[int, float]] = defaultdict(dict)
    for result in results:
        if not result["diverged"]:
            table[result["condensation_seed"]][result["net_seed"]] = result[metric]
    return table
