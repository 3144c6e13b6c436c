"""What a feature folder holds, beside what its splits name and, where the dataset is known, what is complete."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidense.errors import a_few
from vidense.segmentation.features import PARTS, FeatureFolder

__all__ = ["SALADS", "SALADS_SPLITS", "Stock", "missing_files", "take_stock"]

SALADS = frozenset({
    "action_end", "action_start", "add_dressing", "add_oil", "add_pepper", "add_salt", "add_vinegar", "cut_cheese",
    "cut_cucumber", "cut_lettuce", "cut_tomato", "mix_dressing", "mix_ingredients", "peel_cucumber",
    "place_cheese_into_bowl", "place_cucumber_into_bowl", "place_lettuce_into_bowl", "place_tomato_into_bowl",
    "serve_salad_onto_plate",
})  # fmt: skip
"""The 19 classes of 50Salads in MS-TCN's archive; a folder is known by them, whatever it is called."""

SALADS_SPLITS = dict.fromkeys(range(1, 6), (40, 10))
"""Training and test videos of each split of 50Salads: five folds of its 50 videos."""

# Folder and ending of the two files of a video.
_FILES = (("features", ".npy"), ("groundTruth", ".txt"))


@dataclass(frozen=True)
class Stock:
    """The files of a feature folder, counted.

    Attributes:
        class_names: as the mapping numbers them.
        videos: how many the splits name that have both their files.
        splits: number of a split to how many training and test videos its bundles name.
        missing: files of videos that a split names, relative to the folder.
        extra: files of videos that no split names.
        subsample: every n-th frame is used.
    """

    class_names: tuple[str, ...]
    videos: int
    splits: dict[int, tuple[int, int]]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    subsample: int = 1

    def notes(self) -> list[str]:
        """Return sentences on what is missing, what is left out, and how it differs from a complete 50Salads."""
        notes = [f"files of videos that splits name are missing: {a_few(self.missing)}"] if self.missing else []
        if self.extra:
            notes.append(f"files of videos that no split names were left out: {a_few(self.extra)}")
        if set(self.class_names) != SALADS:
            return notes
        if (self.videos, self.splits) != (50, SALADS_SPLITS):
            notes.append("these are the classes of 50Salads, which has 50 videos in 5 splits of 40 train / 10 test")
        if self.subsample == 1:
            notes.append("papers use every second frame of 50Salads; give --subsample 2 to compare with them")
        return notes

    def to_json(self) -> dict[str, Any]:
        """Return JSON types: the counts, every file of :attr:`missing` and :attr:`extra`, and the notes."""
        return {
            "classes": len(self.class_names),
            "videos": self.videos,
            "splits": {str(split): list(counts) for split, counts in self.splits.items()},
            "missing": list(self.missing),
            "extra": list(self.extra),
            "notes": self.notes(),
        }


def take_stock(folder: FeatureFolder, subsample: int = 1) -> Stock:
    """Count the files of a folder, of which only the bundles are read and every ``subsample``-th frame will be used.

    Raises:
        UserError: if a bundle is none, or a video is in both halves of a split.
    """
    bundles = {split: [folder.names(part, split) for part in PARTS] for split in folder.splits}
    named = {name for halves in bundles.values() for names in halves for name in names}
    missing = missing_files(folder.path, named)
    # Archives made on a Mac hold a hidden file for each of theirs.
    on_disk = (file for place, ending in _FILES for file in (folder.path / place).glob(f"[!.]*{ending}"))
    return Stock(
        class_names=folder.class_names,
        videos=len(named - {Path(file).stem for file in missing}),
        splits={split: (len(train), len(test)) for split, (train, test) in bundles.items()},
        missing=missing,
        extra=tuple(sorted(f"{file.parent.name}/{file.name}" for file in on_disk if file.stem not in named)),
        subsample=subsample,
    )


def missing_files(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Return which files of the videos called ``names`` are not there, relative to ``folder``, in order."""
    files = sorted(f"{place}/{name}{ending}" for name in set(names) for place, ending in _FILES)
    return tuple(file for file in files if not (folder / file).is_file())
