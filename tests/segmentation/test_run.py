"""A whole run: rows, files, resuming, refusals, and a condensed set that teaches."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.segmentation.conftest import CLEAR
from vidense.errors import UserError
from vidense.segmentation import FeatureFolder, Settings, load, run, segment
from vidense.segmentation.generated import write_folder
from vidense.segmentation.ms_tcn import build_ms_tcn

QUICK = Settings(videos=2, keys=1, iterations=1, epochs=1)


@pytest.fixture(scope="module")
def finished(kitchen, tmp_path_factory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("segment") / "run"
    return out, segment(kitchen, out, method="tsgf", split=1, settings=QUICK, seeds=1)


def test_rows_and_what_stands_in_them(finished):
    out, record = finished
    assert [row["name"] for row in record["rows"]] == ["tsgf", "random", "full"]
    assert json.loads((out / "segmentation.json").read_text()) == record
    tsgf, random, full = (row["results"][0] for row in record["rows"])
    assert tsgf["storage"]["frames"] == random["storage"]["frames"] and "storage" not in full
    assert set(tsgf["teacher"]) == {"accuracy", "edit", "f1_10", "f1_25", "f1_50"} and "teacher" not in random
    assert record["rows"][0]["summary"]["accuracy"]["mean"] == tsgf["accuracy"]


def test_the_sets_are_on_disk_as_large_as_said(finished):
    out, record = finished
    for row in record["rows"][:2]:
        folder = out / "split1" / f"{row['name']}-seed0"
        videos, storage = load(folder)
        assert row["results"][0]["storage"]["bytes"] == storage.bytes == sum(f.stat().st_size for f in folder.iterdir())
        assert (
            len(videos) == 2
            and json.loads((folder / "sequences.json").read_text())["settings"]["method"] == row["name"]
        )
    assert not (out / "split1" / "full-seed0").exists()


def test_the_same_call_takes_what_is_finished(finished, kitchen, monkeypatch):
    out, record = finished
    monkeypatch.setattr(run, "fit", None)
    assert segment(kitchen, out, method="tsgf", split=1, settings=QUICK, seeds=1) == record
    monkeypatch.undo()
    lost = next((out / "jobs").glob("*.json"))
    lost.unlink()
    assert segment(kitchen, out, method="tsgf", split=1, settings=QUICK, seeds=1) == record


def test_other_settings_or_data_are_refused(finished, kitchen, tmp_path):
    out, _ = finished
    with pytest.raises(UserError, match="holds a run with other settings or data; give another --out"):
        segment(kitchen, out, method="tsgf", split=1, settings=replace(QUICK, keys=2), seeds=1)
    other = shutil.copytree(kitchen, tmp_path / "other")
    file = other / "features" / "video-01.npy"
    np.save(file, np.load(file) + 1)
    with pytest.raises(UserError, match="other settings or data"):
        segment(other, out, method="tsgf", split=1, settings=QUICK, seeds=1)
    with pytest.raises(UserError, match="exists and is no run of vidense segment"):
        segment(kitchen, other, method="mean", split=1, settings=QUICK, seeds=1)


def test_all_splits_are_averaged_seed_by_seed(kitchen, tmp_path):
    record = segment(kitchen, tmp_path / "run", method="random", settings=QUICK, seeds=2, ceiling=False)
    (row,) = record["rows"]
    assert [(r["split"], r["seed"]) for r in row["results"]] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    summary = row["summary"]["accuracy"]
    assert summary["condensation_seeds"] == 2
    assert summary["mean"] == pytest.approx(sum(r["accuracy"] for r in row["results"]) / 4)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"method": "means"}, "unknown segmentation method 'means'; did you mean 'mean'"),
        ({"split": 9}, "split 9 is not in .*; there are 1, 2"),
        ({"seeds": 0}, "seeds=0 is too few"),
        ({"settings": replace(QUICK, videos=4)}, "videos=4 must be from 1 to 3"),
        ({"device": "tpu"}, "device 'tpu'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(kitchen, tmp_path, wrong, words):
    with pytest.raises(UserError, match=words):
        segment(kitchen, tmp_path / "run", **{"method": "mean", "settings": QUICK, "seeds": 1, **wrong})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["keys", "subsample", "iterations", "epochs"])
def test_settings_below_one(name):
    with pytest.raises(UserError, match=f"{name}=0 is too few"):
        Settings(**{name: 0})


def test_halves_of_different_features_are_refused(kitchen, tmp_path):
    copy = shutil.copytree(kitchen, tmp_path / "copy")
    for number in (0, 2, 4):
        file = copy / "features" / f"video-{number:02}.npy"
        np.save(file, np.load(file)[:4])
    with pytest.raises(UserError, match="test features have 4 numbers a frame, training features 6"):
        segment(copy, tmp_path / "run", method="mean", split=1, settings=QUICK, seeds=1)


@pytest.mark.parametrize("subsample", [1, 2, 7])
def test_predictions_are_repeated_to_the_annotated_rate(kitchen, subsample, monkeypatch):
    videos = FeatureFolder(kitchen).videos("test", 1, subsample)
    # A network that is always right about the frames it sees.
    answers = iter([videos.labels(index) for index in range(len(videos))])
    monkeypatch.setattr(run, "predict", lambda network, features: next(answers))
    found = run.test_scores(build_ms_tcn(6, 8, seed=0), videos)
    truth = torch.cat([videos.truth(index) for index in range(len(videos))])
    repeated = [videos.labels(i).repeat_interleave(subsample)[: len(videos.truth(i))] for i in range(len(videos))]
    assert found["accuracy"] == pytest.approx(100 * (torch.cat(repeated) == truth).float().mean().item(), abs=1e-3)
    assert found["accuracy"] == 100 if subsample == 1 else 60 < found["accuracy"] < 100


def test_background_is_known_by_its_name(kitchen, tmp_path, monkeypatch):
    copy = shutil.copytree(kitchen, tmp_path / "copy")
    for file in [copy / "mapping.txt", *(copy / "groundTruth").iterdir()]:
        file.write_text(file.read_text().replace("mix", "background"))
    ignored = []
    monkeypatch.setattr(run, "score", lambda found, true, left_out: ignored.append(left_out) or {})
    run.test_scores(build_ms_tcn(6, 8, seed=0), FeatureFolder(copy).videos("test", 1))
    run.test_scores(build_ms_tcn(6, 8, seed=0), FeatureFolder(kitchen).videos("test", 1))
    assert ignored == [{4}, set()]


def test_a_condensed_set_teaches(tmp_path):
    """One vector a segment of two videos: far better than always naming the most frequent class."""
    write_folder(tmp_path / "features", CLEAR, videos=4, splits=2)
    folder = FeatureFolder(tmp_path / "features")
    train, test = (folder.videos(part, 1) for part in ("train", "test"))
    settings = Settings(keys=1, iterations=5, epochs=30)
    found = run.measure("prism", train, test, settings, 0, tmp_path / "set", torch.device("cpu"))
    truth = torch.cat([test.truth(index) for index in range(len(test))])
    chance = 100 * truth.bincount().max().item() / len(truth)
    assert found["accuracy"] > 2 * chance, (found, chance)
