"""Runs that were stopped, asked again, or asked for less: what is trained, and what is found again."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from vidense.errors import DivergenceError, UserError
from vidense.segmentation import METHODS, Settings, load, run, segment
from vidense.segmentation.features import FeatureFolder
from vidense.segmentation.methods import FULL
from vidense.segmentation.metrics import METRICS
from vidense.segmentation.ms_tcn import build_stage
from vidense.segmentation.optimise import Descent, descend
from vidense.segmentation.prism import class_means, prism
from vidense.segmentation.selection import mean_start
from vidense.segmentation.sequences import Script, SegmentKeys

QUICK = Settings(videos=2, keys=1, iterations=1, epochs=1)


@pytest.fixture
def untested(monkeypatch) -> None:
    """Scores that take no time and tell networks apart by their weights."""

    def scores(network, videos) -> dict[str, float]:
        return dict.fromkeys(METRICS, abs(float(network.stages[0].leave.weight.detach().sum())))

    monkeypatch.setattr(run, "test_scores", scores)


@pytest.fixture
def trained(monkeypatch, untested) -> list[int]:
    """The updates of every network that is trained, in place of training it."""
    counted: list[int] = []

    def fit(network, videos, *, updates: int, seed: int, progress=None) -> float:
        counted.append(updates)
        return 0.25

    monkeypatch.setattr(run, "fit", fit)
    return counted


def test_what_was_finished_before_an_interruption_is_not_trained_again(kitchen, tmp_path, trained, monkeypatch):
    original, left = run.measure, [4]

    def stopped(*args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(run, "measure", stopped)
    asked = {"method": "mean", "split": 1, "settings": QUICK, "seeds": 3}
    with pytest.raises(KeyboardInterrupt):
        segment(kitchen, tmp_path / "run", **asked)
    assert len(trained) == 4 and not (tmp_path / "run" / "segmentation.json").exists()
    monkeypatch.setattr(run, "measure", original)
    continued = segment(kitchen, tmp_path / "run", **asked)
    assert len(trained) == 9, "three rows of three seeds, none of them twice"
    unbroken = segment(kitchen, tmp_path / "other", **asked)
    assert [row["results"] for row in continued["rows"]] == [row["results"] for row in unbroken["rows"]]


def test_more_seeds_and_the_whole_set_are_added_to_a_run(kitchen, tmp_path, trained):
    few = segment(kitchen, tmp_path / "run", method="mean", split=1, settings=QUICK, seeds=1, ceiling=False)
    assert len(trained) == 2 and [row["name"] for row in few["rows"]] == ["mean", "random"]
    more = segment(kitchen, tmp_path / "run", method="mean", split=1, settings=QUICK, seeds=2)
    assert len(trained) == 6
    assert more["rows"][0]["results"][0] == few["rows"][0]["results"][0]
    assert json.loads((tmp_path / "run" / "segmentation.json").read_text()) == json.loads(json.dumps(more))


def test_every_network_takes_as_many_updates_as_the_whole_set_would(kitchen, tmp_path, trained):
    segment(kitchen, tmp_path / "run", method="mean", split=1, settings=replace(QUICK, videos=1, epochs=4), seeds=1)
    assert trained == [4 * 3] * 3


def test_the_whole_set_alone_stands_beside_random_features(kitchen, tmp_path, trained):
    record = segment(kitchen, tmp_path / "run", method=FULL, split=2, settings=QUICK, seeds=1, ceiling=False)
    assert [row["name"] for row in record["rows"]] == ["full", "random"] and len(trained) == 2
    assert record["settings"]["splits"] == [2]
    assert [folder.name for folder in (tmp_path / "run" / "split2").iterdir()] == ["random-seed0"]


def test_what_is_trained_on_is_what_was_stored(kitchen, tmp_path, monkeypatch, untested):
    """Not the vectors before they were rounded to bytes."""
    seen = []
    monkeypatch.setattr(run, "fit", lambda network, videos, **_: seen.append(videos) or 0.5)
    folder = FeatureFolder(kitchen)
    train, test = (folder.videos(part, 1) for part in ("train", "test"))
    run.measure("mean", train, test, QUICK, 3, tmp_path / "set", torch.device("cpu"))
    stored, _ = load(tmp_path / "set")
    assert torch.equal(seen[0].vectors, stored.vectors) and seen[0].scripts == stored.scripts
    kept = json.loads((tmp_path / "set" / "sequences.json").read_text())["settings"]
    assert kept == {"method": "mean", "seed": 3, "videos": 2, "keys": 1, "subsample": 1, "iterations": 1, "epochs": 1}


def test_a_network_that_diverges_ends_the_run_and_is_not_taken_for_finished(kitchen, tmp_path, monkeypatch):
    def diverging(*_, **__):
        raise DivergenceError("the loss is nan at update 0")

    monkeypatch.setattr(run, "fit", diverging)
    with pytest.raises(DivergenceError):
        segment(kitchen, tmp_path / "run", method="mean", split=1, settings=QUICK, seeds=1)
    assert not list((tmp_path / "run").glob("jobs/*.json"))


def test_a_file_where_the_run_should_be_is_refused(kitchen, tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(UserError, match="exists and is no run of vidense segment; give another --out"):
        segment(kitchen, tmp_path / "run", method="mean", settings=QUICK)
    assert (tmp_path / "run").read_text() == "mine"


def test_progress_names_what_is_done(kitchen, tmp_path, untested):
    folder, told = FeatureFolder(kitchen), []
    train, test = (folder.videos(part, 1) for part in ("train", "test"))

    def tell(phase: str, done: int, total: int, entry: dict[str, Any]) -> None:
        told.append((phase, done, total))

    run.measure("prism", train, test, QUICK, 5, tmp_path, torch.device("cpu"), tell)
    # One iteration, then one pass over three videos.
    assert told == [("matching", 1, 1), *(("prism, seed 5: MS-TCN", step, 3) for step in (1, 2, 3))]


@pytest.mark.parametrize("name", list(METHODS))
def test_no_method_looks_at_more_than_the_videos_it_is_given(name, task, train):
    """Real videos are read, never written: they are the same afterwards."""
    before = [train.features(index).clone() for index in range(len(train))]
    METHODS.get(name)(replace(task, iterations=2))
    assert all(torch.equal(train.features(index), kept) for index, kept in enumerate(before))


def test_the_rate_of_a_descent_falls_to_zero_along_a_cosine(task):
    """Adam moves by its rate while the gradient stays as it is, so the steps are the schedule."""
    start, places = mean_start(task), []
    watched = replace(task, iterations=8)

    def pull(videos, batch, draw):
        places.append(videos.vectors.detach().clone())
        return videos.vectors.sum()

    end = descend(start, pull, Descent(0.1, (0.9, 0.999)), watched, "x").vectors
    steps = [float((a - b).mean()) for a, b in zip(places, [*places[1:], end], strict=True)]
    cosine = [0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * step / 8)))) for step in range(8)]
    assert steps == pytest.approx([steps[0] * share for share in cosine], rel=1e-2, abs=1e-5)


def test_a_descent_fits_features_of_any_scale(task):
    """Twice as large features are moved twice as far."""
    start = mean_start(task)

    def moved(scale: float) -> torch.Tensor:
        larger = start.replaced(scale * start.vectors)
        pull = lambda videos, *_: videos.vectors.sum() / scale  # noqa: E731
        return descend(larger, pull, Descent(0.1, (0.9, 0.999)), task, "x").vectors - larger.vectors

    torch.testing.assert_close(moved(4.0), 4 * moved(1.0), rtol=1e-3, atol=1e-3)


def test_classes_without_a_frame_are_left_out_of_the_means():
    stage = build_stage(2, 3, seed=0)
    videos = SegmentKeys(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), [Script((0, 2), (3, 2), (1, 4))], ["a", "b", "c"])
    means, there = class_means(stage, videos, [0])
    assert there.tolist() == [True, False, True] and means[1].abs().sum() == 0 and means[0].abs().sum() > 0
    assert means.shape == (3, 64)


def test_matching_starts_at_the_means_and_keeps_their_scripts(task):
    made = prism(replace(task, iterations=1)).videos
    start = mean_start(task)
    assert made.scripts == start.scripts and not torch.equal(made.vectors, start.vectors)
    assert float((made.vectors - start.vectors).abs().max()) < 0.1 * float(start.vectors.std())
