"""Real clips of one split, as uint8 in memory-mapped shards."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vidense.data.originals import Original
from vidense.data.shards import Shards
from vidense.data.spec import ClipSpec, DecodedOtherwise, LabelledClips
from vidense.records import content_hash
from vidense.seeding import Draw, generator

__all__ = ["RealClips"]


class RealClips:
    """A view of the videos of one split; windows are the clips stored of each video.

    Indexing never copies more than what is asked for: the pixels stay in the shards' memory maps or, after :meth:`to`,
    in the one copy on an accelerator that all views of the split share.
    """

    def __init__(
        self,
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        groups: Sequence[str],
        shards: Sequence[Any],
        rows: Sequence[tuple[int, int]],
        content: str,
        originals: Sequence[Original] = (),
    ) -> None:
        """Wrap what a store holds.

        Args:
            spec: shape and normalisation.
            class_names: names; labels are positions in it.
            labels: int64 ``[V]``.
            groups: source group of each video within its class, ``V`` strings; clips of one group never straddle a
                validation split.
            shards: uint8 arrays or tensors ``[n, windows, T, 3, H, W]``.
            rows: for each video, its shard and its row in that shard.
            content: equal for equal clips with equal labels, and only then.
            originals: the file each video was cut from, for methods that need more of it than its clips.
        """
        self.spec, self.class_names, self.labels = spec, tuple(class_names), labels
        self.groups = tuple(groups)
        self.content = content
        self.originals = tuple(originals)
        self._shards, self._rows = Shards(shards), list(rows)
        self._arrays = self._shards.at(torch.device("cpu"))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def sources(self) -> Tensor:
        """A number for each video, int64 ``[V]``, shared by those of one class and one group.

        UCF101 counts its groups anew in every class, so a group's name alone says nothing across classes.
        """
        pairs = list(zip(self.labels.tolist(), self.groups, strict=True))
        number = {pair: position for position, pair in enumerate(dict.fromkeys(pairs))}
        return torch.tensor([number[pair] for pair in pairs], dtype=torch.int64)

    @property
    def stochastic(self) -> bool:
        """False: which window of a video is decoded is chosen by the caller."""
        return False

    @property
    def windows(self) -> int:
        """Clips stored of each video."""
        return int(self._arrays[0].shape[1]) if self._arrays else 0

    @property
    def device(self) -> torch.device:
        """Where the pixels are."""
        return self._arrays[0].device if self._arrays and isinstance(self._arrays[0], Tensor) else torch.device("cpu")

    def pixels(self, index: Tensor, window: int | Tensor = 0) -> Tensor:
        """Return uint8 clips ``[n, T, 3, H, W]``.

        Args:
            index: int64 ``[n]``, positions of videos in this view.
            window: which stored clip of each video, one for all or int64 ``[n]``.
        """
        windows = window.tolist() if isinstance(window, Tensor) else [window] * len(index)
        places = [self._rows[i] for i in index.tolist()]
        clips = [self._arrays[shard][row, w] for (shard, row), w in zip(places, windows, strict=True)]
        if not clips:
            return torch.empty((0, *self.spec.shape), dtype=torch.uint8)
        if isinstance(clips[0], Tensor):
            return torch.stack(clips)
        return torch.from_numpy(np.stack(clips))

    def decode(self, index: Tensor, draw: Draw | None = None, *, window: int | Tensor = 0) -> Tensor:
        """Return normalised float32 clips ``[n, T, 3, H, W]``; the rest as in :meth:`pixels`."""
        return self.spec.normalise(self.pixels(index, window))

    def members(self, label: int) -> Tensor:
        """Return the positions of the videos of one class, int64 ``[n]``, in order."""
        return (self.labels == label).nonzero().flatten()

    def subset(self, index: Tensor) -> "RealClips":
        """Return a view of some videos, sharing the pixels."""
        keep = index.tolist()
        view = copy(self)
        view.labels, view.content = self.labels[index], content_hash([self.content, keep])
        view.groups, view._rows = tuple(self.groups[i] for i in keep), [self._rows[i] for i in keep]
        view.originals = tuple(self.originals[i] for i in keep) if self.originals else ()
        return view

    def only_classes(self, labels: Sequence[int]) -> "RealClips":
        """Return a view of the videos of some classes, relabelled 0, 1, ... in the order of ``labels``."""
        kept = torch.cat([self.members(label) for label in labels])
        view = self.subset(kept)
        view.class_names = tuple(self.class_names[label] for label in labels)
        view.content = content_hash([view.content, list(labels)])
        view.labels = torch.cat([torch.full((len(self.members(label)),), i) for i, label in enumerate(labels)])
        return view

    def single_frames(self) -> "RealClips":
        """Return the same videos as clips of one frame: every frame of every stored clip is a window of its own."""
        view = copy(self)
        view.spec, view.content = replace(self.spec, frames=1), content_hash([self.content, "frames"])
        view._shards = self._shards.single_frames()
        view._arrays = view._shards.at(self.device)
        return view

    def resampled(self) -> LabelledClips:
        """Return the same videos; whoever decodes them with a draw gets one of the stored windows of each."""
        return DecodedOtherwise(self, True, self._any_window)

    def _any_window(self, index: Tensor, draw: Draw | None) -> Tensor:
        if draw is None:
            return self.decode(index)
        drawn = torch.randint(self.windows, (len(index),), generator=draw.generator("window"))
        return self.decode(index, window=drawn)

    def hold_out(self, share: float, seed: int) -> tuple["RealClips", "RealClips"]:
        """Split into a training and a validation view by group, class by class.

        Whole groups are moved until at least ``share`` of a class's videos are held out; a class with a single
        group keeps it for training.

        Args:
            share: part of each class to hold out, in (0, 1).
            seed: decides which groups.

        Returns:
            ``(training, validation)``.
        """
        held: list[int] = []
        for label in range(len(self.class_names)):
            members = self.members(label).tolist()
            groups = sorted({self.groups[i] for i in members})
            order = torch.randperm(len(groups), generator=generator(seed, "hold-out", label)).tolist()
            wanted, taken = share * len(members), 0
            for position in order[:-1]:
                if taken >= wanted:
                    break
                chosen = [i for i in members if self.groups[i] == groups[position]]
                held += chosen
                taken += len(chosen)
        mask = torch.zeros(len(self), dtype=torch.bool)
        mask[held] = True
        return self.subset((~mask).nonzero().flatten()), self.subset(mask.nonzero().flatten())

    def to(self, device: torch.device) -> "RealClips":
        """Return a view whose pixels live on ``device`` as uint8, in memory maps on the CPU.

        All of the split goes there, once: every further view of it, here or there, finds that copy.
        """
        view = copy(self)
        view._arrays = self._shards.at(device)
        return view
