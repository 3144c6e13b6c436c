"""The convolutional encoder of single frames that the recurrent networks and the image network share."""

from torch import nn

from vidense.data.spec import ClipSpec
from vidense.errors import UserError

__all__ = ["WIDTH", "check_frame_size", "frame_encoder"]

WIDTH = 128


def frame_encoder(blocks: int, *, batch_norm: bool = False) -> nn.Sequential:
    """Return ``blocks`` times [3x3 convolution, normalisation, ReLU, 2x2 average], 128 channels wide.

    Source: ``ConvNet`` of the DC reference code (Zhao et al., ICLR 2021), which VDSD puts under its recurrent networks.

    Args:
        blocks: how many.
        batch_norm: normalise over the batch; False normalises each channel of each frame by itself.
    """
    layers: list[nn.Module] = []
    for block in range(blocks):
        # As many groups as channels: instance normalisation, as the reference spells it.
        norm = nn.BatchNorm2d(WIDTH) if batch_norm else nn.GroupNorm(WIDTH, WIDTH)
        layers += [nn.Conv2d(WIDTH if block else 3, WIDTH, 3, padding=1), norm]
        layers += [nn.ReLU(inplace=True), nn.AvgPool2d(2)]
    return nn.Sequential(*layers)


def check_frame_size(spec: ClipSpec, blocks: int, name: str) -> None:
    """Refuse frames of which ``blocks`` halvings leave nothing.

    Raises:
        UserError: naming the side that is too small for the network called ``name``.
    """
    smallest = 2**blocks
    for side in ("height", "width"):
        if getattr(spec, side) < smallest:
            raise UserError(
                f"{side}={getattr(spec, side)} does not fit {name}, which needs at least {smallest} pixels a side; "
                "prepare the store with a larger --size"
            )
