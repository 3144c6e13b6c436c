"""A user's own file: what it registers condenses, evaluates, prepares, finds boxes; its mistakes are named."""

import json
import re
import sys
from pathlib import Path
from unittest import mock

import pytest

from tests.boxes.moving import write_squares
from tests.data.video_files import write_video
from vidense.boxes import candidates
from vidense.data.prepare import prepare

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
HALVED = """
import torch
from torch import nn

from vidense.method import Group, Optimizer, Recipe, register_method
from vidense.objectives import Objective
from vidense.parameterizations import PARAMETERIZATIONS, Parameterization, Stored
from vidense.parameterizations.quantise import pack_frames, unpack_frames


@PARAMETERIZATIONS.register("halved")
class Halved(Parameterization):
    kind = "halved"

    def __init__(self, frames, spec, class_names, labels, soft_labels=None):
        super().__init__(spec, class_names, labels, soft_labels)
        self.frames = nn.Parameter(frames.clone())

    def synthesise(self, index, draw=None):
        return self.frames[index].repeat_interleave(2, 1)

    def groups(self):
        return {"frames": [self.frames]}

    def pack(self, dtype):
        return Stored(pack_frames(self.frames.flatten(0, 1), dtype))

    @classmethod
    def unpack(cls, stored, spec, class_names, labels, soft_labels):
        frames = unpack_frames(stored.tensors, len(labels) * spec.frames // 2, spec.shape[1:])
        return cls(frames.unflatten(0, (len(labels), -1)), spec, class_names, labels, soft_labels)

    def stored_numbers(self):
        return self.frames.numel()


class AsBright(Objective):
    def losses(self, synthetic, real, step):
        made, true = (clips.decode(torch.arange(len(clips.labels))).mean() for clips in (synthetic, real))
        yield (made - true).square()


@register_method("halves", paper="none", stores="every second frame", iterations={"small": 2, "published": 2})
def halves(task):
    \"\"\"Store every second frame, and show it twice.\"\"\"
    clips = task.real.decode(task.random_videos())[:, ::2]
    videos = Halved(clips, task.real.spec, task.real.class_names, task.labels)
    return Recipe(videos, AsBright(), Optimizer("sgd", {"frames": Group(0.1)}))
"""
BOXES = """
from vidense.boxes import BOX_SOURCES, Box


@BOX_SOURCES.register("corner")
def corner(frames, class_name, path):
    return [Box(0, 0, 24 if class_name == "down" else 32, 24)]
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
    assert len(recorded["sources"]["method"]) == 64 and str(tmp_path) not in json.dumps(recorded)
    method.write_text(method.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert "holds a run with other settings (sources" in refused(*words, "--plugin", method)


def test_a_changed_network_is_another_run_of_our_method_and_another_evaluation(
    vidense, refused, store, tmp_path, no_plugin_left
):
    file, run = tmp_path / "net.py", tmp_path / "run"
    file.write_text(NETWORK, encoding="utf-8")
    condense = ("condense", store, "--out", run, "--method", "dm", "--iterations", 2, "--set", "lr=1")
    condense += ("--set", "network=my_tiny", "--plugin", file)
    evaluate = ("evaluate", run, "--on", store, "--models", "my_tiny", "--seeds", 1, "--no-ceiling", "--epochs", 1)
    evaluate += ("--plugin", file)
    assert vidense(*condense).code == 0 and vidense(*evaluate).code == 0
    trained = set((store / "cache" / "jobs").iterdir())
    assert vidense(*evaluate).code == 0 and set((store / "cache" / "jobs").iterdir()) == trained
    no_plugin_left()
    file.write_text(NETWORK + "\n# changed\n", encoding="utf-8")
    assert vidense(*evaluate).code == 0 and set((store / "cache" / "jobs").iterdir()) > trained
    assert "holds a run with other settings (sources" in refused(*condense)


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


def test_a_parameterization_of_ones_own_condenses_and_evaluates(vidense, refused, store, tmp_path, no_plugin_left):
    """Evaluating takes the file anew, as another process would; without it nobody knows how to decode the videos."""
    (tmp_path / "halved.py").write_text(HALVED + NETWORK, encoding="utf-8")
    run, plugin = tmp_path / "run", ("--plugin", tmp_path / "halved.py")
    outcome = vidense("condense", store, "--out", run, "--method", "halves", *plugin)
    # Four of eight frames, of one video of each of three classes.
    assert outcome.code == 0 and "halves: 3 videos, 12 stored frames" in outcome.out
    no_plugin_left()
    evaluate = ("evaluate", run, "--on", store, "--seeds", 1, "--no-ceiling", "--epochs", 1, "--json")
    assert "unknown parameterization 'halved'" in refused(*evaluate)
    outcome = vidense(*evaluate, "--models", "my_tiny", *plugin)
    assert outcome.code == 0
    row = json.loads(outcome.out)["rows"][0]
    assert (row["role"], row["name"]) == ("method", "halves")


def test_a_box_source_of_ones_own_says_what_optdistill_tracks(vidense, refused, tmp_path, monkeypatch):
    source = write_squares(tmp_path / "videos", count=3)
    prepare(source, tmp_path / "store", frames=4, stride=2, size=32, clips=1, workers=1)
    (tmp_path / "boxes.py").write_text(BOXES + NETWORK, encoding="utf-8")
    monkeypatch.setattr(candidates, "find_tracker", lambda: None)
    words = ("condense", tmp_path / "store", "--out", tmp_path / "run", "--method", "optdistill")
    words += ("--set", "boxes=corner", "--set", "tiles=1")
    assert "unknown box source; known: motion, people, whole" in refused(*words)
    with mock.patch.object(candidates, "track", wraps=candidates.track) as tracked:
        outcome = vidense(*words, "--set", "teacher=my_tiny", "--plugin", tmp_path / "boxes.py")
    assert outcome.code == 0 and "optdistill: 2 videos" in outcome.out
    assert {call.args[1] for call in tracked.call_args_list} == {(0, 0, 24, 24), (0, 0, 32, 24)}


def test_help_names_all_that_a_plug_in_may_register(vidense):
    told = " ".join(vidense("condense", "--help").out.split())
    assert "registers a method (its objective too), network, parameterization, layout or box source" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ny = 1 / 0\n", "failed in line 2: ZeroDivisionError"),
        ("def broken(:\n", "failed in line 1: SyntaxError"),
        ("import no_such_module\n", "failed in line 1: ModuleNotFoundError"),
        ("import sys\nsys.exit(0)\n", "failed in line 2: SystemExit"),
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
    "verb", ["ablate", "condense", "evaluate", "experts", "export", "flow", "methods", "plan", "prepare", "teacher"]
)
def test_every_verb_that_meets_what_others_wrote_takes_it(vidense, verb):
    assert "--plugin" in vidense(verb, "--help").out
