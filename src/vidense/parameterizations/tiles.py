"""Clips tiled of several real ones, with a label for each region (OptDistill)."""

from collections.abc import Sequence
from math import isqrt

import torch
from torch import Tensor

from vidense.data.spec import ClipSpec
from vidense.parameterizations.base import PARAMETERIZATIONS, Stored, StoreDtype
from vidense.parameterizations.selected import SelectedClips

__all__ = ["Tiles"]


@PARAMETERIZATIONS.register("tiles")
class Tiles(SelectedClips):
    """Chosen pixels as :class:`SelectedClips` has them, N x N regions to a clip, and class probabilities of each.

    A network may learn from whole clips with ``soft_labels``, or from one region at a time with its own label.

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
        if not bool(((regions >= 0) & (regions <= 1)).all()):
            raise ValueError("a region's label is no probability")
        return cls(clips.pixels, regions, spec, class_names, labels, soft_labels)
