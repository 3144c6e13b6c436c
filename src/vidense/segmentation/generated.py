"""Feature sequences made by a rule, so that tests and benchmarks know the answers without a dataset.

A kitchen in eight actions: somebody starts, cuts, peels and pours in any order (one of them perhaps twice), mixes,
perhaps seasons and mixes again, serves and ends. An action is a place in feature space and a path through it; on top of
that lie the person's own offset and smooth noise.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vidense.seeding import generator

__all__ = ["CLASS_NAMES", "Kitchen", "write_folder"]

CLASS_NAMES = ("start", "cut", "peel", "pour", "mix", "season", "serve", "end")
# Mean duration of each action in frames; single ones differ by a factor of e^0.3 one way or the other.
DURATIONS = (8, 30, 24, 16, 28, 12, 20, 8)
SPREAD = 0.3
# Noise of a frame is this much of the one before, and fresh noise for the rest.
SMOOTHNESS = 0.8


@dataclass(frozen=True)
class Kitchen:
    """What the features of the actions are, and how they vary.

    ``season`` has the place and the path of ``pour``: only what happens before and after tells them apart.

    Attributes:
        dimension: D.
        path: length of an action's path, in units of the places' deviation.
        person: deviation of a person's offset.
        noise: deviation of the smooth noise; with 0 here and for ``person`` features follow from the classes alone.
        seed: of places and paths.
    """

    dimension: int = 32
    path: float = 1.0
    person: float = 1.0
    noise: float = 2.5
    seed: int = 0

    def actions(self) -> tuple[Tensor, Tensor]:
        """Return the middle of each action's path and half of the path itself, ``[8, D]`` each."""
        rng = generator(self.seed, "actions")
        places, paths = torch.randn(2, len(CLASS_NAMES), self.dimension, generator=rng)
        paths = self.path * paths
        pour, season = CLASS_NAMES.index("pour"), CLASS_NAMES.index("season")
        places[season], paths[season] = places[pour], paths[pour]
        return places, paths

    def video(self, seed: int) -> tuple[Tensor, Tensor]:
        """Return features float32 ``[D, T]`` and classes int64 ``[T]`` of the video that ``seed`` stands for."""
        rng = generator(seed, "video")
        order = self._order(rng)
        usual = torch.tensor(DURATIONS)[order] * (SPREAD * torch.randn(len(order), generator=rng)).exp()
        lengths = usual.round().clamp(min=3).long()
        labels = torch.tensor(order).repeat_interleave(lengths)
        places, paths = self.actions()
        # From -1 at the first frame of a segment to 1 at its last.
        progress = torch.cat([torch.linspace(-1, 1, int(length)) for length in lengths])
        clean = places[labels] + progress[:, None] * paths[labels]
        person = self.person * torch.randn(self.dimension, generator=rng)
        noise = _smooth(torch.randn(len(labels), self.dimension, generator=rng))
        return (clean + person + self.noise * noise).T.contiguous(), labels

    def _order(self, rng: torch.Generator) -> list[int]:
        draws = torch.rand(3, generator=rng).tolist()
        prepared = [CLASS_NAMES[1 + index] for index in torch.randperm(3, generator=rng).tolist()]
        # The first again after the third, so that an action need not be one segment.
        again = prepared[:1] if draws[0] < 0.5 else []
        seasoned = ["season", "mix"] if draws[1] < 0.6 else []
        names = ["start", *prepared, *again, "mix", *seasoned, "serve", "end"]
        return [CLASS_NAMES.index(name) for name in names]


def _smooth(noise: Tensor) -> Tensor:
    """Return noise ``[T, D]`` of the same deviation whose frames resemble the ones before."""
    frames = [noise[0]]
    for fresh in noise[1:]:
        frames.append(SMOOTHNESS * frames[-1] + math.sqrt(1 - SMOOTHNESS**2) * fresh)
    return torch.stack(frames)


def write_folder(folder: Path, kitchen: Kitchen, *, videos: int, splits: int) -> None:
    """Write videos in the layout of :mod:`vidense.segmentation.features`.

    Args:
        folder: created if missing.
        kitchen: what the videos show.
        videos: how many; video i has seed i.
        splits: number of folds, at least 2; fold k tests the videos whose number is k - 1 modulo ``splits``.
    """
    for name in ("features", "groundTruth", "splits"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    mapping = "".join(f"{number} {name}\n" for number, name in enumerate(CLASS_NAMES))
    (folder / "mapping.txt").write_text(mapping, encoding="utf-8")
    for number in range(videos):
        features, labels = kitchen.video(number)
        np.save(folder / "features" / f"video-{number:02}.npy", features.numpy(), allow_pickle=False)
        lines = "".join(f"{CLASS_NAMES[label]}\n" for label in labels.tolist())
        (folder / "groundTruth" / f"video-{number:02}.txt").write_text(lines, encoding="utf-8")
    for split in range(1, splits + 1):
        for part in ("train", "test"):
            chosen = [n for n in range(videos) if (n % splits == split - 1) == (part == "test")]
            text = "".join(f"video-{number:02}.txt\n" for number in chosen)
            (folder / "splits" / f"{part}.split{split}.bundle").write_text(text, encoding="utf-8")
