"""Reading a condensed dataset that may come from a stranger: whatever is wrong is one sentence with file and field."""

from collections import UserDict
from collections.abc import Mapping
from pathlib import Path
from reprlib import repr as brief
from textwrap import shorten
from typing import Annotated, Any, Literal, cast

import torch
from pydantic import Field, JsonValue, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vidense.config import first_mistake
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.file_models import ClassNames, Name, Open, Seed
from vidense.parameterizations.base import PARAMETERIZATIONS, Parameterization, Stored, StoreDtype
from vidense.records import file_hash, read_json_of
from vidense.run_files import DATASET_INDEX

__all__ = ["FORMAT", "TENSOR_FILE", "VERSION", "read_index", "read_tensors", "restore"]

FORMAT, VERSION = "vidense-condensed", 1
TENSOR_FILE = "tensors.safetensors"

# A stranger's file may claim clips of any size. Decoding may take as many numbers as the parameterization allows for
# each stored one, so that memory follows from the size of the files, or this many (256 MiB as float32) if more.
FREE_NUMBERS = 2**26
LABELS = ("labels", "soft_labels")
LABEL_DTYPES = (torch.uint8, torch.int16)


class _Method(Open):
    name: Name = "condensed"


class _Settings(Open):
    seed: Seed = 0
    data: str = ""
    scale: Literal["small", "published"] = "small"
    options: dict[str, JsonValue] = Field(default_factory=dict)


class _Index(Open):
    """What ``condensed.json`` must hold; whatever else it holds (an outcome, say) must be JSON."""

    format: Literal["vidense-condensed"]
    version: Literal[1]
    parameterization: Name
    record: dict[str, JsonValue]
    tensors_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    spec: dict[str, JsonValue]
    class_names: ClassNames
    store_dtype: StoreDtype
    bytes_by_part: dict[str, int]
    versions: dict[str, str]
    # A dataset written through the library may name no method and no settings.
    method: _Method = _Method()
    settings: _Settings = _Settings()


def _damaged(file: Path, field: str, problem: object) -> UserError:
    # Libraries explain themselves in many lines.
    said = shorten(str(problem), 300)
    return UserError(f"{str(file)!r}, {field}: {said}; it is damaged: copy or condense it again")


def read_index(folder: Path) -> dict[str, Any]:
    """Return ``condensed.json`` of a folder, every field checked."""
    file = folder / DATASET_INDEX
    index = read_json_of(file, FORMAT, VERSION, "give another folder, or upgrade vidense")
    try:
        _Index.model_validate(index)
        ClipSpec.from_json(index["spec"])
    except ValidationError as error:
        raise _damaged(file, *first_mistake(error)) from None
    except UserError as error:
        raise _damaged(file, "field 'spec'", error) from None
    return index


def read_tensors(folder: Path, index: dict[str, Any]) -> dict[str, Tensor]:
    """Return the tensors that an index describes, checked against it as far as all parameterizations are alike."""
    file = folder / TENSOR_FILE
    try:
        if file_hash(file) != index["tensors_sha256"]:
            raise UserError(
                f"{str(file)!r} is not what {DATASET_INDEX} describes (other SHA-256); copy or condense it again"
            )
        tensors = load_file(file)
    except (OSError, SafetensorError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise UserError(f"{str(file)!r} cannot be read ({error}); copy or condense it again") from None
    for name, tensor in tensors.items():
        if tensor.is_complex() or tensor.dtype == torch.float64:
            raise _damaged(file, f"tensor {brief(name)}", f"{tensor.dtype} is no type that a dataset is stored in")
        if tensor.is_floating_point() and not bool(tensor.float().isfinite().all()):
            raise _damaged(file, f"tensor {brief(name)}", "it holds NaN or infinity")
    if Stored(tensors).bytes_by_part != index["bytes_by_part"]:
        raise _damaged(folder / DATASET_INDEX, "field 'bytes_by_part'", "the tensors take other bytes")
    if getattr(torch, index["store_dtype"]) not in {tensor.dtype for tensor in tensors.values()}:
        raise _damaged(folder / DATASET_INDEX, "field 'store_dtype'", f"no tensor holds {index['store_dtype']}")
    _check_labels(file, tensors, len(index["class_names"]))
    _check_size(folder, index, tensors)
    return tensors


def _check_labels(file: Path, tensors: Mapping[str, Tensor], classes: int) -> None:
    labels, soft = tensors.get("labels"), tensors.get("soft_labels")
    if labels is None or labels.dtype not in LABEL_DTYPES or labels.dim() != 1 or not len(labels):
        raise _damaged(file, "tensor 'labels'", "it must be uint8 or int16 of shape [N], N at least 1")
    if not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise _damaged(file, "tensor 'labels'", f"a label is outside its {classes} classes")
    if soft is not None and (soft.dtype != torch.float32 or soft.shape != (len(labels), classes)):
        raise _damaged(file, "tensor 'soft_labels'", f"it must be float32 of shape {[len(labels), classes]}")


def _check_size(folder: Path, index: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    spec, known = ClipSpec.from_json(index["spec"]), index["parameterization"] in PARAMETERIZATIONS
    kind = PARAMETERIZATIONS.get(index["parameterization"]) if known else Parameterization
    stored = sum(tensor.numel() for name, tensor in tensors.items() if name not in LABELS)
    # Key-frames also take T weights for each of T frames.
    decoded = len(tensors["labels"]) * spec.frames * (spec.frame_numbers + spec.frames)
    if decoded > max(FREE_NUMBERS, kind.largest_ratio * stored):
        problem = f"{len(tensors['labels'])} clips of {list(spec.shape)} do not follow from {stored} stored numbers"
        raise _damaged(folder / DATASET_INDEX, "field 'spec'", problem)


def restore(folder: Path, index: dict[str, Any], tensors: Mapping[str, Tensor]) -> Parameterization:
    """Return the videos that checked tensors hold; each parameterization checks what is its own."""
    read = _Read({name: tensor for name, tensor in tensors.items() if name not in LABELS})
    stored = Stored(cast("dict[str, Tensor]", read), index["record"])
    spec, labels = ClipSpec.from_json(index["spec"]), tensors["labels"].to(torch.int64)
    try:
        kind = PARAMETERIZATIONS.get(index["parameterization"])
        synthetic = kind.unpack(stored, spec, index["class_names"], labels, tensors.get("soft_labels"))
    except UserError as error:
        raise _damaged(folder / DATASET_INDEX, "field 'parameterization'", error) from None
    except Exception as error:  # each kind decodes in its own way, with libraries of its own
        raise _damaged(folder, f"parameterization {index['parameterization']!r}", error) from None
    if unused := sorted(set(read) - read.names):
        raise _damaged(folder / TENSOR_FILE, f"tensor {brief(unused[0])}", "nothing reads it")
    if not all(tensor.isfinite().all() for tensor in synthetic.state_dict().values()):
        raise _damaged(folder / TENSOR_FILE, "frames", "decoding gives numbers that are not finite")
    return synthetic


class _Read(UserDict[str, Tensor]):
    """Tensors that note which of them were read."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.names: set[str] = set()
        super().__init__(tensors)

    def __getitem__(self, name: str) -> Tensor:
        self.names.add(name)
        return super().__getitem__(name)
