"""A size in bytes into videos per class, and sizes as people write them. Needs no torch."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidense.errors import UserError

if TYPE_CHECKING:
    from vidense.data.spec import ClipSpec

__all__ = ["Allowance", "allowance", "format_bytes", "parse_bytes"]

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
# condensed.json and the tensor file's header: what a dataset costs before its first frame, and a video's entries in
# them. Checked against real folders by a test.
INDEX_BYTES, VIDEO_BYTES = 6144, 128
STORE_WIDTH = {"uint8": 1, "float16": 2, "float32": 4}


def parse_bytes(text: str) -> int:
    """Read ``5MB``, ``500 kB``, ``1.5MiB`` or ``4096`` (bytes); MB is 10^6, MiB is 2^20.

    Raises:
        UserError: if the text is no positive size.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", text)
    size = float(found[1]) * _UNITS.get(found[2].lower(), 0) if found else 0
    if size < 1:
        raise UserError(f"budget {text!r} is not a size; write a positive number with B, kB, MB, GB, KiB, MiB or GiB")
    return int(size)


def format_bytes(count: float) -> str:
    """Return a size as people read it, in powers of ten: ``1.2 MB``."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


@dataclass(frozen=True)
class Allowance:
    """What a budget buys.

    Attributes:
        vpc: synthetic videos of each class.
        frames_per_video: most stored frames of one video.
    """

    vpc: int
    frames_per_video: int


def allowance(
    budget: int,
    spec: "ClipSpec",
    classes: int,
    smallest_class: int,
    dtype: str,
    least: int,
    usual: int,
    beside: int = 0,
) -> Allowance:
    """Return how many videos per class, of how many stored frames, stay within ``budget`` bytes on disk.

    Args:
        budget: bytes on disk of the whole condensed dataset.
        spec: shape of a clip.
        classes: number of classes, at least 1.
        smallest_class: videos of the smallest class; there is no point in more synthetic ones.
        dtype: stored numbers, ``uint8``, ``float16`` or ``float32``.
        least: fewest stored frames with which the method can make a video.
        usual: stored frames a video usually ends with; room is kept for them where it can be.
        beside: bytes that a video takes beside its frames (a learned label).

    Raises:
        UserError: if not even one video of ``least`` frames a class fits.
    """
    frame = spec.frame_numbers * STORE_WIDTH[dtype] + (8 if dtype == "uint8" else 0)
    fixed = VIDEO_BYTES + beside
    room = (budget - INDEX_BYTES) / classes
    if room < least * frame + fixed:
        minimum = classes * (least * frame + fixed) + INDEX_BYTES
        raise UserError(
            f"a budget of {format_bytes(budget)} is too small: {classes} classes of one video with {least} stored "
            f"frames of {spec.height}x{spec.width} need {format_bytes(minimum)}; raise it or prepare smaller clips"
        )
    videos = min(max(1, int(room // (usual * frame + fixed))), smallest_class)
    frames = int((room / videos - fixed) // frame)
    return Allowance(videos, min(spec.frames, frames))
