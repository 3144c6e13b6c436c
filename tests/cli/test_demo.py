"""The demo: its steps in miniature, and, slowly, the real thing."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from tests.cli.test_verbs import fake_training
from tests.source_tree import SOURCE

# The package has the function under this name; the module is what holds the sizes.
module = import_module("vidense.cli.demo")


@pytest.fixture
def miniature(monkeypatch):
    """Two sets, two iterations, and no training."""
    methods = {name: (2, {**options, "batch_real": 1}) for name, (_, options) in module.QUICK.methods.items()}
    monkeypatch.setattr(module, "QUICK", replace(module.QUICK, train=2, test=1, size=43, methods=methods, sets=2))
    fake_training(monkeypatch)


def test_the_story_is_told_and_told_again(vidense, miniature, tmp_path):
    words = ("demo", "--quick", "--out", tmp_path / "demo", "--seed", 5)
    code, out, _ = vidense(*words)
    assert code == 0
    page = Path(out.splitlines()[-1])
    assert page == tmp_path / "demo" / "report.html" and page.exists()
    for number in range(1, 6):
        assert f"\n{number}. " in out
    # The random selections have the seeds of the condensed sets, so that differences are paired.
    for words_of_rows in ("two condensation seeds give as good as no", "random, equal videos", "whole dataset"):
        assert words_of_rows in out
    text = page.read_text()
    # Each condensed video, and the real one nearest to it.
    assert "vidense demo --quick" in text and "moving_down" in text and text.count("<picture>") == 2 * (2 * 2 * 4)
    run = tmp_path / "demo" / "runs" / "prism-0" / "run.json"
    before = run.stat().st_mtime_ns
    assert vidense(*words).out == out
    assert run.stat().st_mtime_ns == before


def test_another_size_or_seed_needs_another_folder(vidense, miniature, tmp_path):
    words = ("demo", "--quick", "--out", tmp_path / "demo")
    assert vidense(*words).code == 0
    page = (tmp_path / "demo" / "report.html").read_bytes()
    for other in (("--seed", 1), ()):
        outcome = vidense("demo", *(("--quick",) if other else ()), "--out", tmp_path / "demo", *other)
        assert outcome.code == 2 and "another size or seed" in outcome.err
    assert (tmp_path / "demo" / "report.html").read_bytes() == page


def test_a_folder_with_other_things_is_left_alone(vidense, tmp_path):
    (tmp_path / "thesis.tex").touch()
    outcome = vidense("demo", "--out", tmp_path)
    assert outcome.code == 2 and "holds something else" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_real_quick_demo(tmp_path):
    code = "from vidense.__main__ import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", code, "demo", "--quick"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = Path(done.stdout.splitlines()[-1])
    assert page == tmp_path / "demo" / "report.html"
    assert "of that with 4 of" in page.read_text()
