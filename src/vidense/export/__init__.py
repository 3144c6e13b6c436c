"""A condensed dataset in forms that other programs read: one file a format, in the registry :data:`FORMATS`."""

from vidense.export import animated, frames, hf, mp4, safetensors, webdataset  # noqa: F401 - they register themselves
from vidense.export.base import FORMATS
from vidense.export.write import write

__all__ = ["FORMATS", "write"]
