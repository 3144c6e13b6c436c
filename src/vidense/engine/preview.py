"""Draws a condensed dataset as small animated pictures, so that a page can show it without torch."""

from pathlib import Path
from typing import Any

from vidense.condensed import CondensedDataset
from vidense.data.animation import write_moving
from vidense.records import appearing, holds, write_json
from vidense.run_files import PREVIEW_INDEX, PREVIEWS

__all__ = ["chosen_videos", "write_previews"]

# More videos of a class than this nobody looks at; a page shows as many as it has room for.
DRAWN_PER_CLASS = 30


def write_previews(dataset: CondensedDataset, run: Path) -> None:
    """Write ``preview/`` into a run: for each video an animated WebP, a still of its middle, and ``preview.json``.

    The same dataset is not drawn twice.

    Args:
        dataset: what to draw; the first few videos of each class are.
        run: folder of the run.
    """
    folder = run / PREVIEWS
    if holds(folder / PREVIEW_INDEX, "content_hash", dataset.content_hash):
        return
    with appearing(folder, replace=True) as drawn:
        videos = [_draw(dataset, number, drawn) for number in chosen_videos(dataset)]
        write_json(drawn / PREVIEW_INDEX, {"content_hash": dataset.content_hash, "of": len(dataset), "videos": videos})


def chosen_videos(dataset: CondensedDataset) -> list[int]:
    """Return the numbers of the videos that are drawn: the first few of each class."""
    members = [(dataset.labels == label).nonzero().flatten() for label in range(len(dataset.class_names))]
    return [int(number) for of_class in members for number in of_class[:DRAWN_PER_CLASS]]


def _draw(dataset: CondensedDataset, number: int, folder: Path) -> dict[str, Any]:
    return {
        **write_moving(folder, number, dataset.pictures(number)),
        "label": int(dataset.labels[number]),
        "width": dataset.spec.width,
        "height": dataset.spec.height,
        "key_frames": dataset.stored_times(number),
    }
