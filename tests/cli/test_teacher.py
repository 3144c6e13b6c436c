"""``vidense teacher``: both accuracies, clearly apart, and a network that runs find."""

import json

import pytest
import torch

from tests.cli.test_plugins import NETWORK
from tests.engine.toys import SPEC, plugged_in
from tests.tiny import write_store
from vidense.data.store import ClipStore
from vidense.method import Task
from vidense.teachers import Teacher
from vidense.training_recipe import TrainingRecipe


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


def told(vidense, *words) -> dict:
    """Return what is told of the one teacher."""
    (found,) = json.loads(vidense("teacher", *words, "--json").out)["made"]
    return found


def test_json_is_pure_and_tells_what_the_lines_tell(vidense, small):
    out = vidense("teacher", small.path).out
    code, text, err = vidense("teacher", small.path, "--json")
    whole = json.loads(text)
    assert code == 0 and "train" not in err
    assert set(whole) == {"store", "method", "scale", "made"} and whole["method"] == "tsgf"
    (found,) = whole["made"]
    assert {"network", "seed", "weights_sha256", "bytes", "seconds", "test_videos"} <= set(found)
    assert f"{100 * found['accuracy']:.1f} % of {found['held_out_videos']} right" in out
    assert f"{100 * found['test_accuracy']:.1f} % of {found['test_videos']} right" in out


def test_the_test_accuracy_is_that_of_the_test_videos(vidense, small):
    network = Teacher().make(Task(small.train, 1, 0, small.cache), lambda *_: None).network
    right = network(small.test.decode(torch.arange(12))).argmax(1) == small.test.labels
    assert told(vidense, small.path)["test_accuracy"] == round(float(right.float().mean()), 4)


def test_a_run_finds_the_teacher(vidense, small, fits):
    found = told(vidense, small.path, "--seed", 1)
    trained = Task(small.train, 2, 1, small.cache).obtain(Teacher())
    assert len(fits) == 1 and trained.to_json().items() <= found.items()


def test_a_teacher_of_single_frames_is_tested_on_first_frames(vidense, small, fits):
    words = (small.path, "--method", "sre2l", "--set", "mode=frame")
    out = vidense("teacher", *words).out.splitlines()
    assert out[0].startswith("teacher: convnet_bn of single frames, seed 0")
    assert "(by their first frames, they chose its weights)" in out[1]
    assert "(by their first frames, they chose nothing)" in out[2]
    assert out[3].endswith("--method sre2l --scale small --set mode=frame")
    found = told(vidense, *words)
    need = Teacher("convnet_bn", single_frames=True)
    network = need.make(Task(small.train, 1, 0, small.cache), lambda *_: None).network
    first = small.test.decode(torch.arange(12))[:, :1]
    right = network(first).argmax(1) == small.test.labels
    assert len(fits) == 1 and found["test_accuracy"] == round(float(right.float().mean()), 4)


def test_crops_are_not_looked_for(vidense, small, fits):
    words = ("--method", "optdistill", "--set", "footage=stored", "--set", "boxes=whole", "--set", "teacher=toy_flat")
    assert told(vidense, small.path, *words)["network"] == "toy_flat"
    assert len(fits) == 1 and {file.name for file in small.cache.iterdir()} == {"locks", "networks"}


@pytest.mark.usefixtures("no_plugin_left")
def test_a_network_of_ones_own_may_be_the_teacher(vidense, small, tmp_path):
    plugin = tmp_path / "net.py"
    plugin.write_text(NETWORK, encoding="utf-8")
    words = ("--method", "optdistill", "--set", "footage=stored", "--set", "boxes=whole", "--set", "teacher=my_tiny")
    out = vidense("teacher", small.path, *words, "--plugin", plugin).out.splitlines()
    assert out[0].startswith("teacher: my_tiny") and out[-1].endswith(f"--set teacher=my_tiny --plugin {plugin}")


def test_methods_that_need_no_teacher_are_refused(refused, small):
    assert "method 'dm' needs no teacher with these options" in refused("teacher", small.path, "--method", "dm")
    assert "needs no teacher" in refused("teacher", small.path, "--method", "mtt", "--set", "network=toy_flat")
    assert not small.cache.exists()


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
