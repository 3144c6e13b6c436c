"""Clips tiled of several real ones, with a label for each region (OptDistill)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import torch
from torch import Tensor
from torch.nn import functional as F

from vidense.data.spec import ClipSpec
from vidense.parameterizations.base import PARAMETERIZATIONS, Stored, StoreDtype
from vidense.parameterizations.selected import SelectedClips
from vidense.seeding import Draw

__all__ = ["Regions", "Tiles", "edges"]


def edges(side: int, tiles: int) -> list[int]:
    """Return where ``tiles`` regions of a side begin, and where the last one ends; they differ by a pixel at most."""
    return [side * i // tiles for i in range(tiles + 1)]


@PARAMETERIZATIONS.register("tiles")
class Tiles(SelectedClips):
    """Chosen pixels as :class:`SelectedClips` has them, N x N regions to a clip, and class probabilities of each.

    A network may learn from whole clips with ``soft_labels``, or from one region at a time with its own label
    (:class:`Regions`).

    Attributes:
        regions: float16 ``[clips, N N, C]``, row by row.
    """

    kind = "tiles"
    regions: Tensor

    def __init__(
        self,
        pixels: Tensor,
        regions: Tensor,
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        soft_labels: Tensor | None = None,
    ) -> None:
        """Keep ``pixels`` (uint8, 0..255) and ``regions``."""
        super().__init__(pixels, spec, class_names, labels, soft_labels)
        self.register_buffer("regions", regions.to(torch.float16))

    def pack(self, dtype: StoreDtype) -> Stored:
        """The pixels as uint8, the regions' labels as float16, whatever ``dtype`` is."""
        return Stored({**super().pack(dtype).tensors, "regions": self.regions.cpu()})

    @classmethod
    def unpack(
        cls, stored: Stored, spec: ClipSpec, class_names: Sequence[str], labels: Tensor, soft_labels: Tensor | None
    ) -> "Tiles":
        """Read :meth:`pack`'s output back."""
        clips = SelectedClips.unpack(stored, spec, class_names, labels, soft_labels)
        regions = stored.tensors["regions"]
        count = regions.shape[1] if regions.dim() == 3 else 0
        if regions.shape != (len(labels), isqrt(count) ** 2, len(class_names)) or not count:
            raise ValueError(f"regions of shape {tuple(regions.shape)} are no labels of N x N regions for each clip")
        if isqrt(count) > min(spec.height, spec.width):
            raise ValueError(f"{isqrt(count)} x {isqrt(count)} regions are more than a frame has pixels")
        if not bool(((regions >= 0) & (regions <= 1)).all()):
            raise ValueError("a region's label is no probability")
        return cls(clips.pixels, regions, spec, class_names, labels, soft_labels)


@dataclass(frozen=True)
class Regions:
    """Each region of tiled clips as a clip of its own, resized to the size of a whole one.

    Satisfies :class:`vidense.data.spec.LabelledClips`: R regions of video i are clips i R to i R + R - 1.

    Source: OptDistill, section 4.3, whose loss is the cross entropy of every region with its own label.

    Attributes:
        tiles: the tiled clips.
    """

    tiles: Tiles
    stochastic: bool = False

    @property
    def spec(self) -> ClipSpec:
        """Shape and normalisation of a resized region."""
        return self.tiles.spec

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names."""
        return self.tiles.class_names

    @property
    def labels(self) -> Tensor:
        """Class of the clip each region belongs to, int64 ``[N R]``."""
        return self.tiles.labels.repeat_interleave(self.tiles.regions.shape[1])

    @property
    def soft_labels(self) -> Tensor:
        """What the teacher made of each region, float32 ``[N R, C]``; sums to 1."""
        found = self.tiles.regions.flatten(0, 1).float()
        # Kept as float16, they sum to 1 only nearly.
        return found / found.sum(1, keepdim=True)

    def decode(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Return normalised float32 clips ``[n, T, 3, H, W]`` of the regions at ``index`` (int64 ``[n]``)."""
        spec, count = self.spec, self.tiles.regions.shape[1]
        rows, columns = edges(spec.height, isqrt(count)), edges(spec.width, isqrt(count))
        wholes = self.tiles.synthesise(index // count)
        shown = []
        for whole, place in zip(wholes, (index % count).tolist(), strict=True):
            row, column = divmod(place, isqrt(count))
            region = whole[..., rows[row] : rows[row + 1], columns[column] : columns[column + 1]]
            shown.append(F.interpolate(region, (spec.height, spec.width), mode="bilinear", antialias=True))
        return torch.stack(shown)
