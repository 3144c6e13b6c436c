"""The index of a store that may come from a stranger: every field is of the kind that the rest takes it for."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from vidense.config import first_mistake
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.file_models import ClassNames, Name, Open
from vidense.records import content_hash, read_json_of

__all__ = ["FORMAT", "INDEX", "VERSION", "hash_of_content", "read_store_index"]

FORMAT, VERSION = "vidense-store", 1
INDEX = "index.json"

Count = Annotated[int, Field(ge=0)]
Split = Literal["train", "test"]


class _Checked(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class _Video(_Checked):
    path: Name
    sha256: Name
    label: Count
    split: Split
    group: str
    length: Count
    windows: Annotated[list[Annotated[list[Count], Field(min_length=1)]], Field(min_length=1)]
    flips: list[bool]


class _Shard(_Checked):
    split: Split
    file: Annotated[str, Field(pattern=r"^(train|test)-\d{5,}\.npy$")]
    bytes: Annotated[int, Field(ge=1)]
    shape: list[Count]


class _Failure(_Checked):
    path: Name
    split: Split
    reason: str
    detail: str
    sha256: str | None = None


class _Settings(Open):
    """What is read back of them."""

    stride: Annotated[int, Field(ge=1)] = 1
    resize: Literal["squash", "crop"] = "squash"
    motion: str | None = None


class _Index(_Checked):
    source: str
    spec: dict[str, JsonValue]
    class_names: ClassNames
    content_hash: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    settings: _Settings
    shards: list[_Shard]
    videos: list[_Video]
    failures: list[_Failure] = Field(default_factory=list)

    @model_validator(mode="after")
    def _labelled(self) -> "_Index":
        if any(video.label >= len(self.class_names) for video in self.videos):
            raise ValueError(f"a label is outside the {len(self.class_names)} classes")
        return self


def hash_of_content(
    spec: ClipSpec, class_names: list[str], resize: str, videos: list[dict[str, Any]], motion: str | None = None
) -> str:
    """Return 16 hex digits that identify the clips: sources by their hashes, and how clips were made of them.

    Neither where the source lies nor what its files are called matters; the order of the videos does.
    """
    parts = ("sha256", "label", "split", "group", "windows", "flips")
    rows = [[row[part] for part in parts] for row in videos]
    found = content_hash({"spec": spec.to_json(), "classes": class_names, "resize": resize, "videos": rows})
    # Clips that were made to move otherwise are other clips of the same videos.
    return found if motion is None else content_hash([found, motion])


def read_store_index(store: Path) -> dict[str, Any]:
    """Return ``index.json`` of a store, checked.

    Raises:
        UserError: if it is missing, of another version or damaged, or its hash is not that of what it lists: networks
            and results are found by that hash.
    """
    index = read_json_of(
        store / INDEX, FORMAT, VERSION, "give a folder that `vidense prepare` wrote, or prepare it fresh"
    )
    try:
        settings = _Index.model_validate(index).settings
        spec = ClipSpec.from_json(index["spec"])
    except ValidationError as error:
        raise UserError(f"{str(store)!r} is damaged ({': '.join(first_mistake(error))}); prepare it fresh") from None
    except UserError as error:
        raise UserError(f"{str(store)!r} is damaged ({error}); prepare it fresh") from None
    found = hash_of_content(spec, index["class_names"], settings.resize, index["videos"], settings.motion)
    if index["content_hash"] != found:
        raise UserError(f"{str(store)!r} is damaged (its content hash is of other videos); prepare it fresh")
    return index
