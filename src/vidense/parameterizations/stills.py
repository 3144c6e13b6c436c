"""Videos that stand still: one picture each, repeated over time (VDSD's Static-DC, "boring videos")."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from vidense.data.spec import ClipSpec
from vidense.parameterizations.base import PARAMETERIZATIONS, Parameterization, Stored, StoreDtype
from vidense.parameterizations.dense import Dense
from vidense.seeding import Draw

__all__ = ["Stills"]


@PARAMETERIZATIONS.register("stills")
class Stills(Parameterization):
    """One trainable picture a video (group ``frames``).

    Attributes:
        pictures: the pictures as clips of one frame, which is how image condensation sees them.
    """

    kind = "stills"

    def __init__(
        self,
        pictures: Tensor,
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        soft_labels: Tensor | None = None,
    ) -> None:
        """Start from normalised float ``pictures`` ``[N, 3, H, W]``; ``spec`` is that of the videos."""
        super().__init__(spec, class_names, labels, soft_labels)
        self.pictures = Dense(pictures[:, None], replace(spec, frames=1), class_names, labels)

    def synthesise(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Repeat the pictures."""
        return self.pictures.synthesise(index).expand(-1, self.spec.frames, -1, -1, -1)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """One group, ``frames``."""
        return self.pictures.groups()

    def pack(self, dtype: StoreDtype) -> Stored:
        """One frame a video."""
        return self.pictures.pack(dtype)

    @classmethod
    def unpack(
        cls, stored: Stored, spec: ClipSpec, class_names: Sequence[str], labels: Tensor, soft_labels: Tensor | None
    ) -> "Stills":
        """Read :meth:`pack`'s output back."""
        pictures = Dense.unpack(stored, replace(spec, frames=1), class_names, labels, None)
        return cls(pictures.frames.detach()[:, 0], spec, class_names, labels, soft_labels)

    def stored_numbers(self) -> int:
        """N 3 H W."""
        return self.pictures.stored_numbers()
