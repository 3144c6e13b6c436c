"""Draws a condensed dataset as small animated pictures, so that a page can show it without torch."""

import io
import shutil
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from PIL import Image

from vidense.condensed import CondensedDataset
from vidense.records import read_json, replacing, write_json

__all__ = ["FOLDER", "INDEX", "write_previews"]

FOLDER, INDEX = "preview", "preview.json"
MILLISECONDS_PER_FRAME = 160
# A page is opened as a whole: more videos of a class than this are left out of it.
SHOWN_PER_CLASS = 5
QUALITY = 80


def write_previews(dataset: CondensedDataset, run: Path) -> None:
    """Write ``preview/`` into a run: for each video an animated WebP, a still of its middle, and ``preview.json``.

    The same dataset is not drawn twice.

    Args:
        dataset: what to draw; the first few videos of each class are.
        run: folder of the run.
    """
    folder = run / FOLDER
    if (folder / INDEX).exists() and read_json(folder / INDEX)["content_hash"] == dataset.content_hash:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    videos = [_draw(dataset, number, folder) for number in _chosen(dataset)]
    # The index comes last: a folder without one is drawn again.
    write_json(folder / INDEX, {"content_hash": dataset.content_hash, "videos": videos})


def _chosen(dataset: CondensedDataset) -> list[int]:
    members = [(dataset.labels == label).nonzero().flatten() for label in range(len(dataset.class_names))]
    return [int(number) for of_class in members for number in of_class[:SHOWN_PER_CLASS]]


def _draw(dataset: CondensedDataset, number: int, folder: Path) -> dict[str, Any]:
    clip = dataset.decode(torch.tensor([number]))[0]
    pixels = dataset.spec.denormalise(clip).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    moving, still = f"{number:05}.webp", f"{number:05}-still.webp"
    _write(folder / moving, pixels)
    _write(folder / still, pixels[len(pixels) // 2][None])
    frames = dataset.spec.frames
    times = dataset.index["record"].get("times")
    return {
        "file": moving,
        "still": still,
        "label": int(dataset.labels[number]),
        "frames": frames,
        "width": dataset.spec.width,
        "height": dataset.spec.height,
        "key_frames": list(range(frames)) if times is None else times[number],
    }


def _write(file: Path, pixels: "NDArray[Any]") -> None:
    """Write uint8 ``[T, H, W, 3]`` as WebP, animated in an endless loop if there are several frames."""
    first, *others = (Image.fromarray(frame) for frame in pixels)
    buffer = io.BytesIO()
    first.save(
        buffer,
        "WEBP",
        save_all=bool(others),
        append_images=others,
        duration=MILLISECONDS_PER_FRAME,
        loop=0,
        quality=QUALITY,
    )
    with replacing(file) as temporary:
        temporary.write_bytes(buffer.getvalue())
