"""Stores made from other stores: some of the classes, or clips of another length."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vidense.data.prepare import prepare
from vidense.data.real import RealClips
from vidense.data.store import FORMAT, INDEX, VERSION, ClipStore, hash_of_content
from vidense.records import read_json, replacing, write_json

__all__ = ["halves_by_motion", "motion_of_classes", "write_classes", "write_reframed"]

CHUNK = 64


def motion_of_classes(real: RealClips) -> Tensor:
    """Return how much the clips of each class move, float64 ``[C]`` in [0, 1].

    The mean absolute difference of consecutive frames, over pixels, frames and the first stored clip of each video.
    """
    total = torch.zeros(len(real.class_names), dtype=torch.float64)
    for index in torch.split(torch.arange(len(real)), CHUNK):
        clips = real.pixels(index).cpu().float() / 255
        moved = (clips[:, 1:] - clips[:, :-1]).abs().flatten(1).mean(1).double()
        total.index_add_(0, real.labels[index].cpu(), moved)
    return total / torch.bincount(real.labels.cpu(), minlength=len(total)).clamp(min=1)


def halves_by_motion(real: RealClips) -> dict[str, list[int]]:
    """Return the labels of the ``static`` and of the ``dynamic`` half of the classes, each in order.

    VDSD shows such groups of MiniUCF in a figure and lists them nowhere; here the classes that move least are static,
    the middle one of an odd number with them.
    """
    order = motion_of_classes(real).argsort(stable=True).tolist()
    middle = (len(order) + 1) // 2
    return {"static": sorted(order[:middle]), "dynamic": sorted(order[middle:])}


def write_classes(store: ClipStore, labels: Sequence[int], out: Path) -> ClipStore:
    """Write a store of some classes, numbered anew in the order of ``labels``; one that is there is opened.

    Args:
        store: where from.
        labels: at least one, each once.
        out: folder of the new store.
    """
    names, number = [store.class_names[label] for label in labels], {label: i for i, label in enumerate(labels)}
    videos = [asdict(replace(v, label=number[v.label])) for v in store.videos if v.label in number]
    content = hash_of_content(store.spec, names, str(store.settings.get("resize")), videos)
    if (out / INDEX).is_file() and read_json(out / INDEX).get("content_hash") == content:
        return ClipStore.open(out)
    out.mkdir(parents=True, exist_ok=True)
    shards = [
        _write_shard(view, split, torch.isin(view.labels, torch.tensor(labels)).nonzero().flatten(), out)
        for split, view in (("train", store.train), ("test", store.test))
    ]
    index = {
        "format": FORMAT,
        "version": VERSION,
        "content_hash": content,
        "source": str(store.source),
        "settings": {**store.settings, "classes": names},
        "spec": store.spec.to_json(),
        "class_names": names,
        "shards": shards,
        "videos": videos,
    }
    write_json(out / INDEX, index)
    return ClipStore.open(out)


def _write_shard(view: RealClips, split: str, index: Tensor, out: Path) -> dict[str, Any]:
    file = out / f"{split}-00000.npy"
    shape = (len(index), view.windows, *view.spec.shape)
    with replacing(file) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        for window in range(view.windows):
            for start in range(0, len(index), CHUNK):
                rows = index[start : start + CHUNK]
                array[start : start + len(rows), window] = view.pixels(rows, window).cpu().numpy()
        array.flush()
    return {"split": split, "file": file.name, "bytes": file.stat().st_size, "shape": list(shape)}


def write_reframed(store: ClipStore, frames: int, out: Path) -> ClipStore:
    """Prepare the videos of a store again, with ``frames`` frames a clip and everything else as it was.

    Raises:
        UserError: if the videos are no longer where they were.
    """
    asked = {name: store.settings[name] for name in ("layout", "split", "size", "resize", "seed")}
    asked |= {name: store.settings[name] for name in ("stride", "clips") if name in store.settings}
    prepare(store.source, out, frames=frames, **asked)
    return ClipStore.open(out)
