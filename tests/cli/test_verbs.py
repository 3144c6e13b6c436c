"""What the verbs print when all is well."""

import json
import shlex
import shutil

import pytest

from tests.data.video_files import write_folder
from vidense.cli import machine
from vidense.condensed import load
from vidense.data.store import ClipStore

FAST = ("--iterations", "2", "--set", "lr=1", "--set", "batch_real=2")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, store):
    """A finished run of random selection."""
    from vidense.cli import run

    folder = tmp_path_factory.mktemp("runs") / "random-0"
    assert run(["condense", str(store), "--out", str(folder), "--method", "random"]) == 0
    return folder


def only_json(outcome) -> dict:
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_prepare_says_what_it_found(vidense, tmp_path):
    source = write_folder(tmp_path / "videos")
    (source / "walk" / "broken.mp4").write_bytes(b"no video")
    words = ("prepare", source, "--out", tmp_path / "store", "--frames", 4, "--stride", 1, "--size", 32, "--clips", 1)
    code, out, _ = vidense(*words, "--workers", 1)
    assert code == 0
    assert "jump" in out and "do not suit minic3d" in out and "skipped" in out and "broken.mp4" in out
    assert out.splitlines()[-1].startswith("10 videos of 2 classes; store ")
    assert "was prepared before" in vidense(*words).out


def test_the_next_command_can_be_typed_as_it_stands(vidense, store, tmp_path):
    run = tmp_path / "my runs" / "one"
    out = vidense("condense", store, "--out", run, *FAST).out
    assert shlex.split(out.splitlines()[-1])[1:] == ["vidense", "evaluate", str(run), "--on", str(store)]


def test_condense_prints_sizes_and_the_next_command(vidense, store, tmp_path):
    code, out, err = vidense("condense", store, "--out", tmp_path / "run", *FAST)
    assert code == 0
    assert "prism: 3 videos" in out and "MiB counted as float32" in out and "2 iterations in" in out
    assert out.splitlines()[-1] == f"next: vidense evaluate {tmp_path / 'run'} --on {store}"
    # No terminal here: lines, the last step among them.
    assert "condense 2/2" in err and "loss" in err and "\x1b" not in err
    assert (tmp_path / "run" / "preview" / "preview.json").exists()


def test_json_of_condense_is_pure_and_the_same_run_is_recognised(vidense, store, tmp_path):
    words = ("condense", store, "--out", tmp_path / "run", *FAST, "--json")
    first, second = only_json(vidense(*words)), only_json(vidense(*words))
    assert (first["found_finished"], second["found_finished"]) == (False, True)
    assert first["content_hash"] == second["content_hash"] == load(tmp_path / "run").content_hash
    assert first["storage"]["bytes"] == sum(first["storage"]["parts"].values())


