"""Writes a condensed dataset in a format, whole or not at all."""

from pathlib import Path
from typing import Any

from vidense.condensed import load
from vidense.errors import UserError
from vidense.export.base import FORMATS, labels_of, origin
from vidense.progress import CountProgress
from vidense.records import appearing, write_json

__all__ = ["METADATA", "write"]

METADATA, FORMAT, VERSION = "metadata.json", "vidense-export", 1


def write(
    run_or_dataset: Path | str,
    out: Path | str,
    *,
    format: str,
    progress: CountProgress | None = None,
) -> dict[str, Any]:
    """Write a condensed dataset for other programs, and ``metadata.json`` beside it.

    A video that decodes differently at every draw is written as the clip that stands for it.

    Args:
        run_or_dataset: folder of a finished run or of a condensed dataset.
        out: folder to write; must not exist, or be empty.
        format: a name of :data:`~vidense.export.base.FORMATS`.
        progress: called with videos done and their number.

    Returns:
        The content of ``metadata.json``: ``class_names``, ``spec`` (shape, and the mean and std that clips are
        normalised by), whether the dataset is ``stochastic``, ``origin``, and for each of the ``videos`` its ``file``,
        ``label``, ``class`` and perhaps ``soft_labels``.

    Raises:
        UserError: if the format is unknown, the dataset cannot be read, or ``out`` holds something.
    """
    videos_of, folder = FORMATS.get(format), Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{str(out)!r} exists and holds something else; give the path of a new folder")
    dataset = load(run_or_dataset)
    videos: list[dict[str, Any]] = []
    with appearing(folder) as temporary:
        for file in videos_of(dataset, temporary):
            videos.append({"file": file, **labels_of(dataset, len(videos))})
            if progress is not None:
                progress(len(videos), len(dataset))
        metadata = {
            "format": FORMAT,
            "version": VERSION,
            "written_as": format,
            "spec": dataset.spec.to_json(),
            "class_names": list(dataset.class_names),
            "stochastic": dataset.stochastic,
            "origin": origin(dataset),
            "videos": videos,
        }
        write_json(temporary / METADATA, metadata)
    return metadata
