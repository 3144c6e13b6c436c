"""Stores made from other stores: some of the classes, clips of another length, or clips that move otherwise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vidense.data.layouts import Entry, Listing
from vidense.data.parts import refuse_changes
from vidense.data.prepare import prepare_listed
from vidense.data.real import RealClips
from vidense.data.settings import PrepareSettings
from vidense.data.spec import LabelledClips
from vidense.data.store import ClipStore
from vidense.data.store_index import FORMAT, INDEX, VERSION, hash_of_content
from vidense.errors import UserError
from vidense.records import holds, read_json, replacing, write_json

__all__ = [
    "MOTIONS",
    "halves_by_motion",
    "motion_of_classes",
    "motion_of_clips",
    "write_classes",
    "write_moved",
    "write_reframed",
]

CHUNK = 64
Change = Callable[[NDArray[np.uint8], NDArray[np.int64]], NDArray[np.uint8]]


def motion_of_clips(clips: LabelledClips) -> Tensor:
    """Return how much each clip moves, float64 ``[n]`` in [0, 1]: the mean absolute difference of consecutive frames.

    Over pixels, frames and, of real videos, the first stored clip; 0 for clips of one frame.
    """
    if clips.spec.frames == 1:
        return torch.zeros(len(clips.labels), dtype=torch.float64)
    found = []
    for index in torch.split(torch.arange(len(clips.labels)), CHUNK):
        pixels = clips.spec.denormalise(clips.decode(index)).cpu().float() / 255
        found.append((pixels[:, 1:] - pixels[:, :-1]).abs().flatten(1).mean(1).double())
    return torch.cat(found)


def motion_of_classes(clips: LabelledClips) -> Tensor:
    """Return :func:`motion_of_clips` averaged over the clips of each class, float64 ``[C]``."""
    labels, classes = clips.labels.cpu(), len(clips.class_names)
    total = torch.zeros(classes, dtype=torch.float64).index_add_(0, labels, motion_of_clips(clips))
    return total / torch.bincount(labels, minlength=classes).clamp(min=1)


def halves_by_motion(real: RealClips) -> dict[str, list[int]]:
    """Return the labels of the ``static`` and of the ``dynamic`` half of the classes, each in order.

    VDSD shows such groups of MiniUCF in a figure and lists them nowhere; here the classes that move least are static,
    the middle one of an odd number with them.
    """
    order = motion_of_classes(real).argsort(stable=True).tolist()
    middle = (len(order) + 1) // 2
    return {"static": sorted(order[:middle]), "dynamic": sorted(order[middle:])}


def write_classes(store: ClipStore, labels: Sequence[int], out: Path) -> ClipStore:
    """Write a store of some classes, numbered anew in the order of ``labels``; this one is opened if there.

    Args:
        store: where from.
        labels: at least one, each once.
        out: folder of the new store.
    """
    names, number = [store.class_names[label] for label in labels], {label: i for i, label in enumerate(labels)}
    videos = [asdict(replace(v, label=number[v.label])) for v in store.videos if v.label in number]
    changed = {"settings": {**store.settings, "classes": names}, "class_names": names, "videos": videos}
    return _write(store, out, changed, labels, lambda clips, _: clips)


def _stand(clips: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    middle = clips.shape[1] // 2
    return np.repeat(clips[:, middle : middle + 1], clips.shape[1], axis=1)


def _jump(clips: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    orders = (np.random.default_rng(row).permutation(clips.shape[1]) for row in rows.tolist())
    return np.stack([clip[order] for clip, order in zip(clips, orders, strict=True)])


# What becomes of clips ``[n, T, 3, H, W]``, and of the rows of the store where they stand.
MOTIONS: dict[str, Change] = {"none": _stand, "abrupt": _jump}


def write_moved(store: ClipStore, motion: str, out: Path) -> ClipStore:
    """Write a store of the same videos that move otherwise, training and test; this one is opened if there.

    Args:
        store: where from.
        motion: of :data:`MOTIONS`: ``none``, the middle frame of each clip in the place of all; or ``abrupt``, the
            frames of each clip in an order drawn for it.
        out: folder of the new store.

    Raises:
        UserError: if the motion of the store's videos was changed before.
    """
    if "motion" in store.settings:
        raise UserError(f"the videos of {str(store.path)!r} were changed before; give the store that they came from")
    changed = {
        "settings": {**store.settings, "motion": motion},
        "class_names": list(store.class_names),
        "videos": [asdict(video) for video in store.videos],
    }
    return _write(store, out, changed, range(len(store.class_names)), MOTIONS[motion])


def _write(store: ClipStore, out: Path, changed: Mapping[str, Any], labels: Sequence[int], change: Change) -> ClipStore:
    """Write the clips of the classes ``labels``, changed, and an index with what ``changed`` holds."""
    settings = changed["settings"]
    resize, motion = settings.get("resize", "squash"), settings.get("motion")
    content = hash_of_content(store.spec, changed["class_names"], resize, changed["videos"], motion)
    if holds(out / INDEX, "content_hash", content):
        return ClipStore.open(out)
    out.mkdir(parents=True, exist_ok=True)
    # First, so that a kill leaves no index of other clips.
    (out / INDEX).unlink(missing_ok=True)
    kept = torch.tensor(labels)
    shards = [
        _write_shard(view, split, torch.isin(view.labels, kept).nonzero().flatten(), out, change)
        for split, view in (("train", store.train), ("test", store.test))
    ]
    head = {"format": FORMAT, "version": VERSION, "source": str(store.source), "spec": store.spec.to_json()}
    write_json(out / INDEX, {**head, "content_hash": content, **changed, "shards": shards})
    return ClipStore.open(out)


def _write_shard(view: RealClips, split: str, index: Tensor, out: Path, change: Change) -> dict[str, Any]:
    file = out / f"{split}-00000.npy"
    shape = (len(index), view.windows, *view.spec.shape)
    with replacing(file) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        for window in range(view.windows):
            for start in range(0, len(index), CHUNK):
                rows = index[start : start + CHUNK]
                clips = view.pixels(rows, window).cpu().numpy()
                array[start : start + len(rows), window] = change(clips, rows.numpy())
        array.flush()
    return {"split": split, "file": file.name, "bytes": file.stat().st_size, "shape": list(shape)}


def write_reframed(store: ClipStore, frames: int, out: Path) -> ClipStore:
    """Prepare the very videos of a store again, with ``frames`` frames a clip and everything else as it was.

    The store itself says which they are: the lists that named them may lie anywhere, or be gone.

    Raises:
        UserError: if a video is no longer where it was, or is another one.
    """
    refuse_changes(store.source, read_json(store.path / INDEX)["videos"])
    settings, names = PrepareSettings.from_json({**store.settings, "frames": frames}), store.class_names
    entries = tuple(Entry(video.path, names[video.label], video.split, video.group) for video in store.videos)
    # Which clips are mirrored follows from seed and path; where none is, the layout may as well forbid it.
    flip = any(any(video.flips) for video in store.videos)
    prepare_listed(Listing(settings.layout, store.source, names, entries, flip=flip), settings, out)
    return ClipStore.open(out)