def test_flags_win_over_the_file_and_set_goes_to_the_options(vidense, store, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text("method: dm\nvpc: 2\nseed: 7\niterations: 1\noptions: {lr: 3.0, batch_real: 4, start: noise}\n")
    flags = ("--seed", 1, "--budget", "200kB", "--set", "batch_real=2", "--set", "momentum=0")
    settings = only_json(vidense("condense", store, "--out", tmp_path / "r", "--config", config, *flags, "--json"))[
        "settings"
    ]
    assert (settings["method"], settings["seed"], settings["iterations"]) == ("dm", 1, 1)
    assert (settings["vpc"], settings["budget"]) == (1, 200_000)
    options = settings["options"]
    assert (options["lr"], options["batch_real"], options["momentum"], options["start"]) == (3.0, 2, 0.0, "noise")


def test_plan(vidense, store):
    out = vidense("plan", store, "--iterations", 10, "--set", "batch_real=2").out
    assert "prism: 3 classes x 1 = 3 synthetic videos" in out and "to find a learning rate" in out
    assert "time: about" in out and "memory: " in out and "6 to 24 stored frames" in out
    found = only_json(vidense("plan", store, "--method", "random", "--vpc", 2, "--json"))
    assert found["iterations"] == 0 and found["least"] == found["most"]


def test_the_store_is_opened_once(vidense, store, tmp_path, monkeypatch):
    opened, original = [], ClipStore.__init__

    def noted(self, path, index):
        opened.append(path)
        original(self, path, index)

    monkeypatch.setattr(ClipStore, "__init__", noted)
    for words in (("condense", store, "--out", tmp_path / "run"), ("plan", store)):
        opened.clear()
        assert vidense(*words, "--method", "random").code == 0
        assert opened == [store]


def test_methods(vidense):
    out = vidense("methods").out
    assert "prism" in out and "random" in out and "500 / 5000" in out
    page = vidense("methods", "dfs").out
    assert "most_negative_only=true" in page and "cosine | l2 | none" in page and "CVPR" not in page
    names = [method["name"] for method in only_json(vidense("methods", "--json"))["methods"]]
    assert names == sorted(names) and "dm" in names
    options = {option["name"]: option for option in only_json(vidense("methods", "prism", "--json"))["options"]}
    assert options["momentum"]["default"] == 0.95 and "float >= 0, < 1" in options["momentum"]["type"]
    assert all(option["help"] for option in options.values())


def test_doctor(vidense, monkeypatch):
    monkeypatch.setitem(machine.EXTRAS, "motion", "no-such-package")
    out = vidense("doctor").out
    for word in ("torch", "PyAV", "h264", "bfloat16", "pip install 'vidense[motion]'"):
        assert word in out
    found = only_json(vidense("doctor", "--json"))
    assert "mpeg4" in found["video"]["reads"] and "libx264" in found["video"]["writes"]
    assert found["machine"]["cores"] >= 1


def fake_training(monkeypatch):
    """Stand in for training networks, which takes longer than all of these tests together."""
    from vidense.evaluation import measure

    def answer(train, bench, seed):
        found = {"queries": 6, "recall": [0.5, 0.75, 1.0, None], "chance": [0.25, 0.5, 0.875, 1.0]}
        scores = {"recall1": 0.5, "in_train": found, "in_test": found, "other_sources": found}
        top1 = 0.25 + 0.1 * seed
        return {"top1": top1, "top5": None, **scores, "diverged": False, "fit": {}, "seconds": 0.0}

    monkeypatch.setattr(measure, "_train_and_test", answer)
    monkeypatch.setattr(measure, "_ceiling", lambda bench, seed: answer(None, bench, seed) | {"videos": 9})


def test_evaluate_and_report(vidense, store, finished, tmp_path, monkeypatch):
    fake_training(monkeypatch)
    run = tmp_path / "random-0"
    shutil.copytree(finished, run)
    code, out, _ = vidense("evaluate", run, "--on", store, "--seeds", 2)
    assert code == 0
    assert "random, equal videos" in out and "whole dataset" in out and "random does not beat" in out
    result = only_json(vidense("evaluate", run, "--on", store, "--seeds", 2, "--no-ceiling", "--json"))
    assert {row["role"] for row in result["rows"]} == {"method", "random_equal_vpc", "random_equal_bytes"}
    code, out, _ = vidense("report", run, "-o", tmp_path / "page.html")
    assert (code, out) == (0, f"{tmp_path / 'page.html'}\n")
    assert "random does not beat" in (tmp_path / "page.html").read_text()


def test_retrieval_is_printed_network_by_network(vidense, store, finished, tmp_path, monkeypatch):
    fake_training(monkeypatch)
    run = tmp_path / "random-0"
    shutil.copytree(finished, run)
    words = ("--seeds", 2, "--task", "retrieve", "--models", "minic3d,cnn_gru")
    code, out, _ = vidense("evaluate", run, "--on", store, *words)
    assert code == 0 and "recall@1 %" in out and "vidense report" not in out
    for network in ("minic3d", "cnn_gru"):
        assert out.count(f"{network}, among ") == 3
    assert out.count("random, bytes of random") == 2 * 4 and "chance" in out
    assert "75.0" in out and "87.5" in out and (run / "retrieval.json").exists()


def test_a_ranking_by_proxy_is_printed_and_refuses_useless_flags(vidense, store, finished, tmp_path, monkeypatch):
    fake_training(monkeypatch)
    run = tmp_path / "random-0"
    shutil.copytree(finished, run)
    words = ("evaluate", run, "--on", store, "--task", "proxy", "--models", "cnn_gru", "--seeds", 1)
    code, out, _ = vidense(*words)
    # Every network was said to score alike, so nothing ranks.
    assert code == 0 and "cnn_gru, lr 0.003" in out and "condensed: Spearman none, Kendall none" in out
    assert only_json(vidense(*words, "--json"))["agreement"]["condensed"]["regret"] == 0
    code, _, err = vidense(*words, "--labels", "soft", "--no-ceiling")
    assert code == 2 and "leave out labels, ceiling" in err


def test_fairness_is_printed(vidense, store, finished, tmp_path, monkeypatch):
    fake_training(monkeypatch)
    run = tmp_path / "random-0"
    shutil.copytree(finished, run)
    monkeypatch.setattr("vidense.evaluation.bench.Bench.teacher", lambda bench: None)
    code, out, _ = vidense("evaluate", run, "--on", store, "--task", "fairness", "--seeds", 1)
    # Everything scored alike, so nothing is gained or lost.
    assert code == 0 and "label-robust score: 0.269 with hard labels, 0.269 with soft ones" in out
    assert "soft, mixed" in out and (run / "fairness.json").exists()


def test_report_draws_clips_that_were_not_drawn(vidense, finished, tmp_path):
    run = tmp_path / "random-0"
    shutil.copytree(finished, run, ignore=shutil.ignore_patterns("preview"))
    assert vidense("report", run, "-o", tmp_path / "page.html").code == 0
    assert (tmp_path / "page.html").read_text().count("data:image/webp") == 6
