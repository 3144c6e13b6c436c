"""What a clip is: its shape, and how pixels become network inputs."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from reprlib import repr as limited_repr
from typing import Any, Protocol

import torch
from torch import Tensor

from vidense.errors import UserError
from vidense.seeding import Draw

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "ClipSpec", "DecodedOtherwise", "LabelledClips"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# No clip is larger; a file from a stranger that claims more is refused before anything is allocated for it.
LARGEST_SIDE = 4096
# Beyond these a float32 pixel could leave the finite numbers.
SMALLEST_STD, LARGEST_STATISTIC = 1e-6, 1e6


@dataclass(frozen=True)
class ClipSpec:
    """Shape and normalisation of every clip of a store and of all that is condensed from it.

    Attributes:
        frames: T, from 1 to 4096.
        height: H in pixels, from 1 to 4096.
        width: W in pixels, from 1 to 4096.
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
            size = getattr(self, name)
            if type(size) is not int or not 1 <= size <= LARGEST_SIDE:
                raise UserError(f"{name}={_brief(size)} is not a size; give an integer from 1 to {LARGEST_SIDE}")
        for name, least in (("mean", -LARGEST_STATISTIC), ("std", SMALLEST_STD)):
            channels = getattr(self, name)
            numbers = isinstance(channels, tuple) and all(type(value) in (int, float) for value in channels)
            # NaN fails every comparison.
            if not numbers or len(channels) != 3 or not all(least <= value <= LARGEST_STATISTIC for value in channels):
                raise UserError(
                    f"{name}={_brief(channels)} is no {name} of three channels; "
                    f"give three numbers from {least:g} to {LARGEST_STATISTIC:g}"
                )

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
    def from_json(cls, value: Any) -> "ClipSpec":
        """Build a spec from :meth:`to_json`'s output.

        Raises:
            UserError: if it is anything else.
        """
        names = [item.name for item in fields(cls)]
        if not isinstance(value, Mapping) or set(value) != set(names):
            raise UserError(f"clip spec {_brief(value)} must have {', '.join(names)}, and nothing else")
        fields_of: dict[str, Any] = {n: tuple(item) if isinstance(item, list) else item for n, item in value.items()}
        return cls(**fields_of)


def _brief(value: Any) -> str:
    text = limited_repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


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


@dataclass(frozen=True)
class DecodedOtherwise:
    """The videos of other labelled clips, decoded in another way.

    Attributes:
        clips: the videos.
        stochastic: as of :class:`LabelledClips`.
        how: decodes in place of ``clips.decode``: index and draw in, clips out.
    """

    clips: LabelledClips
    stochastic: bool
    how: Callable[[Tensor, Draw | None], Tensor]

    @property
    def spec(self) -> ClipSpec:
        """Shape and normalisation."""
        return self.clips.spec

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names."""
        return self.clips.class_names

    @property
    def labels(self) -> Tensor:
        """Class of each video, int64 ``[N]``."""
        return self.clips.labels

    def decode(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Return normalised float32 clips ``[n, T, 3, H, W]``."""
        return self.how(index, draw)
