"""The real training clip that each condensed video resembles most: what was memorised, as far as pixels tell."""

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vidense.condensed import CondensedDataset
from vidense.data.animation import write_animation
from vidense.data.real import RealClips
from vidense.data.store import ClipStore
from vidense.engine.preview import chosen_videos
from vidense.records import read_json, write_json

__all__ = ["FOLDER", "INDEX", "write_nearest"]

FOLDER, INDEX = "nearest", "nearest.json"
CHUNK = 32
# Real clips of a class, whose own nearest neighbours say what a distance means.
SAMPLE = 20


def write_nearest(dataset: CondensedDataset, store: ClipStore, run: Path) -> None:
    """Write ``nearest/`` into a run: for each video that is drawn, the nearest training clip and how near it is.

    The distance is the root mean square difference of all pixels of two clips, in 0..255, and 0 for a copy. Beside it
    stands ``typical``: the median distance at which real clips of the class find another source's clip. The same
    dataset is not compared twice.

    Args:
        dataset: what to compare.
        store: what it is compared with: the first stored clip of each training video.
        run: folder of the run.
    """
    folder, content = run / FOLDER, {"dataset": dataset.content_hash, "store": store.content_hash}
    if (folder / INDEX).exists() and read_json(folder / INDEX)["content"] == content:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    numbers = chosen_videos(dataset)
    clips = dataset.spec.denormalise(dataset.decode(torch.tensor(numbers)))
    distances = _distances(clips, store.train)
    names = [video.path for video in store.videos if video.split == "train"]
    typical = {label: _typical(store.train, label) for label in {int(dataset.labels[number]) for number in numbers}}
    videos: list[dict[str, Any]] = []
    for number, row in zip(numbers, distances, strict=True):
        nearest = int(row.argmin())
        file = f"{number:05}.webp"
        write_animation(folder / file, store.train.pixels(torch.tensor([nearest]))[0].permute(0, 2, 3, 1).cpu().numpy())
        videos.append(
            {
                "number": number,
                "file": file,
                "source": names[nearest],
                "label": int(store.train.labels[nearest]),
                "distance": float(row[nearest]),
                "typical": typical[int(dataset.labels[number])],
            }
        )
    # The index comes last: a folder without one is made again.
    write_json(folder / INDEX, {"content": content, "videos": videos})


def _distances(clips: Tensor, real: RealClips) -> Tensor:
    """Return the distance of uint8 clips ``[n, T, 3, H, W]`` to every real one, float32 ``[n, N]``."""
    flat = clips.flatten(1).float().cpu()
    parts = []
    for index in torch.split(torch.arange(len(real)), CHUNK):
        other = real.pixels(index).flatten(1).float().cpu()
        # The products of such long vectors would lose small distances.
        parts.append(torch.cdist(flat, other, compute_mode="donot_use_mm_for_euclid_dist"))
    distances: Tensor = torch.cat(parts, 1) / flat.shape[1] ** 0.5
    return distances


def _typical(real: RealClips, label: int) -> float | None:
    """Return how far clips of a class are from the nearest of another source; None if there is one source only."""
    members = real.members(label)
    view = real.subset(members)
    distances = _distances(view.pixels(torch.arange(min(len(view), SAMPLE))), view)
    number = {group: position for position, group in enumerate(dict.fromkeys(view.groups))}
    sources = torch.tensor([number[group] for group in view.groups])
    others = distances.masked_fill(sources[: len(distances), None] == sources, torch.inf).amin(1)
    found = others[others.isfinite()]
    return float(found.median()) if len(found) else None
