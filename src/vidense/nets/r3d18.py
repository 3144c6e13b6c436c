"""R3D-18, a residual network of 3-D convolutions; its state dict has the names of torchvision's ``r3d_18``."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets.base import NETWORKS, Network, build_network
from vidense.nets.stem import Stem

__all__ = ["KINETICS", "R3D18", "load_r3d_18", "r3d_18"]

WIDTHS = (64, 128, 256, 512)
KINETICS = ClipSpec(16, 112, 112, (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989))
"""Clips as torchvision's published weights were trained on."""


class _Block(nn.Module):
    """Two convolutions and what goes around them."""

    def __init__(self, fan_in: int, width: int, stride: int) -> None:
        super().__init__()
        first = nn.Conv3d(fan_in, width, 3, stride, padding=1, bias=False)
        second = nn.Conv3d(width, width, 3, padding=1, bias=False)
        self.conv1 = nn.Sequential(first, nn.BatchNorm3d(width), nn.ReLU())
        self.conv2 = nn.Sequential(second, nn.BatchNorm3d(width))
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or fan_in != width:
            shortcut = nn.Conv3d(fan_in, width, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm3d(width))

    def forward(self, values: Tensor) -> Tensor:
        return F.relu(self.conv2(self.conv1(values)) + self.downsample(values))


class R3D18(Network):
    """Eighteen layers: a stem, four stages of two blocks, a linear map of the averaged features.

    Source: Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018, section 3.1.
    Takes clips of any size; 33,166,272 + 513 x classes parameters.
    """

    memory_format = torch.channels_last_3d

    def __init__(self, spec: ClipSpec, classes: int) -> None:
        """Build the layers."""
        # Time is halved three times, sides four times, each rounding up.
        sizes = (-(-spec.frames // 8), -(-spec.height // 16), -(-spec.width // 16))
        super().__init__(spec, classes, WIDTHS[-1] * sizes[0] * sizes[1] * sizes[2])
        self.stem = nn.Sequential(Stem(WIDTHS[0], bias=False), nn.BatchNorm3d(WIDTHS[0]), nn.ReLU())
        fan_ins = (WIDTHS[0], *WIDTHS[:-1])
        for number, (fan_in, width) in enumerate(zip(fan_ins, WIDTHS, strict=True), start=1):
            blocks = _Block(fan_in, width, 1 if number == 1 else 2), _Block(width, width, 1)
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
        self.fc = nn.Linear(WIDTHS[-1], classes)

    def features(self, clips: Tensor) -> Tensor:
        """Return the last feature map ``[n, 512, T / 8, H / 16, W / 16]``, sizes rounded up."""
        self.check_shape(clips)
        values: Tensor = self.stem(clips.transpose(1, 2))
        for number in range(1, len(WIDTHS) + 1):
            values = self.get_submodule(f"layer{number}")(values)
        return values

    def logits(self, features: Tensor) -> Tensor:
        """Return class scores ``[n, classes]`` of the features' mean over time and place."""
        scores: Tensor = self.fc(features.mean((2, 3, 4)))
        return scores


@NETWORKS.register("r3d_18")
def r3d_18(spec: ClipSpec, classes: int) -> R3D18:
    """Build R3D-18 with PyTorch's default initialisation."""
    return R3D18(spec, classes)


def load_r3d_18(file: Path, spec: ClipSpec) -> Network:
    """Return R3D-18 with the weights of a file, in eval mode on the CPU.

    Args:
        file: a state dict with torchvision's names, as safetensors or as ``torch.save`` wrote it; nothing in it is
            executed.
        spec: of the clips it will take.

    Raises:
        UserError: if the file cannot be read, or holds anything else than the network's tensors.
    """
    try:
        state = load_file(file) if file.suffix == ".safetensors" else torch.load(file, "cpu", weights_only=True)
        network = build_network("r3d_18", spec, len(state["fc.weight"]), seed=0)
        network.load_state_dict(state)
    # A file that is no zip and no pickle of tensors fails in a way of its own.
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise UserError(
            f"{str(file)!r} holds no weights of r3d_18 ({type(error).__name__}: {said}); give a state dict with "
            "torchvision's names, saved by torch.save or as safetensors"
        ) from None
    return network.eval()
