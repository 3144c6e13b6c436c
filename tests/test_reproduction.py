"""A published cell, run on data that are not the paper's."""

import json

import pytest

from tests.evaluation.conftest import write_store
from vidense.cli import run
from vidense.errors import UserError
from vidense.evaluation import spec
from vidense.reproduction import reproduce


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """One pass in place of the papers' five hundred."""
    monkeypatch.setattr(spec, "PUBLISHED_EPOCHS", 1)


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store")


def test_ours_stands_beside_every_printed_number(store, tmp_path):
    out = tmp_path / "out"
    found = reproduce("miniucf-random-1vpc", out, store=store.path, scale="small", seeds=2, nets=2)
    assert json.loads(json.dumps(found)) == json.loads((out / "reproduction.json").read_text())
    assert (found["ours"]["condensation_seeds"], found["ours"]["networks"]) == (2, 2)
    # The method is the baseline here, and its seeds select the same clips.
    assert found["ours"]["mean"] == found["random"]["mean"]
    gaps = [100 * found["ours"]["mean"] - printed for printed in (9.9, 10.9)]
    assert found["gaps"] == pytest.approx(gaps) and not found["as_published"]
    assert sorted(path.name for path in out.iterdir()) == ["reproduction.json", "run-0", "run-1"]


def test_top_five_of_three_classes_is_refused(store, tmp_path):
    with pytest.raises(UserError, match="counts top5, which needs more than 5 classes"):
        reproduce("k400-random-1vpc", tmp_path / "out", store=store.path, nets=1)


def test_without_data_it_says_what_to_download(store, tmp_path):
    with pytest.raises(UserError, match=r"needs HMDB51, and none was given: get hmdb51_org.rar .*--data"):
        reproduce("hmdb51-prism-1vpc", tmp_path / "out")
    with pytest.raises(UserError, match="does not exist"):
        reproduce("hmdb51-prism-1vpc", tmp_path / "out", data=tmp_path / "nowhere")
    with pytest.raises(UserError, match="data and a store were given"):
        reproduce("hmdb51-prism-1vpc", tmp_path / "out", data=tmp_path, store=store.path)


def test_the_command_prints_gaps_and_the_list(store, tmp_path, capsys):
    words = ["reproduce", "miniucf-random-1vpc", "--on", str(store.path), "--scale", "small", "--nets", "1"]
    assert run([*words, "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "VDSD, CVPR 2024: 9.9 ± 0.8 %; ours is" in out and "says nothing about the paper" in out
    assert run(["reproduce", "--list"]) == 0
    listed = capsys.readouterr().out
    assert "miniucf-prism-1vpc-cnn_lstm" in listed and "34.4" in listed
    (line,) = [line for line in listed.splitlines() if "miniucf-tsgf-10vpc" in line]
    assert line.endswith("hard-label rows; lr, r_bn: our reading")
    assert run(["reproduce", "--list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["recipes"]) > 100
    assert run(["reproduce", "miniucf-random-1vpc"]) == 2
    assert "give a recipe and --out" in capsys.readouterr().err
