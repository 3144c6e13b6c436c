"""Nearest real clips against a slow search, and what is written beside a run."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.evaluation.conftest import CLASSES, write_dataset
from vidense.condensed import save
from vidense.evaluation import nearest
from vidense.evaluation.nearest import write_nearest
from vidense.parameterizations.selected import SelectedClips


def read(run):
    return json.loads((run / "nearest" / "nearest.json").read_text())["videos"]


def slow_distance(first, second):
    return float(np.sqrt(np.mean((first.astype(float) - second.astype(float)) ** 2)))


def test_a_copy_is_found_at_no_distance(tmp_path, store):
    chosen = torch.tensor([1, 6, 11])
    copies = SelectedClips(store.train.pixels(chosen), store.spec, CLASSES, store.train.labels[chosen])
    dataset = save(tmp_path / "run" / "dataset", copies, dtype="uint8", provenance={})
    write_nearest(dataset, store, tmp_path / "run")

    assert [video["source"] for video in read(tmp_path / "run")] == [f"train/{number}.mp4" for number in (1, 6, 11)]
    assert [video["label"] for video in read(tmp_path / "run")] == [0, 1, 2]
    assert all(video["distance"] == pytest.approx(0, abs=0.02) for video in read(tmp_path / "run"))


def test_the_nearest_is_that_of_a_slow_search(tmp_path, store, dataset):
    write_nearest(dataset, store, tmp_path / "run")
    real = [clip.numpy() for clip in store.train.pixels(torch.arange(len(store.train)))]

    for video in read(tmp_path / "run"):
        own = dataset.pictures(video["number"]).transpose(0, 3, 1, 2)
        distances = [slow_distance(own, clip) for clip in real]
        assert video["source"] == f"train/{int(np.argmin(distances))}.mp4"
        assert video["distance"] == pytest.approx(min(distances), rel=1e-4)


def test_what_is_typical_is_the_distance_to_another_source(tmp_path, store, dataset):
    write_nearest(dataset, store, tmp_path / "run")
    for video in read(tmp_path / "run"):
        members = store.train.members(int(dataset.labels[video["number"]])).tolist()
        clips = {i: store.train.pixels(torch.tensor([i]))[0].numpy() for i in members}
        found = [
            min(slow_distance(clips[i], clips[j]) for j in members if store.train.groups[i] != store.train.groups[j])
            for i in members
        ]
        # The lower one of the two in the middle, as torch's median.
        assert video["typical"] == pytest.approx(sorted(found)[(len(found) - 1) // 2], rel=1e-4)


def test_a_class_of_one_source_has_nothing_typical(store):
    real = store.train
    own = nearest._small(real)
    assert nearest._search(real, own, {0})[1][0] > 0
    real.groups = ("one",) * len(real)
    assert nearest._search(real, own, {0})[1] == {0: None}


def test_the_averages_of_no_more_than_a_class_are_held(tmp_path, store, dataset, monkeypatch):
    compared, distances = [], torch.cdist

    def watched(own, others):
        compared.append(len(others))
        return distances(own, others)

    monkeypatch.setattr(torch, "cdist", watched)
    write_nearest(dataset, store, tmp_path / "run")
    assert max(compared) == len(store.train) // len(CLASSES)


@pytest.mark.parametrize("best", [1, 3, 100])
def test_the_best_of_all_classes_are_kept(store, monkeypatch, best):
    monkeypatch.setattr(nearest, "BEST", best)
    own = nearest._small(store.test)
    order = torch.cdist(own, nearest._small(store.train)).argsort(dim=1)
    assert torch.equal(nearest._search(store.train, own, set())[0], order[:, :best])


def test_averages_are_those_of_equal_parts():
    clips = torch.randint(0, 256, (2, 3, 3, 16, 24), dtype=torch.uint8)
    slow = clips.double().view(2, 3, 3, 8, 2, 8, 3).mean((4, 6)).flatten(1)
    assert torch.allclose(nearest._averages(clips).double(), slow, atol=1e-3)


def test_the_clip_is_drawn_and_the_same_dataset_compared_once(tmp_path, store, dataset, monkeypatch):
    run = tmp_path / "run"
    write_nearest(dataset, store, run)
    picture = Image.open(run / "nearest" / read(run)[0]["file"])
    assert picture.n_frames == 8 and picture.size == (43, 43)

    monkeypatch.setattr(nearest, "_closest", lambda *_: pytest.fail("compared again"))
    write_nearest(dataset, store, run)
    with pytest.raises(pytest.fail.Exception, match="compared again"):
        write_nearest(write_dataset(tmp_path / "other", store, key_frames=3), store, run)
