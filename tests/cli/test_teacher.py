"""``vidense teacher``: both accuracies, clearly apart, and a network that runs find."""

import json

import pytest
import torch

from tests.engine.toys import SPEC, plugged_in
from tests.tiny import write_store
from vidense.data.store import ClipStore
from vidense.method import Task
from vidense.teachers import Teacher
from vidense.training import TrainingRecipe


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    brief = TrainingRecipe(steps=4, epochs=0, precision="float32")
    monkeypatch.setattr("vidense.teachers.teacher_recipe", lambda scale, epochs=None: brief)
    with plugged_in():
        yield


@pytest.fixture
def small(tmp_path):
    return write_store(tmp_path / "store", spec=SPEC)


def test_held_out_training_videos_and_test_videos_stand_in_lines_of_their_own(vidense, small):
    code, out, err = vidense("teacher", small.path, "--seed", 2, "--scale", "small")
    assert code == 0 and "train 4/4" in err and "loss" in err
    teacher, held_out, test, following = out.splitlines()
    assert teacher.startswith("teacher: minic3d_bn, seed 2, scale small, ")
    assert held_out.startswith("held-out training videos: ") and "% of 6 right (they chose its weights)" in held_out
    assert test.startswith("test videos: ") and "% of 12 right (they chose nothing)" in test
    assert following == f"next: vidense condense {small.path} --out RUN --method tsgf --seed 2 --scale small"


def test_json_is_pure_and_tells_what_the_lines_tell(vidense, small):
    out = vidense("teacher", small.path).out
    code, text, err = vidense("teacher", small.path, "--json")
    found = json.loads(text)
    assert code == 0 and "train" not in err
    assert set(found) == {"store", "scale", "teacher", "held_out_videos", "test_accuracy", "test_videos"}
    assert f"{100 * found['teacher']['accuracy']:.1f} % of {found['held_out_videos']} right" in out
    assert f"{100 * found['test_accuracy']:.1f} % of {found['test_videos']} right" in out


def test_the_test_accuracy_is_that_of_the_test_videos(vidense, small):
    found = json.loads(vidense("teacher", small.path, "--json").out)
    network = Teacher().make(Task(small.train, 1, 0, small.cache), lambda *_: None).network
    right = network(small.test.decode(torch.arange(12))).argmax(1) == small.test.labels
    assert found["test_accuracy"] == round(float(right.float().mean()), 4)


def test_a_run_finds_the_teacher(vidense, small, fits):
    told = json.loads(vidense("teacher", small.path, "--seed", 1, "--json").out)["teacher"]
    found = Task(small.train, 2, 1, small.cache).obtain(Teacher())
    assert len(fits) == 1 and found.to_json() == told


def test_a_store_without_test_videos(vidense, small, monkeypatch):
    whole = ClipStore._view

    def without_test(store, shards, split):
        view = whole(store, shards, split)
        return view if split == "train" else view.subset(torch.arange(0))

    monkeypatch.setattr(ClipStore, "_view", without_test)
    out = vidense("teacher", small.path).out
    assert "held-out training videos: " in out and "test videos: none" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [(("--scale", "huge"), "scale='huge'"), (("--device", "quantum"), "device 'quantum'"), (("--vpc", "2"), "--vpc")],
)
def test_bad_values(refused, small, words, message):
    assert message in refused("teacher", small.path, *words)
    assert not small.cache.exists()


def test_a_missing_store(refused, tmp_path):
    assert "is no store" in refused("teacher", tmp_path / "nowhere")
