"""Clips kept as the bitstream of a real video codec."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vidense.data.codec import decode_clips
from vidense.data.spec import ClipSpec
from vidense.parameterizations.base import PARAMETERIZATIONS, Stored, StoreDtype
from vidense.parameterizations.selected import SelectedClips

__all__ = ["CodedClips"]


@PARAMETERIZATIONS.register("coded")
class CodedClips(SelectedClips):
    """What a stream of :func:`vidense.data.codec.encode_clips` decodes to; nothing is trainable.

    Attributes:
        stream: the bytes, uint8 ``[B]``.
        codec: name of the codec.
    """

    kind = "coded"
    # A clip of 16 frames of 112x112 in 600 bytes; the clips are held as bytes, not as floats.
    largest_ratio = 1024
    stream: Tensor

    def __init__(
        self,
        stream: bytes,
        codec: str,
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        soft_labels: Tensor | None = None,
    ) -> None:
        """Decode ``stream``, which holds one clip a label.

        Raises:
            ValueError: if it holds anything else.
        """
        pixels = decode_clips(stream, codec, (len(labels), spec.frames, 3, spec.height, spec.width))
        super().__init__(torch.from_numpy(pixels), spec, class_names, labels, soft_labels)
        self.codec = codec
        self.register_buffer("stream", torch.from_numpy(np.frombuffer(stream, dtype=np.uint8).copy()))

    def pack(self, dtype: StoreDtype) -> Stored:
        """The stream, whatever ``dtype`` is."""
        return Stored({"stream": self.stream.cpu()}, {"codec": self.codec})

    @classmethod
    def unpack(
        cls, stored: Stored, spec: ClipSpec, class_names: Sequence[str], labels: Tensor, soft_labels: Tensor | None
    ) -> "CodedClips":
        """Read :meth:`pack`'s output back."""
        stream, codec = stored.tensors["stream"], stored.record["codec"]
        if stream.dtype != torch.uint8 or stream.dim() != 1 or not isinstance(codec, str):
            raise ValueError(f"a stream of {stream.dtype} {list(stream.shape)} by {codec!r} is no bitstream of a codec")
        return cls(stream.numpy().tobytes(), codec, spec, class_names, labels, soft_labels)
