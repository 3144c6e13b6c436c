"""miniC3D, the network of video dataset condensation, plain and with batch normalisation."""

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets.base import NETWORKS, Network
from vidense.nets.stem import KERNEL, PADDING, STRIDE, Stem

__all__ = ["MiniC3D", "minic3d", "minic3d_bn"]

WIDTHS = (3, 64, 128, 128)
POOLS = ((1, 2, 2), (2, 2, 2), (2, 2, 2))
MINIMUM_FRAMES = 8
SIZES = "43 to 64 or 107 to 170"


class MiniC3D(Network):
    """Three 3x7x7 convolutions with max pooling and a convolutional head over time.

    Source: ``ConvNet3D`` of the VDSD reference code (Wang et al., CVPR 2024), used unchanged by PRISM and TSGF
    (section H.1). Clips of 16x112x112 embed to 2048 numbers, of 8x64x64 to 256.
    """

    # 1.2 to 1.45 times faster on a CPU; the same numbers to 1e-6.
    memory_format = torch.channels_last_3d

    def __init__(self, spec: ClipSpec, classes: int, *, batch_norm: bool, dropout: float) -> None:
        """Build the layers.

        Args:
            spec: T of at least 8; H and W each 43 to 64 or 107 to 170.
            classes: number of scores.
            batch_norm: put BatchNorm3d between each convolution and its ReLU.
            dropout: probability of dropping a pooled feature in the head.

        Raises:
            UserError: if the clips are of another size, or ``dropout`` lies outside [0, 1).
        """
        _check_size(spec)
        if not 0 <= dropout < 1:
            raise UserError(f"dropout={dropout} is no probability below 1; give a number in [0, 1)")
        super().__init__(spec, classes, WIDTHS[-1] * prod(_map_size(spec)))
        convolutions, norms = [], []
        for fan_in, width in pairwise(WIDTHS):
            convolutions.append(_convolution(fan_in, width))
            norms.append(nn.BatchNorm3d(width) if batch_norm else nn.Identity())
        self.convolutions, self.norms = nn.ModuleList(convolutions), nn.ModuleList(norms)
        # The reference averages 2x2 maps above 64 px; decided per side, so that clips need not be square.
        window = (2, 1 if spec.height <= 64 else 2, 1 if spec.width <= 64 else 2)
        self.head_pool = nn.AvgPool3d(window, stride=1)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv3d(WIDTHS[-1], classes, 1)

    def features(self, clips: Tensor) -> Tensor:
        """Return the map after the last pool, ``[n, 128, T // 4, h, w]`` with h, w 1 or 2.

        Pooling comes before ReLU: both orders give the same bits and gradients, and this one rectifies a fourth
        or an eighth of the numbers.
        """
        self.check_shape(clips)
        values = clips.transpose(1, 2)
        for convolution, norm, window in zip(self.convolutions, self.norms, POOLS, strict=True):
            values = F.relu(F.max_pool3d(norm(convolution(values)), window))
        return values

    def step_logits(self, features: Tensor) -> Tensor:
        """Return class scores of every time step, ``[n, classes, T // 4 - 1]``."""
        scores: Tensor = self.head(self.dropout(self.head_pool(features)))
        return scores.flatten(2)

    def logits(self, features: Tensor) -> Tensor:
        """Return class scores ``[n, classes]``: the largest over the time steps."""
        return torch.amax(self.step_logits(features), 2)


def _check_size(spec: ClipSpec) -> None:
    if spec.frames < MINIMUM_FRAMES:
        raise UserError(
            f"frames={spec.frames} is too short for minic3d, which needs at least {MINIMUM_FRAMES} frames; "
            "prepare the store with more --frames, or use a recurrent network"
        )
    for name, side in (("height", spec.height), ("width", spec.width)):
        if not (43 <= side <= 64 or 107 <= side <= 170):
            raise UserError(
                f"{name}={side} does not fit minic3d, which takes {SIZES} pixels a side; "
                "prepare the store with --size 64 or --size 112"
            )


def _convolution(fan_in: int, width: int) -> nn.Conv3d:
    # PyTorch's default distribution, drawn in channels-last memory at once: condensation draws a network each step,
    # and copying it into that layout afterwards takes almost as long as drawing it.
    if fan_in == WIDTHS[0]:
        layer: nn.Conv3d = Stem(width, device="meta")
    else:
        layer = nn.Conv3d(fan_in, width, KERNEL, STRIDE, PADDING, device="meta")
    bound = (fan_in * prod(KERNEL)) ** -0.5
    weight = torch.empty(width, *KERNEL, fan_in).uniform_(-bound, bound)
    layer.weight = nn.Parameter(weight.permute(0, 4, 1, 2, 3))
    layer.bias = nn.Parameter(torch.empty(width).uniform_(-bound, bound))
    return layer


def _map_size(spec: ClipSpec) -> tuple[int, int, int]:
    frames, sides = spec.frames, [spec.height, spec.width]
    for window in POOLS:
        frames //= window[0]
        # Kernel 7, stride 2, padding 3 halves and rounds up; the pool halves and rounds down.
        sides = [(side + 1) // 2 // 2 for side in sides]
    return frames, sides[0], sides[1]


@NETWORKS.register("minic3d")
def minic3d(spec: ClipSpec, classes: int, *, dropout: float = 0.5) -> MiniC3D:
    """Build miniC3D as published: no normalisation layer, 3,641,216 + 129 x classes parameters."""
    return MiniC3D(spec, classes, batch_norm=False, dropout=dropout)


@NETWORKS.register("minic3d_bn")
def minic3d_bn(spec: ClipSpec, classes: int, *, dropout: float = 0.5) -> MiniC3D:
    """Build miniC3D with batch normalisation, 640 parameters more: the teacher TSGF's equation 5 presupposes.

    In training mode its embedding of a clip depends on the other clips of the batch.
    """
    return MiniC3D(spec, classes, batch_norm=True, dropout=dropout)
