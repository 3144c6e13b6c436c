"""Everything that decides which pixels a store holds, apart from the source itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from vidense.data.layouts import LayoutOptions, Listing
from vidense.data.sampling import evenly_spaced
from vidense.data.spec import ClipSpec
from vidense.data.worker import ClipRequest
from vidense.errors import UserError
from vidense.seeding import derive

__all__ = ["PrepareSettings"]

CLIPS = 3


@dataclass(frozen=True)
class PrepareSettings:
    """The settings of a store, as its index records them.

    Attributes:
        layout: name of the layout, never ``"auto"``.
        split: number of the split, from 1.
        frames: T, frames in a clip.
        sampling: distance between them in frames of the video, or which of :data:`~vidense.data.sampling.RULES`
            takes them.
        size: side of a frame in pixels.
        resize: ``"squash"`` or ``"crop"``, see :class:`~vidense.data.decode.Resize`.
        clips: windows stored of each video.
        seed: decides the starts of training clips, the flips, and the split where a source has none.
    """

    layout: str
    split: int
    frames: int
    sampling: int | str
    size: int
    resize: str
    clips: int
    seed: int

    def __post_init__(self) -> None:
        for name, value in self.to_json().items():
            if name in ("split", "frames", "stride", "size", "clips") and value < 1:
                raise UserError(f"{name}={value} is out of range; give a whole number of at least 1")
        if isinstance(self.sampling, str) and self.clips > 1:
            raise UserError(
                f"clips={self.clips} contradicts layout {self.layout!r}, whose rule takes one and the same clip of a "
                "video each time; leave it out, or give a stride for clips at other places"
            )
        if self.resize not in ("squash", "crop"):
            raise UserError(f"resize={self.resize!r} is unknown; choose 'squash' or 'crop'")

    @classmethod
    def of(
        cls,
        listing: Listing,
        options: LayoutOptions,
        *,
        frames: int | None,
        stride: int | None,
        size: int | None,
        resize: str | None,
        clips: int | None,
    ) -> "PrepareSettings":
        """Return what was asked for, completed by what the layout takes where nothing was (None).

        A stride that was asked for replaces a layout's rule. One clip is stored of each video under a rule, three
        elsewhere, as many as the published protocol scores.

        Raises:
            UserError: for a value that is out of range, or more clips than a rule takes.
        """
        sampling = listing.sampling if stride is None else stride
        side = listing.size if size is None else size
        return cls(
            layout=listing.name,
            split=options.split,
            frames=listing.frames if frames is None else frames,
            sampling=sampling,
            size=side,
            resize=resize or ("crop" if listing.crop_size == side else "squash"),
            clips=(1 if isinstance(sampling, str) else CLIPS) if clips is None else clips,
            seed=options.seed,
        )

    @property
    def spec(self) -> ClipSpec:
        """The shape of the clips, with ImageNet normalisation."""
        return ClipSpec(self.frames, self.size, self.size)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types; a sampling by number is called ``stride``."""
        stride = isinstance(self.sampling, int)
        return {"stride" if stride and name == "sampling" else name: value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "PrepareSettings":
        """Return the settings that :meth:`to_json` returned; what else stands beside them is left out."""
        named = {"sampling" if name == "stride" else name: value for name, value in values.items()}
        return cls(**{item.name: named[item.name] for item in fields(cls)})

    def request(self, listing: Listing, position: int) -> ClipRequest:
        """Return the request of the listing's video at ``position``.

        Test clips are spread evenly over the video; training clips start where the seed and the video's path say.
        """
        entry = listing.entries[position]
        places = evenly_spaced(self.clips)
        if entry.split == "train":
            places = [derive(self.seed, "start", entry.path, window) / 2**63 for window in range(self.clips)]
        flips = [listing.flip and derive(self.seed, "flip", entry.path, w) >= 2**62 for w in range(self.clips)]
        path = str((listing.root / entry.path).resolve())
        crop = self.resize == "crop"
        return ClipRequest(path, self.frames, self.sampling, self.size, crop, tuple(places), tuple(flips))
