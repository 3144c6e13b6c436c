"""Format ``hf``: a folder that Hugging Face ``datasets`` loads as a video folder, with a card to be completed."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from vidense import __version__
from vidense.condensed import CondensedDataset
from vidense.export.base import FORMATS, labels_of, origin
from vidense.export.mp4 import write_videos

__all__ = ["write_video_folder"]

SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))


@FORMATS.register("hf")
def write_video_folder(dataset: CondensedDataset, folder: Path) -> Iterator[str]:
    """Write ``train/CLASS/00000.mp4``, ``train/metadata.csv`` and ``README.md``.

    Columns of the table are ``file_name`` (against its own folder), ``label`` in digits, and ``soft_labels`` as a JSON
    list where the dataset has some. What the index says of the dataset is quoted in the card as JSON, and nowhere else:
    a stranger may have written it.
    """
    files = []
    for file in write_videos(dataset, folder / "train"):
        files.append(file)
        yield f"train/{file}"
    _write_table(dataset, files, folder / "train" / "metadata.csv")
    (folder / "README.md").write_text(_card(dataset), encoding="utf-8")


def _write_table(dataset: CondensedDataset, files: list[str], table: Path) -> None:
    soft = ["soft_labels"] * (dataset.soft_labels is not None)
    with table.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(["file_name", "label", *soft])
        for number, file in enumerate(files):
            labels = labels_of(dataset, number)
            writer.writerow([file, labels["label"], *(json.dumps(labels[name]) for name in soft)])


def _card(dataset: CondensedDataset) -> str:
    environment = Environment(
        loader=PackageLoader("vidense.export", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("card.md.j2").render(
        size=next((words for most, words in SIZES if len(dataset) < most), "n>1M"),
        videos=len(dataset),
        classes=len(dataset.class_names),
        spec=dataset.spec,
        stochastic=dataset.stochastic,
        soft=dataset.soft_labels is not None,
        class_names=json.dumps(dataset.class_names, indent=1),
        origin=json.dumps(origin(dataset), indent=1),
        version=__version__,
    )
