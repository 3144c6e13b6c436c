"""The first convolution of networks of 3-D convolutions, computed in the form that a processor is quick at."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["KERNEL", "PADDING", "STRIDE", "Stem"]

KERNEL, STRIDE, PADDING = (3, 7, 7), (1, 2, 2), (1, 3, 3)


class Stem(nn.Conv3d):
    """A 3x7x7 convolution of three channels with stride 1x2x2, the first of miniC3D and of R3D-18.

    Kernels of processors put channels into the lanes of their registers, and three of them leave nearly all lanes
    empty: of miniC3D's layers this one is the slowest for its work. Every 2x2 pixels become twelve channels (space to
    depth), over which the same sums are a 3x4x4 convolution of stride 1; a third more products, in full lanes. That is
    how bfloat16 is computed on a CPU, at more than twice the speed, and float32 where a gradient goes to the clips and
    none to the weights, at almost twice (``benchmarks.stem``); the other passes of float32 are slower so, and stay as
    they are, as does everything on a GPU. Results differ by the order of the sums.
    """

    def __init__(self, width: int, **options: Any) -> None:
        """Build a layer of ``width`` channels; ``options`` are those of ``nn.Conv3d``."""
        super().__init__(3, width, KERNEL, STRIDE, PADDING, **options)

    def forward(self, values: Tensor) -> Tensor:
        """Return ``[n, width, T, ceil(H / 2), ceil(W / 2)]`` of ``[n, 3, T, H, W]``."""
        if not self._folds(values):
            return super().forward(values)
        return F.conv3d(_folded_clips(values), _folded_weight(self.weight), self.bias, padding=(PADDING[0], 0, 0))

    def _folds(self, values: Tensor) -> bool:
        if values.device.type != "cpu":
            return False
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else values.dtype
        inputs_only = torch.is_grad_enabled() and values.requires_grad and not self.weight.requires_grad
        return dtype is torch.bfloat16 or inputs_only


def _folded_clips(values: Tensor) -> Tensor:
    """Return padded clips ``[n, 12, T, ceil(H / 2) + 3, ceil(W / 2) + 3]``: four neighbours become channels."""
    # A side of odd length needs a pixel more behind it, which the kernel then meets with its row of zeros.
    right, below = (PADDING[1] + side % 2 for side in (values.shape[4], values.shape[3]))
    return _fold(F.pad(values, (PADDING[2], right, PADDING[1], below)))


def _folded_weight(weight: Tensor) -> Tensor:
    """Return the kernel ``[width, 3, 3, 7, 7]`` as ``[width, 12, 3, 4, 4]``, its last row and column zeros."""
    return _fold(F.pad(weight, (0, 1, 0, 1)))


def _fold(values: Tensor) -> Tensor:
    count, channels, frames, height, width = values.shape
    blocks = values.reshape(count, channels, frames, height // 2, 2, width // 2, 2)
    folded = blocks.permute(0, 4, 6, 1, 2, 3, 5).flatten(1, 3)
    return folded.contiguous(memory_format=torch.channels_last_3d)
