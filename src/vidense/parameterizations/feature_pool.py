"""Pools of pictures, mixed into segments and fused into a sequence that is longer than a clip.

A minimal reconstruction of IDTD (Zhao et al., arXiv 2412.00111), whose authors published no code: shapes, what is
shared and what mixing starts from are ours.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from vidense.data.spec import ClipSpec
from vidense.parameterizations.base import PARAMETERIZATIONS, Parameterization, Stored, StoreDtype, require
from vidense.parameterizations.quantise import pack_frames, unpack_frames
from vidense.seeding import Draw

__all__ = ["FeaturePool"]

# A sequence many times as long as a clip would take memory that does not follow from the size of a stranger's file.
LONGEST_SEQUENCE = 16
MIXING = ("selector_weight", "selector_bias", "fusor_weight", "fusor_bias")


@PARAMETERIZATIONS.register("feature_pool")
class FeaturePool(Parameterization):
    """Each video owns P pictures; each class owns K selectors and a fusor, which make K L frames of them.

    Selector k is a 1x1 convolution from the P pictures to the L frames of segment k. The fusor adds a 3x3x3 convolution
    of the joined segments to them. A clip is T frames of that sequence at a constant stride; stride and start are drawn
    anew each time (stochastic temporal augmentation), and without a draw it is the widest stride, in the middle.

    Groups: ``pool`` (``[N, P, 3, H, W]``), ``selectors`` (``[C, K, 3 L, 3 P]`` and ``[C, K, 3 L]``), ``fusor``
    (``[C, 3, 3, 3, 3, 3]`` and ``[C, 3]``). Nothing is shared by two classes.
    """

    kind = "feature_pool"

    def __init__(
        self,
        pool: Tensor,
        mixing: Sequence[Tensor],
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        soft_labels: Tensor | None = None,
    ) -> None:
        """Start from normalised pictures and ``mixing``: weights and biases of the selectors, then of the fusors.

        Raises:
            ValueError: unless the sequence is 1 to 16 times as long as a clip.
        """
        super().__init__(spec, class_names, labels, soft_labels)
        self.pool = nn.Parameter(pool.float().clone())
        self.selector_weight, self.selector_bias, self.fusor_weight, self.fusor_bias = (
            nn.Parameter(tensor.float().clone()) for tensor in mixing
        )
        if not spec.frames <= self.length <= LONGEST_SEQUENCE * spec.frames:
            raise ValueError(
                f"a sequence of {self.length} frames gives no clips of {spec.frames}; "
                f"{spec.frames} to {LONGEST_SEQUENCE * spec.frames} were expected"
            )

    @classmethod
    def from_pictures(
        cls, pool: Tensor, segments: int, each: int, spec: ClipSpec, class_names: Sequence[str], labels: Tensor
    ) -> "FeaturePool":
        """Start with a sequence that passes through the pictures on straight lines, and fusors that add nothing.

        Args:
            pool: normalised pictures ``[N, P, 3, H, W]``, in the order of time.
            segments: K.
            each: L, frames of a segment.
            spec: shape and normalisation of the clips.
            class_names: C names.
            labels: int64 ``[N]``.

        Raises:
            ValueError: as the constructor does.
        """
        count, classes = pool.shape[1], len(class_names)
        places = torch.linspace(0, count - 1, segments * each)
        lines = (1 - (places[:, None] - torch.arange(count)).abs()).clamp(min=0)
        weight = torch.kron(lines, torch.eye(3)).view(1, segments, 3 * each, 3 * count).expand(classes, -1, -1, -1)
        mixing = weight, torch.zeros(weight.shape[:3]), torch.zeros(classes, 3, 3, 3, 3, 3), torch.zeros(classes, 3)
        return cls(pool, mixing, spec, class_names, labels)

    @property
    def segment_count(self) -> int:
        """K."""
        return self.selector_bias.shape[1]

    @property
    def length(self) -> int:
        """K L, the frames of a sequence."""
        return self.segment_count * self.selector_bias.shape[2] // 3

    @property
    def stochastic(self) -> bool:
        """Whether a sequence is longer than a clip."""
        return self.length > self.spec.frames

    def segments(self, index: Tensor) -> Tensor:
        """Return the segments of videos as clips ``[n, K, T, 3, H, W]``, before they are fused, their frames repeated.

        Frame t is frame ``t L // T`` of the segment, so that networks built for T frames can look at it.
        """
        parts = self._parts(index)
        times = torch.arange(self.spec.frames, device=index.device) * parts.shape[2] // self.spec.frames
        return parts[:, :, times]

    def synthesise(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Fuse the segments and sample the sequence."""
        sequence = self._parts(index).flatten(1, 2).transpose(1, 2)
        labels = self.labels[index]
        # One convolution with a group of channels for each video, so that videos of several classes go through at once.
        fused = functional.conv3d(
            sequence.flatten(0, 1)[None],
            self.fusor_weight[labels].flatten(0, 1),
            self.fusor_bias[labels].flatten(),
            padding=1,
            groups=len(index),
        )
        clips = (sequence + fused.view_as(sequence)).transpose(1, 2)
        return clips[torch.arange(len(index), device=index.device)[:, None], self._times(index, draw)]

    def _parts(self, index: Tensor) -> Tensor:
        """Return segments ``[n, K, L, 3, H, W]``."""
        labels = self.labels[index]
        mixed = torch.einsum("nkop,nphw->nkohw", self.selector_weight[labels], self.pool[index].flatten(1, 2))
        parts: Tensor = mixed + self.selector_bias[labels][..., None, None]
        return parts.view(*parts.shape[:2], -1, 3, *parts.shape[3:])

    def _times(self, index: Tensor, draw: Draw | None) -> Tensor:
        """Return which frames of its sequence each video shows, int64 ``[n, T]``."""
        steps = torch.arange(self.spec.frames)
        widest = (self.length - 1) // max(1, self.spec.frames - 1)
        times = []
        for video in index.tolist():
            rng = None if draw is None else draw.generator("video", video)
            stride = widest if rng is None else int(torch.randint(1, widest + 1, (), generator=rng))
            room = self.length - 1 - stride * (self.spec.frames - 1)
            start = room // 2 if rng is None else int(torch.randint(room + 1, (), generator=rng))
            times.append(start + stride * steps)
        return torch.stack(times).to(index.device)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """``pool``, ``selectors`` and ``fusor``."""
        return {
            "pool": [self.pool],
            "selectors": [self.selector_weight, self.selector_bias],
            "fusor": [self.fusor_weight, self.fusor_bias],
        }

    def pack(self, dtype: StoreDtype) -> Stored:
        """The pools as frames; selectors and fusors as float32."""
        mixing = {name: getattr(self, name).detach().cpu() for name in MIXING}
        return Stored(pack_frames(self.pool.flatten(0, 1), dtype, "pool_") | mixing)

    @classmethod
    def unpack(
        cls, stored: Stored, spec: ClipSpec, class_names: Sequence[str], labels: Tensor, soft_labels: Tensor | None
    ) -> "FeaturePool":
        """Read :meth:`pack`'s output back; the numbers of pictures, segments and frames are those of the selectors."""
        classes, tensors = len(class_names), stored.tensors
        _, segments, rows, columns = tensors["selector_weight"].shape
        each, count = rows // 3, columns // 3
        shapes = {
            "selector_weight": (classes, segments, 3 * each, 3 * count),
            "selector_bias": (classes, segments, 3 * each),
            "fusor_weight": (classes, 3, 3, 3, 3, 3),
            "fusor_bias": (classes, 3),
        }
        mixing = [require(tensors, name, shape) for name, shape in shapes.items()]
        pool = unpack_frames(tensors, len(labels) * count, spec.shape[1:], "pool_")
        return cls(pool.view(len(labels), count, *spec.shape[1:]), mixing, spec, class_names, labels, soft_labels)

    def stored_numbers(self) -> int:
        """N P 3 H W; selectors and fusors are in the bytes alone, as the hallucinator is in VDSD's."""
        return self.pool.numel()
