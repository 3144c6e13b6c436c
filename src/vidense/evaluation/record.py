"""What an evaluation found, as ``evaluation.json``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.evaluation.spec import EvalSpec
from vidense.records import read_json, write_json
from vidense.statistics import Accuracies, summarise

__all__ = ["EvaluationRecord", "Role", "accuracies", "make_row"]

FORMAT, VERSION = "vidense-evaluation", 1
FILE = "evaluation.json"

Role = Literal["method", "random_equal_vpc", "random_equal_bytes", "ceiling"]


@dataclass(frozen=True)
class EvaluationRecord:
    """Every number of an evaluation, and what it was measured with.

    Attributes:
        specs: specification by hash (:meth:`vidense.evaluation.spec.EvalSpec.to_json`); one a network.
        store: content hash, class names and sizes of the data.
        dataset: content hash, method, settings and storage of the condensed dataset.
        rows: see :func:`make_row`; only rows of equal ``spec_hash`` may be ranked together.
        teacher: where soft labels come from one: its network, bytes, and accuracy on the test videos.
    """

    specs: Mapping[str, dict[str, Any]]
    store: Mapping[str, Any]
    dataset: Mapping[str, Any]
    rows: Sequence[dict[str, Any]]
    teacher: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the file's content."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "task": "classify",
            "specs": dict(self.specs),
            "store": dict(self.store),
            "dataset": dict(self.dataset),
            "rows": list(self.rows),
            "teacher": None if self.teacher is None else dict(self.teacher),
        }

    def write(self, folder: Path) -> Path:
        """Write ``evaluation.json`` into ``folder``, replacing an older one, and return its path."""
        write_json(folder / FILE, self.to_json())
        return folder / FILE

    @classmethod
    def read(cls, folder: Path) -> "EvaluationRecord":
        """Read ``evaluation.json`` of a run or dataset.

        Raises:
            UserError: if there is none, or it is of another version or damaged.
        """
        value = read_json(folder / FILE)
        if not isinstance(value, dict) or (value.get("format"), value.get("version")) != (FORMAT, VERSION):
            raise UserError(f"{str(folder / FILE)!r} is no {FORMAT} of version {VERSION}; evaluate the run again")
        parts = {name: value.get(name) for name in ("specs", "store", "dataset", "rows", "teacher")}
        try:
            return _RECORD.validate_python(parts)
        except ValidationError as error:
            found = error.errors(include_url=False)[0]
            field = ".".join(map(str, found["loc"]))
            raise UserError(
                f"{str(folder / FILE)!r}, field {field!r}: {found['msg']}; it is damaged: evaluate the run again"
            ) from None


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
        results: of :func:`vidense.evaluation.classify.evaluate`.
        videos: trained on.
        frames: stored for them.

    Returns:
        JSON types. ``float32_mib`` counts stored frames as the papers do. ``top1`` is
        :func:`vidense.statistics.summarise` of the top-1 accuracies, or None if any network diverged: a mean
        over the survivors would flatter; ``diverged`` says how many did.
    """
    diverged = sum(result["diverged"] for result in results)
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
        "diverged": diverged,
        "top1": None if diverged or not results else summarise(accuracies(results)),
        "results": list(results),
    }


def accuracies(results: Sequence[Mapping[str, Any]]) -> Accuracies:
    """Return top-1 accuracies of ``results`` by condensation seed and network seed, diverged ones left out."""
    table: dict[int, dict[int, float]] = defaultdict(dict)
    for result in results:
        if not result["diverged"]:
            table[result["condensation_seed"]][result["net_seed"]] = result["top1"]
    return table
