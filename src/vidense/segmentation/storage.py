"""Condensed features as a folder: ``sequences.json`` and ``tensors.safetensors``, no pickle.

Whoever reads it may have got it from a stranger: whatever is wrong is one sentence with file and field.
"""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vidense import __version__
from vidense.condensed import Storage
from vidense.config import first_mistake
from vidense.errors import UserError
from vidense.file_models import ClassNames
from vidense.parameterizations.base import Stored
from vidense.parameterizations.quantise import pack_frames, unpack_frames
from vidense.records import disjoint, file_hash, read_json_of, replacing, write_json
from vidense.segmentation.sequences import Script, SegmentKeys

__all__ = ["INDEX_FILE", "TENSOR_FILE", "load", "save"]

FORMAT, VERSION = "vidense-segmentation", 1
INDEX_FILE, TENSOR_FILE = "sequences.json", "tensors.safetensors"
# A script of a few bytes may claim a video of any length. Videos are decoded one by one; none may have more frames than
# this (more than a day at 30 a second), or take more numbers (1 GiB as float32).
MOST_FRAMES, LARGEST_VIDEO = 2**22, 2**28

Size = Annotated[int, Field(ge=1, le=MOST_FRAMES)]
Place = Annotated[int, Field(ge=0, lt=MOST_FRAMES)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Script(_Strict):
    labels: list[Place]
    lengths: list[Size]
    times: list[Place]


class _Index(_Strict):
    format: Literal["vidense-segmentation"]
    version: Literal[1]
    class_names: ClassNames
    dimension: Annotated[int, Field(ge=1, le=2**20)]
    videos: Annotated[list[_Script], Field(min_length=1)]
    tensors_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    versions: dict[str, str]
    settings: dict[str, JsonValue]


def save(folder: Path, videos: SegmentKeys, settings: Mapping[str, Any]) -> None:
    """Write condensed videos; an older set in ``folder`` is replaced.

    Vectors are stored as uint8, each with a scale and an offset of its own (:func:`pack_frames`), so the largest
    error is half of 1/255 of a vector's range.

    Args:
        folder: created if missing.
        videos: what to write.
        settings: where they come from, as JSON types.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / TENSOR_FILE) as temporary:
        save_file(pack_frames(videos.vectors, "uint8"), temporary)
    index = {
        "format": FORMAT,
        "version": VERSION,
        "class_names": list(videos.class_names),
        "dimension": videos.dimension,
        "videos": [
            {"labels": list(script.labels), "lengths": list(script.lengths), "times": list(script.times)}
            for script in videos.scripts
        ],
        "tensors_sha256": file_hash(folder / TENSOR_FILE),
        "versions": {"vidense": __version__, **{name: version(name) for name in ("torch", "safetensors")}},
    }
    write_json(folder / INDEX_FILE, disjoint(index, {"settings": dict(settings)}))


def load(folder: Path) -> tuple[SegmentKeys, Storage]:
    """Read condensed videos, and what they cost on disk.

    Returns:
        The videos, and their :class:`vidense.condensed.Storage`: a stored vector counts as a frame of D numbers.

    Raises:
        UserError: if the folder holds none, or they are of a newer format or damaged.
    """
    file = folder / INDEX_FILE
    value = read_json_of(file, FORMAT, VERSION, "give another folder, or upgrade vidense")
    try:
        index = _Index.model_validate(value)
        scripts = [Script(tuple(v.labels), tuple(v.lengths), tuple(v.times)) for v in index.videos]
        longest = max(script.frames for script in scripts)
        if longest > MOST_FRAMES or longest * index.dimension > LARGEST_VIDEO:
            raise ValueError(f"a video of {longest} frames of {index.dimension} numbers is too large")
        tensors = _read_tensors(folder / TENSOR_FILE, index.tensors_sha256)
        count = sum(len(script.times) for script in scripts)
        vectors = unpack_frames(tensors, count, (index.dimension,))
        if not bool(vectors.isfinite().all()):
            raise ValueError("decoding gives numbers that are not finite")
        videos = SegmentKeys(vectors, scripts, index.class_names)
    except ValidationError as error:
        raise _damaged(file, ": ".join(first_mistake(error))) from None
    except ValueError as error:
        raise _damaged(folder, error) from None
    parts = Stored(tensors).bytes_by_part
    total = sum((folder / name).stat().st_size for name in (INDEX_FILE, TENSOR_FILE))
    storage = Storage({**parts, "index": total - sum(parts.values())}, vectors.numel(), len(vectors))
    return videos, storage


def _read_tensors(file: Path, wanted: str) -> dict[str, Tensor]:
    try:
        if file_hash(file) != wanted:
            raise ValueError(f"{TENSOR_FILE} is not what {INDEX_FILE} describes (other SHA-256)")
        tensors = load_file(file)
    except (OSError, SafetensorError, KeyError, RuntimeError, TypeError) as error:
        raise ValueError(f"{TENSOR_FILE} cannot be read ({error})") from None
    kinds = {"frames": torch.uint8, "scale": torch.float32, "offset": torch.float32}
    if {name: tensor.dtype for name, tensor in tensors.items()} != kinds:
        raise ValueError(f"{TENSOR_FILE} must hold frames (uint8), scale and offset (float32), and nothing else")
    return tensors


def _damaged(place: Path, problem: object) -> UserError:
    return UserError(f"{str(place)!r}, {shorten(str(problem), 300)}; it is damaged: copy or condense it again")
