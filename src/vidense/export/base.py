"""What a format is, and what all of them say of a video and of the dataset."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vidense.condensed import CondensedDataset
from vidense.export.names import folder_names
from vidense.registry import Registry

__all__ = ["FORMATS", "Format", "labels_of", "origin", "places"]

Format = Callable[[CondensedDataset, Path], Iterator[str]]
"""Writes a dataset into an empty folder, and yields for each video, in order, the file or folder that it went to."""

FORMATS: Registry[Format] = Registry("format")


def places(dataset: CondensedDataset, ending: str = "") -> list[str]:
    """Return ``CLASS/00000`` and an ending for each video: its class's folder, and its number in the dataset."""
    folders = folder_names(dataset.class_names)
    return [f"{folders[label]}/{number:05}{ending}" for number, label in enumerate(dataset.labels.tolist())]


def labels_of(dataset: CondensedDataset, number: int) -> dict[str, Any]:
    """Return ``label`` and ``class`` of a video, and its ``soft_labels`` where the dataset has some."""
    label = int(dataset.labels[number])
    found: dict[str, Any] = {"label": label, "class": dataset.class_names[label]}
    if dataset.soft_labels is not None:
        found["soft_labels"] = dataset.soft_labels[number].tolist()
    return found


def origin(dataset: CondensedDataset) -> dict[str, Any]:
    """Return how a dataset was made: what its index says, apart from what only its own files need."""
    names = ("parameterization", "method", "settings", "outcome", "versions")
    return {"content_hash": dataset.content_hash, **{name: dataset.index.get(name) for name in names}}
