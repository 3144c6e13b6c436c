"""A user's own file: its method condenses, its network evaluates, its layout prepares; its mistakes are named."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.data.video_files import write_video

PAGE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
NETWORK = """
from torch import nn

from vidense.nets import NETWORKS, Network


class Tiny(Network):
    def __init__(self, spec, classes):
        super().__init__(spec, classes, 3)
        self.head = nn.Linear(3, classes)

    def features(self, clips):
        return clips.mean((1, 3, 4))

    def logits(self, features):
        return self.head(features)


NETWORKS.register("my_tiny")(Tiny)
"""
LAYOUT = """
from vidense.data.layouts import LAYOUTS, Entry, Listing


@LAYOUTS.register("mine")
def mine(source, options):
    names = sorted(file.stem.split("_") for file in source.glob("*.mp4"))
    entries = tuple(Entry(f"{split}_{label}.mp4", label, split, f"{split}_{label}") for split, label in names)
    return Listing("mine", source, tuple(sorted({label for _, label in names})), entries)
"""


pytestmark = pytest.mark.usefixtures("no_plugin_left")


@pytest.fixture
def method(tmp_path) -> Path:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "mean_clip.py"
    file.write_text(block, encoding="utf-8")
    return file


def test_a_method_of_ones_own_condenses_and_has_a_page(vidense, store, method, tmp_path):
    run, more = tmp_path / "run", ("--plugin", method)
    assert "Match the mean clip of each class" in vidense("methods", "mean_clip", *more).out
    outcome = vidense("condense", store, "--out", run, "--method", "mean_clip", "--iterations", 2, *more)
    assert outcome.code == 0 and "mean_clip: 3 videos" in outcome.out
    again = vidense("condense", store, "--out", run, "--method", "mean_clip", "--iterations", 2, *more)
    assert "finished before" in again.out


def test_the_example_of_a_script_is_a_plug_in_too(vidense, store, tmp_path):
    script = PAGE.parent / "examples" / "own_method.py"
    outcome = vidense("condense", store, "--out", tmp_path / "run", "--method", "liveliest", "--plugin", script)
    assert outcome.code == 0 and "liveliest: 3 videos" in outcome.out


def test_a_changed_plug_in_is_another_run(vidense, refused, store, method, tmp_path):
    words = ("condense", store, "--out", tmp_path / "run", "--method", "mean_clip", "--iterations", 2)
    assert vidense(*words, "--plugin", method).code == 0
    recorded = json.loads((tmp_path / "run" / "run.json").read_text())["settings"]
    assert len(recorded["source"]) == 64 and str(tmp_path) not in json.dumps(recorded)
    method.write_text(method.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert "holds a run with other settings (source" in refused(*words, "--plugin", method)


def test_a_network_of_ones_own_evaluates(vidense, store, tmp_path):
    (tmp_path / "net.py").write_text(NETWORK, encoding="utf-8")
    run = tmp_path / "run"
    vidense("condense", store, "--out", run, "--method", "random")
    outcome = vidense(
        *("evaluate", run, "--on", store, "--models", "my_tiny", "--seeds", 1, "--no-ceiling", "--epochs", 1),
        *("--plugin", tmp_path / "net.py", "--json"),
    )
    assert outcome.code == 0 and "my_tiny" in outcome.out


def test_a_layout_of_ones_own_prepares(vidense, tmp_path):
    (tmp_path / "videos").mkdir()
    for split in ("train", "test"):
        for label in ("cats", "dogs"):
            write_video(tmp_path / "videos" / f"{split}_{label}.mp4")
    (tmp_path / "layout.py").write_text(LAYOUT, encoding="utf-8")
    outcome = vidense(
        *("prepare", tmp_path / "videos", "--out", tmp_path / "store", "--layout", "mine", "--size", 48, "--frames", 8),
        *("--plugin", tmp_path / "layout.py"),
    )
    assert outcome.code == 0 and "cats" in outcome.out and "4 videos of 2 classes" in outcome.out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ny = 1 / 0\n", "failed in line 2: ZeroDivisionError"),
        ("def broken(:\n", "failed in line 1: SyntaxError"),
        ("import no_such_module\n", "failed in line 1: ModuleNotFoundError"),
        ("from vidense.nets import NETWORKS\nNETWORKS.register('minic3d')(1)\n", "'minic3d' is registered already"),
    ],
)
def test_a_plug_in_that_fails_is_named_with_its_line(refused, store, tmp_path, text, words):
    (tmp_path / "bad.py").write_text(text, encoding="utf-8")
    line = refused("condense", store, "--out", tmp_path / "run", "--plugin", tmp_path / "bad.py")
    assert words in line and "bad.py" in line and not (tmp_path / "run").exists()
    assert "vidense_plugin_bad" not in sys.modules


def test_what_is_no_plug_in_is_refused(refused, tmp_path, method):
    assert "is no Python file" in refused("methods", "--plugin", tmp_path / "nothing.py")
    assert "is no Python file" in refused("methods", "--plugin", tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mean_clip.py").write_text("", encoding="utf-8")
    line = refused("methods", "--plugin", method, "--plugin", tmp_path / "other" / "mean_clip.py")
    assert "another plug-in is called 'mean_clip' too" in line


@pytest.mark.parametrize(
    "verb", ["ablate", "condense", "evaluate", "experts", "export", "flow", "methods", "plan", "prepare"]
)
def test_every_verb_that_meets_what_others_wrote_takes_it(vidense, verb):
    assert "--plugin" in vidense(verb, "--help").out
