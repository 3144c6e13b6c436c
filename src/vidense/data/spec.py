"""What a clip is: its shape, and how pixels become network inputs."""

from dataclasses import asdict, dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from vidense.errors import UserError
from vidense.seeding import Draw

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "ClipSpec", "LabelledClips"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ClipSpec:
    """Shape and normalisation of every clip of a store and of all that is condensed from it.

    Attributes:
        frames: T, at least 1.
        height: H in pixels.
        width: W in pixels.
        mean: per-channel mean, in [0, 1] pixel units, subtracted from every pixel.
        std: per-channel deviation, in [0, 1] pixel units, that every pixel is divided by.
    """

    frames: int
    height: int
    width: int
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        for name in ("frames", "height", "width"):
            if getattr(self, name) < 1:
                raise UserError(f"{name}={getattr(self, name)} is not a size; give an integer of at least 1")

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """``(T, 3, H, W)``."""
        return (self.frames, 3, self.height, self.width)

    @property
    def frame_numbers(self) -> int:
        """How many numbers one frame holds: 3 H W."""
        return 3 * self.height * self.width

    def normalise(self, pixels: Tensor) -> Tensor:
        """Map uint8 ``[..., 3, H, W]`` in 0..255 to float32 with about zero mean and unit deviation."""
        mean, std = self._statistics(pixels.device)
        return (pixels.float() / 255 - mean) / std

    def denormalise(self, clips: Tensor) -> Tensor:
        """Map normalised floats ``[..., 3, H, W]`` back to uint8, clamped to what a screen can show."""
        mean, std = self._statistics(clips.device)
        return ((clips * std + mean) * 255).round().clamp(0, 255).to(torch.uint8)

    def _statistics(self, device: torch.device) -> tuple[Tensor, Tensor]:
        mean = torch.tensor(self.mean, device=device).view(3, 1, 1)
        return mean, torch.tensor(self.std, device=device).view(3, 1, 1)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "ClipSpec":
        """Build a spec from :meth:`to_json`'s output."""
        return cls(**{**value, "mean": tuple(value["mean"]), "std": tuple(value["std"])})


class LabelledClips(Protocol):
    """Anything a network can be trained or tested on: real clips and condensed datasets alike."""

    @property
    def spec(self) -> ClipSpec:
        """Shape and normalisation of the clips."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names; a label is a position in this tuple."""

    @property
    def labels(self) -> Tensor:
        """Class of each video, int64 ``[N]``."""

    @property
    def stochastic(self) -> bool:
        """Whether a video decodes to different clips, chosen by the ``draw`` that is handed to :meth:`decode`."""

    def decode(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Return normalised float32 clips ``[n, T, 3, H, W]`` of the videos at ``index`` (int64 ``[n]``).

        Without a ``draw``, stochastic videos give the one clip that stands for them.
        """
