"""Whatever the user can fix: exit code 2, one sentence, nothing lost."""

import shutil

import pytest

from tests.tiny import write_store


def condense(store, out, *words):
    return ("condense", store, "--out", out, "--method", "random", *words)


def test_a_missing_store(refused, tmp_path):
    assert "is no store" in refused(*condense(tmp_path / "nowhere", tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_an_unknown_method_gets_the_nearest_name(refused, store, tmp_path):
    line = refused("condense", store, "--out", tmp_path / "run", "--method", "prsim")
    assert "unknown method 'prsim'; did you mean 'prism'?" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("vpc", [0, -1, 5])
def test_videos_per_class_out_of_range(refused, store, tmp_path, vpc):
    assert f"vpc={vpc} must be from 1 to 4" in refused(*condense(store, tmp_path / "run", "--vpc", vpc))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--set", "epsilonn=0.1"), "did you mean 'epsilon'?"),
        (("--set", "momentum=2"), "momentum=2: input should be less than 1"),
        (("--set", "momentum"), "write key=value"),
        (("--set", "lr=.inf"), "lr=inf: input should be a finite number"),
        (("--set", "epsilon=inf"), "epsilon='inf': input should be a finite number"),
        (("--set", "lr=2024-99-99"), "lr='2024-99-99': input should be a valid number"),
        (("--seed", "99999999999999999999"), "seed=99999999999999999999: input should be less than"),
        (("--set", "criterion=sine"), "criterion='sine'"),
        (("--budget", "5 bananas"), "budget '5 bananas' is not a size"),
        (("--budget", "5MB", "--vpc", "1"), "give one of them"),
        (("--device", "quantum"), "device 'quantum'"),
        (("--scale", "huge"), "scale='huge'"),
        (("--store-dtype", "int3"), "store_dtype='int3'"),
        (("--iterations", "0"), "iterations=0"),
        (("--vpc", "many"), "'--vpc': Input should be a valid integer"),
        (("--fresh", "--resume"), "give one of them"),
        (("--colour", "red"), "No such option"),
        (("--lr", "3"), "an option of the method is written --set lr=VALUE (see `vidense condense --help`)"),
    ],
)
def test_bad_values(refused, store, tmp_path, words, message):
    assert message in refused("condense", store, "--out", tmp_path / "run", *words)
    assert not (tmp_path / "run").exists()


