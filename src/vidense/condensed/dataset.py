"""A condensed dataset as it is read and written."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor
from torch.utils.data import Dataset

from vidense import __version__
from vidense.condensed.checked import FORMAT, TENSOR_FILE, VERSION, read_index, read_tensors, restore
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.parameterizations.base import Parameterization, Stored, StoreDtype
from vidense.records import condensed_hash, disjoint, file_hash, replacing, write_json
from vidense.run_files import DATASET, DATASET_INDEX
from vidense.seeding import Draw

__all__ = ["CondensedDataset", "Storage", "load", "save"]


@dataclass(frozen=True)
class Storage:
    """What a condensed dataset costs, in two accounts that are never mixed.

    Attributes:
        parts: bytes on disk by tensor name, and ``index`` for all else (condensed.json, the tensor file's header).
        numbers: numbers the papers count.
        frames: those numbers in whole frames of 3 H W.
    """

    parts: Mapping[str, int]
    numbers: int
    frames: float

    @property
    def bytes(self) -> int:
        """Bytes on disk of the whole folder."""
        return sum(self.parts.values())

    @property
    def float32_mib(self) -> float:
        """MiB if every counted number were a float32, as the papers count (PRISM section 4.3)."""
        return self.numbers * 4 / 2**20

    def to_json(self) -> dict[str, Any]:
        """Return both accounts as JSON types."""
        return {
            "bytes": self.bytes,
            "parts": dict(self.parts),
            "frames": self.frames,
            "float32_mib": round(self.float32_mib, 4),
        }


class CondensedDataset(Dataset[tuple[Tensor, Tensor]]):
    """A condensed dataset read from disk; satisfies :class:`vidense.data.spec.LabelledClips`.

    Items are ``(clip, label)``: float32 ``[T, 3, H, W]``, normalised, decoded when asked for, and an int64 scalar, or
    float32 ``[C]`` where the dataset has soft labels.

    Attributes:
        path: the folder.
        index: what ``condensed.json`` holds: method, settings, seed, data hash, library versions.
        storage: what it costs.
    """

    def __init__(self, path: Path, index: dict[str, Any], synthetic: Parameterization, storage: Storage) -> None:
        """Wrap what :func:`load` read."""
        self.path, self.index, self.storage = path, index, storage
        self._synthetic = synthetic.requires_grad_(False)

    @property
    def spec(self) -> ClipSpec:
        """Shape and normalisation."""
        return self._synthetic.spec

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names; labels are positions in it."""
        return self._synthetic.class_names

    @property
    def labels(self) -> Tensor:
        """int64 ``[N]``."""
        return self._synthetic.labels

    @property
    def soft_labels(self) -> Tensor | None:
        """float32 ``[N, C]``, or None for hard labels."""
        return self._synthetic.soft_labels

    @property
    def parameterization(self) -> Parameterization:
        """The videos in the form they are stored in (key-frame times, say)."""
        return self._synthetic

    @property
    def settings(self) -> dict[str, Any]:
        """What the run was asked for; empty for a dataset written through the library that does not say."""
        return dict(self.index.get("settings", {}))

    @property
    def seed(self) -> int:
        """Condensation seed, 0 where the settings name none."""
        return int(self.settings.get("seed", 0))

    @property
    def method(self) -> str:
        """Name of the method that made it, ``condensed`` where none is given."""
        return str(self.index.get("method", {}).get("name", "condensed"))

    @property
    def content_hash(self) -> str:
        """Hash of the stored numbers and of what decodes them."""
        return condensed_hash(self.index)

    @property
    def stochastic(self) -> bool:
        """Whether a video decodes to different clips, chosen by a draw."""
        return self._synthetic.stochastic

    def decode(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Return normalised float32 clips ``[n, T, 3, H, W]`` at ``index`` (int64 ``[n]``)."""
        with torch.no_grad():
            return self._synthetic.decode(index, draw)

    def pictures(self, item: int) -> NDArray[np.uint8]:
        """Return a video as a screen shows it, uint8 ``[T, H, W, 3]``: rounded, and clamped to 0..255."""
        clip, _ = self[item]
        return np.ascontiguousarray(self.spec.denormalise(clip).permute(0, 2, 3, 1).cpu().numpy())

    def stored_times(self, item: int) -> list[int] | None:
        """Return the times (0-based) of a video's stored frames; None if something else than its frames is stored."""
        times: list[list[int]] | None = self.index["record"].get("times")
        if times is not None:
            return times[item]
        whole = self.storage.frames == len(self) * self.spec.frames
        return list(range(self.spec.frames)) if whole else None

    def __len__(self) -> int:
        return len(self._synthetic)

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor]:
        # A sequence must end with an IndexError, or plain iteration over the dataset never stops.
        if not -len(self) <= item < len(self):
            raise IndexError(f"video {item} of {len(self)}")
        clip = self.decode(torch.tensor([item % len(self)]))[0]
        return clip, self.labels[item] if self.soft_labels is None else self.soft_labels[item]


def save(
    folder: Path, synthetic: Parameterization, *, dtype: StoreDtype, provenance: Mapping[str, Any]
) -> "CondensedDataset":
    """Write a condensed dataset and return it as a reader will see it.

    Args:
        folder: created if missing; an older dataset in it is replaced.
        synthetic: the videos.
        dtype: stored numbers.
        provenance: method, settings, seed and data hash, as JSON types.

    """
    dtype = synthetic.stored_dtype(dtype)
    stored = synthetic.store(dtype)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / TENSOR_FILE) as temporary:
        save_file(stored.tensors, temporary)
    index = {
        "format": FORMAT,
        "version": VERSION,
        "parameterization": synthetic.kind,
        "record": stored.record,
        "tensors_sha256": file_hash(folder / TENSOR_FILE),
        "spec": synthetic.spec.to_json(),
        "class_names": list(synthetic.class_names),
        "store_dtype": dtype,
        "bytes_by_part": stored.bytes_by_part,
        "versions": {"vidense": __version__, **{name: version(name) for name in ("torch", "safetensors", "av")}},
    }
    write_json(folder / DATASET_INDEX, disjoint(index, provenance))
    return load(folder)


def load(path: str | Path) -> CondensedDataset:
    """Open a condensed dataset.

    Args:
        path: its folder, or a run's folder that holds one in ``dataset/``.

    Raises:
        UserError: if the folder is no condensed dataset, of a newer format, or damaged (file and field are named).
    """
    folder = Path(path)
    if not (folder / DATASET_INDEX).exists() and (folder / DATASET / DATASET_INDEX).exists():
        folder = folder / DATASET
    if not (folder / DATASET_INDEX).exists():
        raise UserError(
            f"{str(path)!r} is no condensed dataset: it has no {DATASET_INDEX}; "
            "give the folder that `vidense condense` wrote"
        )
    index = read_index(folder)
    tensors = read_tensors(folder, index)
    synthetic = restore(folder, index, tensors)
    return CondensedDataset(folder, index, synthetic.eval(), _storage(folder, tensors, synthetic))


def _storage(folder: Path, tensors: Mapping[str, Tensor], synthetic: Parameterization) -> Storage:
    parts = Stored(dict(tensors)).bytes_by_part
    total = sum((folder / name).stat().st_size for name in (DATASET_INDEX, TENSOR_FILE))
    # Counted from what was read, for an index may claim anything.
    numbers = synthetic.stored_numbers()
    return Storage({**parts, "index": total - sum(parts.values())}, numbers, numbers / synthetic.spec.frame_numbers)
