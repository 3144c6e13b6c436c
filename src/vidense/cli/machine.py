"""What ``vidense doctor`` looks at."""

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vidense import __version__
from vidense.budget import format_bytes

__all__ = ["examine"]

# Extra of pyproject.toml to the package it brings.
EXTRAS = {
    "motion": "opencv-contrib-python-headless",
    "tensorboard": "tensorboard",
    "browser": "playwright",
}
CODECS = ("h264", "hevc", "av1", "vp9", "mpeg4")
ENCODERS = ("libx264", "mpeg4", "libsvtav1")


def examine() -> dict[str, Any]:
    """Return what was found, as JSON types, in sections."""
    return {
        "software": {"vidense": __version__, "python": platform.python_version(), "system": platform.platform()},
        "torch": _torch(),
        "video": _video(),
        "machine": _machine(),
        "extras": {extra: _extra(extra, package) for extra, package in EXTRAS.items()},
    }


def _torch() -> dict[str, Any]:
    from vidense.engine.settings import pick_device
    from vidense.hardware import describe, devices
    from vidense.nets.precision import real_dtype

    chosen = pick_device("auto")
    hardware = describe(chosen)
    return {
        "torch": hardware["torch"],
        "devices": devices(),
        "auto picks": str(chosen),
        "bfloat16": str(real_dtype(chosen, "auto")) == "torch.bfloat16",
        "threads": hardware["threads"],
    }


def _video() -> dict[str, Any]:
    import av
    from av import library_versions

    libraries = {name: ".".join(map(str, number)) for name, number in library_versions.items()}
    return {
        "PyAV": av.__version__,
        "libavcodec": libraries.get("libavcodec", "unknown"),
        "reads": [name for name in CODECS if _has_codec(name, "r")],
        "writes": [name for name in ENCODERS if _has_codec(name, "w")],
    }


def _has_codec(name: str, mode: str) -> bool:
    import av

    try:
        av.Codec(name, mode)  # type: ignore[arg-type]  # a literal there, a plain word here
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def _machine() -> dict[str, Any]:
    from vidense.hardware import processors

    free = shutil.disk_usage(Path.cwd()).free
    return {"cores": processors(), "memory": _memory(), "free disk here": format_bytes(free)}


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "unknown"
    return format_bytes(total)


def _extra(extra: str, package: str) -> dict[str, Any]:
    install = f"pip install 'vidense[{extra}]'"
    try:
        return {"installed": True, "version": version(package), "install": install}
    except PackageNotFoundError:
        return {"installed": False, "version": None, "install": install}