def test_all_mistakes_are_told_at_once(refused, store, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text("vpc: 9\noptions: {lr: -1}\n")
    words = ("--config", config, "--set", "epsilonn=1", "--set", "oops", "--iterations", "0", "--device", "abacus")
    line = refused("condense", store, "--out", tmp_path / "run", *words)
    for part in ("vpc=9", "lr=-1", "epsilonn=1", "'oops'", "iterations=0", "'abacus'"):
        assert part in line


def test_what_the_engine_alone_finds_is_told_at_once_too(refused, store, tmp_path):
    words = ("--method", "random", "--vpc", 9, "--device", "abacus", "--seed", 2**63)
    for verb in (("condense", store, "--out", tmp_path / "run"), ("plan", store)):
        line = refused(*verb, *words)
        assert "vpc=9" in line and "'abacus'" in line and "seed=9223372036854775808" in line


def test_a_mistake_does_not_hide_the_others(refused, store, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text("vpcc: 1\nscale: huge\n")
    line = refused("condense", store, "--out", tmp_path / "run", "--config", config, "--method", "prsim", "--vpc", 9)
    for part in ("did you mean 'vpc'?", "scale='huge'", "did you mean 'prism'?", "vpc=9 must be from 1 to 4"):
        assert part in line


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", None, "vpcc: 1\n", "options: 7\n"])
def test_a_bad_config(refused, store, tmp_path, text):
    config = tmp_path / "run.yaml"
    if text is not None:
        config.write_text(text)
    refused(*condense(store, tmp_path / "run", "--config", config))


@pytest.mark.parametrize("damage", ["index", "shard", "garbage", "version"])
def test_a_corrupt_store(refused, tmp_path, damage):
    folder = tmp_path / "store"
    write_store(folder)
    index = folder / "index.json"
    if damage == "index":
        index.write_text(index.read_text()[:200])
    elif damage == "garbage":
        index.write_text("[1, 2]")
    elif damage == "version":
        index.write_text(index.read_text().replace('"version": 1', '"version": 99'))
    else:
        shard = folder / "train-00000.npy"
        shard.write_bytes(shard.read_bytes()[:1000])
    refused(*condense(folder, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_an_output_that_holds_something_else_is_left_alone(refused, store, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").write_text("years of work")
    assert "holds no run" in refused(*condense(store, tmp_path / "run"))
    refused(*condense(store, tmp_path / "run", "--fresh"))
    assert (tmp_path / "run" / "thesis.tex").read_text() == "years of work"


def test_other_settings_on_a_finished_run(vidense, refused, store, tmp_path):
    assert vidense(*condense(store, tmp_path / "run")).code == 0
    before = (tmp_path / "run" / "dataset" / "tensors.safetensors").read_bytes()
    assert "seed 0 -> 1" in refused(*condense(store, tmp_path / "run", "--seed", 1))
    assert (tmp_path / "run" / "dataset" / "tensors.safetensors").read_bytes() == before
    assert vidense(*condense(store, tmp_path / "run", "--seed", 1, "--fresh")).code == 0
    assert (tmp_path / "run" / "dataset" / "tensors.safetensors").read_bytes() != before


def test_resume_wants_a_run(refused, vidense, store, tmp_path):
    assert "no run to resume" in refused(*condense(store, tmp_path / "run", "--resume"))
    (tmp_path / "empty").mkdir()
    assert "is no run" in refused(*condense(store, tmp_path / "empty", "--resume"))
    assert vidense(*condense(store, tmp_path / "run")).code == 0
    assert "finished before" in vidense(*condense(store, tmp_path / "run", "--resume")).out


def test_prepare_of_an_empty_folder(refused, tmp_path):
    (tmp_path / "videos").mkdir()
    refused("prepare", tmp_path / "videos", "--out", tmp_path / "store")
    refused("prepare", tmp_path / "nowhere", "--out", tmp_path / "store")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    "words", [("--layout", "fodler"), ("--frames", "0"), ("--resize", "stretch"), ("--on-error", "cry")]
)
def test_prepare_with_a_bad_value(refused, tmp_path, words):
    (tmp_path / "videos" / "a").mkdir(parents=True)
    (tmp_path / "videos" / "a" / "x.mp4").write_bytes(b"")
    refused("prepare", tmp_path / "videos", "--out", tmp_path / "store", *words)


def test_folders_that_are_no_run(refused, store, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "nowhere", tmp_path / "empty", store):
        assert "is no run" in refused("report", folder, "-o", tmp_path / "page.html")
        assert "is no condensed dataset" in refused("evaluate", folder, "--on", store)
    assert not (tmp_path / "page.html").exists()


def test_evaluate_on_something_else(refused, vidense, store, tmp_path):
    assert vidense(*condense(store, tmp_path / "run")).code == 0
    evaluate = ("evaluate", tmp_path / "run", "--on")
    assert "is no store" in refused(*evaluate, tmp_path)
    assert "did you mean 'minic3d'?" in refused(*evaluate, store, "--models", "minic3f")
    assert "unknown protocol 'claen'; did you mean 'clean'?" in refused(*evaluate, store, "--protocol", "claen")
    assert "seeds=0" in refused(*evaluate, store, "--seeds", 0)
    assert "models=0" in refused(*evaluate, store, "--models", ",")
    shutil.rmtree(tmp_path / "run" / "dataset")
    assert "no condensed dataset" in refused(*evaluate, store)


def test_an_unknown_task_is_told_all_tasks(refused, store, tmp_path):
    evaluate = ("evaluate", tmp_path, "--on", store, "--task")
    assert "unknown task 'count'; known: classify, fairness, proxy, retrieve\n" in refused(*evaluate, "count")
    assert "unknown task 'prxy'; did you mean 'proxy'?" in refused(*evaluate, "prxy")


def test_segmentation_is_found_where_it_is_looked_for(refused, store, tmp_path):
    line = refused("evaluate", tmp_path, "--on", store, "--task", "segment")
    assert "--task segment needs neither run nor store; use `vidense segment FOLDER`, which condenses" in line
    for folder in (tmp_path, tmp_path / "nowhere"):
        line = refused("prepare", folder, "--out", tmp_path / "store", "--layout", "50salads")
        assert f"layout '50salads' has features and no videos to prepare; give '{folder}' to `vidense segment" in line
    assert list(tmp_path.iterdir()) == []


def test_words_that_are_no_command(refused, vidense):
    assert "prsm" in refused("prsm")
    assert "unknown method 'nothing'" in refused("methods", "nothing")
    assert vidense("condense").code == 2
    assert vidense().code == 2
