"""Static and dynamic memories that a shared hallucinator joins into videos (VDSD section 3)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidense.data.spec import ClipSpec
from vidense.parameterizations.base import PARAMETERIZATIONS, Parameterization, Stored, StoreDtype, require
from vidense.parameterizations.quantise import pack_frames, unpack_frames
from vidense.seeding import Draw, seeded

__all__ = ["Memories", "hallucinator"]


def hallucinator(seed: int) -> nn.Conv3d:
    """Return a fresh hallucinator: one 3x3x3 convolution from a picture and a motion (4 channels) to a clip (3).

    327 parameters, PyTorch's default initialisation, no activation (VDSD reference code).
    """
    with seeded(seed, "hallucinator"):
        return nn.Conv3d(4, 3, 3, padding=1)


@PARAMETERIZATIONS.register("memories")
class Memories(Parameterization):
    """Each video owns a few pictures and as many motions; each time it is used, one of either is drawn.

    Groups: ``static`` (pictures ``[N, M, 3, H, W]``), ``dynamic`` (motions ``[N, M, T, 1, H, W]``), ``hallucinator``,
    which all videos of all classes share.
    """

    kind = "memories"
    shared = True

    def __init__(
        self,
        static: Tensor,
        dynamic: Tensor,
        joined: nn.Conv3d,
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        soft_labels: Tensor | None = None,
    ) -> None:
        """Start from normalised pictures, motions of about unit variance, and a hallucinator."""
        super().__init__(spec, class_names, labels, soft_labels)
        self.static, self.dynamic = nn.Parameter(static.float().clone()), nn.Parameter(dynamic.float().clone())
        self.hallucinator = joined

    @property
    def each(self) -> int:
        """M, the pictures of a video, and its motions."""
        return self.static.shape[1]

    @property
    def stochastic(self) -> bool:
        """Whether there is more than one pair to draw."""
        return self.each > 1

    def synthesise(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Join a picture and a motion of each video: those drawn, or the first of either without a draw."""
        picture, motion = self._pairs(index, draw).unbind(1)
        still = self.static[index, picture][:, :, None].expand(-1, -1, self.spec.frames, -1, -1)
        moving = self.dynamic[index, motion].transpose(1, 2)
        clips: Tensor = self.hallucinator(torch.cat([still, moving], 1))
        return clips.transpose(1, 2)

    def _pairs(self, index: Tensor, draw: Draw | None) -> Tensor:
        if draw is None or not self.stochastic:
            return torch.zeros(len(index), 2, dtype=torch.int64, device=index.device)
        rngs = (draw.generator("video", video) for video in index.tolist())
        return torch.stack([torch.randint(self.each, (2,), generator=rng) for rng in rngs]).to(index.device)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """``static``, ``dynamic`` and ``hallucinator``."""
        joined = list(self.hallucinator.parameters())
        return {"static": [self.static], "dynamic": [self.dynamic], "hallucinator": joined}

    def pack(self, dtype: StoreDtype) -> Stored:
        """Pictures and motions as frames of three and of one channel; the hallucinator as float32."""
        tensors = pack_frames(self.static.flatten(0, 1), dtype, "static_")
        tensors |= pack_frames(self.dynamic.flatten(0, 2), dtype, "dynamic_")
        for name, value in self.hallucinator.state_dict().items():
            tensors[f"hallucinator_{name}"] = value.cpu()
        return Stored(tensors, {"each": self.each})

    @classmethod
    def unpack(
        cls, stored: Stored, spec: ClipSpec, class_names: Sequence[str], labels: Tensor, soft_labels: Tensor | None
    ) -> "Memories":
        """Read :meth:`pack`'s output back."""
        each, tensors = stored.record["each"], stored.tensors
        if type(each) is not int or not 1 <= each <= 256:
            raise ValueError(f"each={each!r} is no number of memories; 1 to 256 were expected")
        _, channels, height, width = spec.shape
        count = len(labels) * each
        static = unpack_frames(tensors, count, (channels, height, width), "static_")
        dynamic = unpack_frames(tensors, count * spec.frames, (1, height, width), "dynamic_")
        joined = hallucinator(0)
        shapes = {name: value.shape for name, value in joined.state_dict().items()}
        joined.load_state_dict({n: require(tensors, f"hallucinator_{n}", shape).float() for n, shape in shapes.items()})
        return cls(
            static.view(len(labels), each, channels, height, width),
            dynamic.view(len(labels), each, spec.frames, 1, height, width),
            joined,
            spec,
            class_names,
            labels,
            soft_labels,
        )

    def stored_numbers(self) -> int:
        """N M (3 + T) H W; the hallucinator's 327 weights are in the bytes alone, as in the paper's table."""
        return self.static.numel() + self.dynamic.numel()
