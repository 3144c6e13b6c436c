"""What a feature folder is said to hold; folders are generated, their files empty where nobody opens them."""

import json
import shutil
from pathlib import Path

import pytest

from vidense.errors import UserError
from vidense.segmentation.features import FeatureFolder
from vidense.segmentation.generated import CLASS_NAMES
from vidense.segmentation.stock import SALADS, SALADS_SPLITS, take_stock


@pytest.fixture
def salads(tmp_path) -> Path:
    """50Salads as MS-TCN's archive has it: 25 people, two videos of each; a fold tests those of five people."""
    folder = tmp_path / "data"
    for name in ("features", "groundTruth", "splits"):
        (folder / name).mkdir(parents=True)
    (folder / "mapping.txt").write_text("".join(f"{n} {name}\n" for n, name in enumerate(sorted(SALADS))))
    names = [f"rgb-{person:02}-{take}" for person in range(1, 26) for take in (1, 2)]
    for name in names:
        (folder / "features" / f"{name}.npy").touch()
        (folder / "groundTruth" / f"{name}.txt").touch()
    for split in SALADS_SPLITS:
        tested = set(names[10 * split - 10 : 10 * split])
        for part, chosen in {"train": set(names) - tested, "test": tested}.items():
            bundle = folder / "splits" / f"{part}.split{split}.bundle"
            bundle.write_text("".join(f"{name}.txt\n" for name in sorted(chosen)))
    return folder


def notes(folder: Path) -> list[str]:
    return take_stock(FeatureFolder(folder), subsample=2).notes()


def test_a_complete_50salads_is_counted_and_nothing_is_said(salads):
    stock = take_stock(FeatureFolder(salads), subsample=2)
    assert stock.to_json() == {
        "classes": 19,
        "videos": 50,
        "splits": {str(split): [40, 10] for split in range(1, 6)},
        "missing": [],
        "extra": [],
        "notes": [],
    }
    assert json.loads(json.dumps(stock.to_json())) == stock.to_json()


def test_its_full_rate_is_not_that_of_papers(salads, kitchen):
    (told,) = take_stock(FeatureFolder(salads)).notes()
    assert told == "papers use every second frame of 50Salads; give --subsample 2 to compare with them"
    assert take_stock(FeatureFolder(kitchen)).notes() == []


def test_files_that_are_missing_or_foreign_are_named_and_the_counts_compared(salads):
    (salads / "features" / "rgb-07-2.npy").unlink()
    (salads / "features" / "rgb-26-1.npy").touch()
    (salads / "groundTruth" / "rgb-26-1.txt").touch()
    (salads / "features" / "._rgb-01-1.npy").touch()
    (salads / "features" / "readme.md").touch()
    assert notes(salads) == [
        "files of videos that splits name are missing: 1: features/rgb-07-2.npy",
        "files of videos that no split names were left out: 2: features/rgb-26-1.npy, groundTruth/rgb-26-1.txt",
        "these are the classes of 50Salads, which has 50 videos in 5 splits of 40 train / 10 test",
    ]
    assert take_stock(FeatureFolder(salads)).videos == 49


def test_a_split_that_is_not_there_or_is_shorter_is_no_complete_50salads(salads):
    bundle = salads / "splits" / "train.split2.bundle"
    whole = bundle.read_text()
    bundle.write_text("".join(whole.splitlines(keepends=True)[1:]))
    assert len(notes(salads)) == 1 and "5 splits of 40 train / 10 test" in notes(salads)[0]
    bundle.unlink()
    assert len(notes(salads)) == 1 and "5 splits of 40 train / 10 test" in notes(salads)[0]


def test_another_dataset_is_counted_and_compared_with_nothing(kitchen, tmp_path):
    stock = take_stock(FeatureFolder(kitchen))
    assert (stock.class_names, stock.videos, stock.splits) == (CLASS_NAMES, 6, {1: (3, 3), 2: (3, 3)})
    assert stock.notes() == []
    copy = Path(shutil.copytree(kitchen, tmp_path / "50salads"))
    (copy / "features" / "video-03.npy").unlink()
    (copy / "groundTruth" / "video-03.txt").unlink()
    assert notes(copy) == [
        "files of videos that splits name are missing: 2: features/video-03.npy, groundTruth/video-03.txt"
    ]
    assert take_stock(FeatureFolder(copy)).videos == 5


def test_a_bundle_that_is_none_is_named(salads):
    (salads / "splits" / "test.split4.bundle").write_text("../rgb-01-1.txt\n")
    with pytest.raises(UserError, match=r"test\.split4\.bundle' names the video '\.\./rgb-01-1'"):
        notes(salads)
