"""Real clips kept as they are, pixel for pixel: what the coresets choose."""

from collections.abc import Sequence

from torch import Tensor, nn

from vidense.data.spec import ClipSpec
from vidense.parameterizations.base import PARAMETERIZATIONS, Parameterization, Stored, StoreDtype, require
from vidense.seeding import Draw

__all__ = ["SelectedClips"]


@PARAMETERIZATIONS.register("selected")
class SelectedClips(Parameterization):
    """Chosen uint8 clips ``[N, T, 3, H, W]``; nothing is trainable and the stored dtype is always uint8."""

    kind = "selected"
    pixels: Tensor

    def __init__(
        self,
        pixels: Tensor,
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        soft_labels: Tensor | None = None,
    ) -> None:
        """Keep ``pixels`` (uint8, 0..255)."""
        super().__init__(spec, class_names, labels, soft_labels)
        self.register_buffer("pixels", pixels)

    def synthesise(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Return the normalised clips."""
        return self.spec.normalise(self.pixels[index])

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Nothing to train."""
        return {}

    def pack(self, dtype: StoreDtype) -> Stored:
        """The pixels; ``dtype`` has no say, since uint8 is exact."""
        return Stored({"pixels": self.pixels.cpu()})

    def stored_dtype(self, dtype: StoreDtype) -> StoreDtype:
        """Always uint8."""
        return "uint8"

    @classmethod
    def unpack(
        cls, stored: Stored, spec: ClipSpec, class_names: Sequence[str], labels: Tensor, soft_labels: Tensor | None
    ) -> "SelectedClips":
        """Read :meth:`pack`'s output back."""
        pixels = require(stored.tensors, "pixels", (len(labels), *spec.shape))
        return cls(pixels, spec, class_names, labels, soft_labels)

    def stored_numbers(self) -> int:
        """N T 3 H W."""
        return self.pixels.numel()
