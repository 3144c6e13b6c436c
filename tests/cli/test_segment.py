"""``vidense segment``: what it prints, and what it refuses."""

import json
import shutil
from importlib import import_module
from pathlib import Path

import pytest

from vidense.segmentation.generated import Kitchen, write_folder

QUICK = ("--videos", "2", "--keys", "1", "--iterations", "1", "--epochs", "1", "--seeds", "2")


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segment") / "features"
    write_folder(folder, Kitchen(dimension=4), videos=4, splits=2)
    return folder


def test_a_table_with_the_method_random_and_the_whole_set(vidense, features, tmp_path):
    words = ("segment", features, "--out", tmp_path / "run", "--method", "mean", *QUICK)
    code, out, _ = vidense(*words)
    lines = out.splitlines()
    assert code == 0 and "MS-TCN on split 1, mean of 2 seeds" in out and "F1@50" in out
    assert lines[0] == "4 videos of 8 classes; split 1: 2 train / 2 test, split 2: 2 train / 2 test"
    assert [line.split()[0] for line in lines[5:8]] == ["mean", "random", "full"]
    assert lines[-1] == f"written to {tmp_path / 'run' / 'segmentation.json'}"
    # Once more: nothing is trained, the same is printed.
    assert vidense(*words).out == out


def test_one_json_object(vidense, features, tmp_path):
    words = ("--method", "random", "--no-ceiling", "--split", "all", "--json", *QUICK)
    code, out, _ = vidense("segment", features, "--out", tmp_path / "run", *words)
    found = json.loads(out)
    assert code == 0 and [row["name"] for row in found["rows"]] == ["random"]
    assert found["path"] == str(tmp_path / "run" / "segmentation.json") and found["settings"]["splits"] == [1, 2]


def test_files_that_no_split_names_and_those_of_other_splits_are_noted(vidense, features, tmp_path):
    folder = Path(shutil.copytree(features, tmp_path / "copy"))
    (folder / "features" / "video-99.npy").touch()
    with (folder / "splits" / "train.split2.bundle").open("a") as bundle:
        bundle.write("gone.txt\n")
    words = ("--method", "random", "--no-ceiling", *QUICK)
    code, out, _ = vidense("segment", folder, "--out", tmp_path / "run", *words)
    assert code == 0 and out.splitlines()[1:3] == [
        "note: files of videos that splits name are missing: 2: features/gone.npy, groundTruth/gone.txt",
        "note: files of videos that no split names were left out: 1: features/video-99.npy",
    ]
    assert json.loads((tmp_path / "run" / "segmentation.json").read_text())["folder"]["splits"]["2"] == [3, 2]


def test_all_files_that_a_split_lacks_are_named_before_anything_is_made(refused, features, tmp_path):
    folder = Path(shutil.copytree(features, tmp_path / "copy"))
    (folder / "features" / "video-01.npy").unlink()
    (folder / "groundTruth" / "video-02.txt").unlink()
    line = refused("segment", folder, "--out", tmp_path / "run", "--method", "random", *QUICK)
    assert "lacks files that split 1 names: 2: features/video-01.npy, groundTruth/video-02.txt; add them" in line
    assert not (tmp_path / "run").exists()


def row(name: str, accuracy: float) -> dict:
    summary = {"mean": accuracy, "std_condensation": {"ddof1": None}}
    metrics = ("accuracy", "edit", "f1_10", "f1_25", "f1_50")
    return {"name": name, "results": [{"seed": 0}], "summary": dict.fromkeys(metrics, summary)}


@pytest.mark.parametrize(("accuracy", "said"), [(60.0, False), (50.0, True), (40.0, True)])
def test_a_method_that_does_not_beat_random_is_called_so(capsys, accuracy, said):
    record = {"settings": {"splits": [1]}, "rows": [row("prism", accuracy), row("random", 50.0)]}
    import_module("vidense.cli.segment")._print(record)
    assert ("prism is no better than random features" in capsys.readouterr().out) is said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "prsim"), "unknown segmentation method 'prsim'; did you mean 'prism'?"),
        (("--split", "x"), "split 'x' is no split; give a number, or all"),
        (("--split", "7"), "split 7 is not in"),
        (("--videos", "9"), "videos=9 must be from 1 to 2"),
        (("--keys", "0"), "keys=0 is too few"),
        (("--subsample", "0"), "subsample=0 is too few"),
    ],
)
def test_mistakes_are_one_sentence(refused, features, tmp_path, words, said):
    assert said in refused("segment", features, "--out", tmp_path / "run", *words)


def test_a_folder_of_something_else(refused, tmp_path):
    assert "has no 'features'; give a folder with" in refused("segment", tmp_path, "--out", tmp_path / "run")
