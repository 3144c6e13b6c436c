"""Everything that decides which pixels a store holds, apart from the source itself."""

from dataclasses import asdict, dataclass
from typing import Any

from vidense.data.layouts import Listing
from vidense.data.sampling import evenly_spaced
from vidense.data.spec import ClipSpec
from vidense.data.worker import Task
from vidense.errors import UserError
from vidense.seeding import derive

__all__ = ["PrepareSettings"]


@dataclass(frozen=True)
class PrepareSettings:
    """The settings of a store, as its index records them.

    Attributes:
        layout: name of the layout, never ``"auto"``.
        split: number of the split, from 1.
        frames: T, frames in a clip.
        stride: distance between them in frames of the video.
        size: side of a frame in pixels.
        resize: ``"squash"`` or ``"crop"``, see :class:`~vidense.data.decode.Resize`.
        clips: windows stored of each video.
        seed: decides the starts of training clips, the flips, and the split where a source has none.
    """

    layout: str
    split: int
    frames: int
    stride: int
    size: int
    resize: str
    clips: int
    seed: int

    def __post_init__(self) -> None:
        for name in ("split", "frames", "stride", "size", "clips"):
            if getattr(self, name) < 1:
                raise UserError(f"{name}={getattr(self, name)} is out of range; give a whole number of at least 1")
        if self.resize not in ("squash", "crop"):
            raise UserError(f"resize={self.resize!r} is unknown; choose 'squash' or 'crop'")

    @property
    def spec(self) -> ClipSpec:
        """The shape of the clips, with ImageNet normalisation."""
        return ClipSpec(self.frames, self.size, self.size)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return asdict(self)

    def task(self, listing: Listing, position: int) -> Task:
        """Return the reading task of the listing's video at ``position``.

        Test clips are spread evenly over the video; training clips start where the seed and the video's path say.
        """
        entry = listing.entries[position]
        places = evenly_spaced(self.clips)
        if entry.split == "train":
            places = [derive(self.seed, "start", entry.path, window) / 2**63 for window in range(self.clips)]
        flips = [listing.flip and derive(self.seed, "flip", entry.path, w) >= 2**62 for w in range(self.clips)]
        path = str((listing.root / entry.path).resolve())
        crop = self.resize == "crop"
        return Task(path, self.frames, self.stride, self.size, crop, tuple(places), tuple(flips))
