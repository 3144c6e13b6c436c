"""The real training clip that each condensed video resembles most: what was memorised, as far as pixels tell."""

from collections.abc import Set
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from vidense.condensed import CondensedDataset
from vidense.data.animation import write_moving
from vidense.data.real import RealClips
from vidense.data.store import ClipStore
from vidense.engine.preview import chosen_videos
from vidense.records import appearing, holds, write_json
from vidense.run_files import NEAREST, NEAREST_INDEX

__all__ = ["write_nearest"]

CHUNK = 32
# Side of the pictures that are searched, and how many of the best are then compared pixel by pixel.
SIDE, BEST = 8, 8
# Real clips of a class, whose own nearest neighbours say what a distance means.
SAMPLE = 20


def write_nearest(dataset: CondensedDataset, store: ClipStore, run: Path) -> None:
    """Write ``nearest/`` into a run: for each video that is drawn, the nearest training clip and how near it is.

    The distance is the root mean square difference of all pixels of two clips, in 0..255, and 0 for a copy. It is
    computed for the few clips whose 8x8 averages are nearest: of averages it is never larger than of the pixels. Beside
    it stands ``typical``: the median distance at which real clips of the class find another source's clip. The same
    dataset is not compared twice.

    Args:
        dataset: what to compare.
        store: what it is compared with: the first stored clip of each training video.
        run: folder of the run.
    """
    folder, content = run / NEAREST, {"dataset": dataset.content_hash, "store": store.content_hash}
    if holds(folder / NEAREST_INDEX, "content", content):
        return
    real, numbers = store.train, chosen_videos(dataset)
    names = [video.path for video in store.videos if video.split == "train"]
    own = torch.cat([_averages(_pixels(dataset, number)) for number in numbers])
    candidates, typical = _search(real, own, {int(dataset.labels[number]) for number in numbers})
    videos: list[dict[str, Any]] = []
    with appearing(folder, replace=True) as drawn:
        for number, some in zip(numbers, candidates, strict=True):
            nearest, distance = _closest(_pixels(dataset, number), some, real)
            files = write_moving(
                drawn, number, real.pixels(torch.tensor([nearest]))[0].permute(0, 2, 3, 1).cpu().numpy()
            )
            found = {"number": number, **files, "source": names[nearest], "label": int(real.labels[nearest])}
            videos.append({**found, "distance": distance, "typical": typical[int(dataset.labels[number])]})
        write_json(drawn / NEAREST_INDEX, {"content": content, "videos": videos})


def _pixels(dataset: CondensedDataset, number: int) -> Tensor:
    """Return a condensed video as a screen shows it, uint8 ``[1, T, 3, H, W]``."""
    return dataset.spec.denormalise(dataset.decode(torch.tensor([number]))).cpu()


def _averages(clips: Tensor) -> Tensor:
    """Return uint8 clips ``[n, T, 3, H, W]`` as 8x8 pictures, float32 ``[n, T * 3 * 64]``."""
    return F.adaptive_avg_pool2d(clips.flatten(1, 2).float(), SIDE).flatten(1)


def _small(real: RealClips) -> Tensor:
    """Return the averages of real clips."""
    return torch.cat([_averages(real.pixels(index).cpu()) for index in torch.split(torch.arange(len(real)), CHUNK)])


def _search(real: RealClips, own: Tensor, labels: Set[int]) -> tuple[Tensor, dict[int, float | None]]:
    """Return the few real clips nearest by averages, and what is typical; holds the averages of one class at a time.

    Args:
        real: the clips.
        own: averages of condensed videos ``[n, E]``.
        labels: the classes to say of what is typical.

    Returns:
        int64 ``[n, k]`` with k at most 8, and for each of ``labels`` what :func:`_typical` says.
    """
    distances, best = own.new_empty(len(own), 0), torch.empty(len(own), 0, dtype=torch.int64)
    typical: dict[int, float | None] = {}
    for label in range(len(real.class_names)):
        members = real.members(label)
        view = real.subset(members)
        small = _small(view)
        distances = torch.cat([distances, torch.cdist(own, small)], 1)
        best = torch.cat([best, members.expand(len(own), -1)], 1)
        distances, places = distances.topk(min(BEST, distances.shape[1]), largest=False)
        best = best.gather(1, places)
        if label in labels:
            typical[label] = _typical(view, small)
    return best, typical


def _closest(clip: Tensor, candidates: Tensor, real: RealClips) -> tuple[int, float]:
    """Return which of some real clips is nearest to one ``[1, T, 3, H, W]``, and its distance.

    Args:
        clip: uint8.
        candidates: positions of the clips to compare, int64 ``[k]``.
        real: the clips.
    """
    squares = (real.pixels(candidates).cpu().float() - clip.float()).square().flatten(1).mean(1)
    return int(candidates[squares.argmin()]), float(squares.min().sqrt())


def _typical(view: RealClips, small: Tensor) -> float | None:
    """Return how far clips of a class are from the nearest of another source; None if there is one source only.

    Args:
        view: the clips of the class.
        small: their averages.
    """
    sources, found = view.sources, []
    for place in range(min(len(view), SAMPLE)):
        others = (sources != sources[place]).nonzero().flatten()
        if len(others):
            distances = torch.cdist(small[place : place + 1], small[others])[0]
            best = others[distances.topk(min(BEST, len(others)), largest=False).indices]
            found.append(_closest(view.pixels(torch.tensor([place])).cpu(), best, view)[1])
    return float(torch.tensor(found).median()) if found else None
