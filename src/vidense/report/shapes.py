"""What a page reads of files that may come from strangers, each field of the kind that the page takes it for."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError, model_validator

from vidense.config import first_mistake
from vidense.errors import UserError
from vidense.file_models import Open, Seed
from vidense.records import read_json_of
from vidense.tasks import TASKS

__all__ = ["CondensedFile", "EvaluationFile", "PreviewFile", "RunFile", "check", "checked"]

LONGEST_CLIP = 4096
# More videos of a class than a run ever draws.
MOST_DRAWN = 100
# Larger numbers are none that anybody measured, and too large for a computation in float64.
LARGEST = 1e300

Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Positive = Annotated[float, Field(ge=0, le=LARGEST)]
Whole = Annotated[int, Field(ge=0, le=2**63)]
Share = Annotated[float, Field(ge=0, le=1)]
# Such as make the names of tables and of files.
Hash = Annotated[str, Field(pattern="^[0-9a-f]{1,64}$")]


class _Bytes(Open):
    bytes: Whole


class _Storage(_Bytes):
    frames: Positive
    float32_mib: Positive
    parts: dict[str, Whole]


class _Settings(Open):
    options: dict[str, JsonValue]
    seed: Seed
    iterations: Whole
    data: str


class _Tuning(Open):
    lr: Number
    seconds: Positive


class RunFile(Open):
    """``run.json`` of a finished run."""

    settings: _Settings
    storage: _Storage
    tuning: _Tuning | None = None
    seconds: Positive | None = None
    peak_memory: Whole | None = None
    hardware: dict[str, JsonValue] = Field(default_factory=dict)


class _Size(Open):
    frames: Annotated[int, Field(ge=1, le=LONGEST_CLIP)]
    height: Whole
    width: Whole


class _Kept(Open):
    times: Annotated[list[Annotated[list[Whole], Field(min_length=1)]], Field(min_length=1)] | None = None


class _Method(Open):
    name: str
    paper: str


class CondensedFile(Open):
    """``condensed.json``."""

    spec: _Size
    record: _Kept
    method: _Method
    parameterization: str
    class_names: list[str]
    versions: dict[str, str]
    tensors_sha256: str

    @model_validator(mode="after")
    def _within(self) -> "CondensedFile":
        if any(len(times) > self.spec.frames for times in self.record.times or ()):
            raise ValueError(f"more key-frames than the {self.spec.frames} frames of a clip")
        return self


class _Store(Open):
    content_hash: Hash
    class_names: list[str]
    test_videos: Whole


class _Spec(Open):
    protocol: str
    model: str
    labels: str
    mix: str = "none"
    task: Literal["classify", "retrieve"] = "classify"
    model_options: dict[str, JsonValue] = Field(default_factory=dict)


class _Evaluated(Open):
    method: _Method | None
    content_hash: str | None = None
    storage: _Bytes


class _Asked(Open):
    models: list[str] | None = None
    epochs: Number | None = None
    lr: Number | None = None


class _Result(Open):
    condensation_seed: Seed
    net_seed: Seed
    diverged: bool
    top1: Share | None = None
    recall1: Share | None = None
    per_class: list[Share | None] | None = None
    confusion: list[list[Whole]] | None = None


class _Row(Open):
    role: Literal["method", "random_equal_vpc", "random_equal_bytes", "random_coded", "ceiling"]
    spec_hash: Hash
    videos: Whole
    frames: Positive
    float32_mib: Positive
    diverged: Whole
    results: Annotated[list[_Result], Field(min_length=1)]


class EvaluationFile(Open):
    """``evaluation.json``: what :class:`vidense.evaluation.EvaluationRecord` writes."""

    task: Literal["classify", "retrieve"] = "classify"
    store: _Store
    specs: dict[Hash, _Spec]
    dataset: _Evaluated
    rows: list[_Row]
    asked: _Asked = _Asked()

    @model_validator(mode="after")
    def _fitting(self) -> "EvaluationFile":
        classes, metric = len(self.store.class_names), TASKS[self.task].metric
        if self.asked.models is None and (self.asked.model_fields_set or self.asked.model_extra):
            raise ValueError("what was asked for names no networks")
        for row in self.rows:
            if row.spec_hash not in self.specs:
                raise ValueError(f"a row is of the specification {row.spec_hash!r}, which is not there")
            for result in row.results:
                sizes = {len(part) for part in (result.per_class, result.confusion) if part is not None}
                sizes |= {len(line) for line in result.confusion or ()}
                if sizes - {classes} or (not result.diverged and getattr(result, metric) is None):
                    raise ValueError(f"a result is not one of {classes} classes with {metric}")
        return self


class _Drawn(Open):
    file: str
    still: str
    label: Whole
    width: Whole
    height: Whole
    key_frames: list[Whole] | None


class PreviewFile(Open):
    """``preview/preview.json``; ``of`` and the hash are newer than the rest."""

    content_hash: str | None = None
    of: Whole | None = None
    videos: list[_Drawn]

    @model_validator(mode="after")
    def _few(self) -> "PreviewFile":
        if max(Counter(video.label for video in self.videos).values(), default=0) > MOST_DRAWN:
            raise ValueError(f"more than {MOST_DRAWN} videos of a class")
        return self


def checked(kind: type[BaseModel], file: Path, form: str) -> dict[str, Any]:
    """Return a JSON file of the format ``form``, version 1, that is of a kind.

    Raises:
        UserError: if it is missing, of another format or version, or damaged.
    """
    return check(kind, read_json_of(file, form, 1, "create it again"), file)


def check(kind: type[BaseModel], value: dict[str, Any], file: Path) -> dict[str, Any]:
    """Return what was read from a file if it is of a kind; raises ``UserError`` if not."""
    try:
        kind.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{str(file)!r} is damaged ({': '.join(first_mistake(error))}); create it again") from None
    return value
