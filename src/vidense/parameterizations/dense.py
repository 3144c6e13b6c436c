"""Every frame of every synthetic video is a free tensor: the parameterization of DM, MTT and their kin."""

from collections.abc import Sequence

from torch import Tensor, nn

from vidense.data.spec import ClipSpec
from vidense.parameterizations.base import PARAMETERIZATIONS, Parameterization, Stored, StoreDtype
from vidense.parameterizations.quantise import pack_frames, unpack_frames
from vidense.seeding import Draw

__all__ = ["Dense"]


@PARAMETERIZATIONS.register("dense")
class Dense(Parameterization):
    """Trainable clips ``[N, T, 3, H, W]`` (group ``frames``)."""

    kind = "dense"

    def __init__(
        self,
        clips: Tensor,
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        soft_labels: Tensor | None = None,
    ) -> None:
        """Start from normalised float ``clips`` ``[N, T, 3, H, W]``."""
        super().__init__(spec, class_names, labels, soft_labels)
        self.frames = nn.Parameter(clips.float().clone())

    def synthesise(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Return the clips as they are."""
        return self.frames[index]

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """One group, ``frames``."""
        return {"frames": [self.frames]}

    def pack(self, dtype: StoreDtype) -> Stored:
        """All frames, video after video."""
        return Stored(pack_frames(self.frames.flatten(0, 1), dtype))

    @classmethod
    def unpack(
        cls, stored: Stored, spec: ClipSpec, class_names: Sequence[str], labels: Tensor, soft_labels: Tensor | None
    ) -> "Dense":
        """Read :meth:`pack`'s output back."""
        frames = unpack_frames(stored.tensors, len(labels) * spec.frames, spec.shape[1:])
        return cls(frames.view(len(labels), *spec.shape), spec, class_names, labels, soft_labels)

    def stored_numbers(self) -> int:
        """N T 3 H W."""
        return self.frames.numel()
