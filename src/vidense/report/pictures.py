"""Pictures in the folder of a run, read when they are shown."""

import base64
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

__all__ = ["PictureFile", "find_picture"]

PREFIX = "data:image/webp;base64,"
QUALITY = 60


@dataclass(frozen=True)
class PictureFile:
    """A picture in a file: WebP, or a PNG that is made WebP when it is shown.

    Attributes:
        path: of the file.
    """

    path: Path

    @cached_property
    def size(self) -> int:
        """Bytes that it takes in a page; of a PNG at most."""
        return len(PREFIX) + 4 * -(-self.path.stat().st_size // 3)

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        content = self.path.read_bytes() if self.path.suffix == ".webp" else self._as_webp()
        return PREFIX + base64.b64encode(content).decode("ascii")

    def _as_webp(self) -> bytes:
        buffer = io.BytesIO()
        with Image.open(self.path) as picture:
            picture.convert("RGB").save(buffer, "WEBP", quality=QUALITY)
        return buffer.getvalue()


def find_picture(folder: Path, name: str) -> PictureFile:
    """Return a picture of a folder; what a name leads to outside is no such picture.

    Raises:
        ValueError: if there is no regular file of that name in the folder itself.
    """
    path = folder / Path(name).name
    if path.is_symlink() or not path.is_file():
        raise ValueError(f"{folder.name} has no picture {name!r}")
    return PictureFile(path)
