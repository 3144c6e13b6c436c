"""The scripts in examples/ run as a reader starts them, with --quick, and say what they promise."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.source_tree import ROOT, SOURCE
from vidense.data.builtin import write_videos

EXAMPLES = ROOT / "examples"
# What each prints, and which are left to `make test-all`.
PRINTS = {
    "condense_your_videos": [
        r"4 videos of 4 classes in [\d,]+ bytes",
        "random real clips at equal bytes",
        r"report\.html",
    ],
    "train_with_pytorch": [r"trained on 4 videos: [\d.]+% of 12 real test videos right; chance is 25\.0%"],
    "own_method": ["liveliest .* random real clips at equal videos per class"],
    "compare_methods": [
        "prism ",
        "dm ",
        r"random, equal videos .* %",
        r"prism minus dm: .* points \(95 % interval .*, 2 pairs\)",
    ],
    "search_learning_rate": [
        "on the condensed set: ",
        "on the whole dataset: ",
        r"picks [\d.]+: [\d.]+ points",
        "Spearman",
    ],
    "continual_memory": [
        f"{memory}.*: .* points forgotten; first .*%, second .*% right"
        for memory in ("no memory", "random real clips", "condensed clips")
    ],
}
SLOW = ("train_with_pytorch", "compare_methods", "search_learning_rate")


def start(name: str, cwd: Path, *words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, words)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_every_script_is_run_and_named_where_a_reader_looks():
    scripts = {file.stem for file in EXAMPLES.glob("*.py")} - {"given"}
    assert scripts == set(PRINTS)
    page = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert [name for name in scripts if f"`{name}.py`" not in page] == []


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda file: file.stem)
def test_a_script_is_read_in_two_minutes(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 75
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in sorted(PRINTS)])
def test_a_script_runs_on_generated_videos(name, tmp_path):
    done = start(name, tmp_path, "--quick")
    assert done.returncode == 0, done.stderr
    assert [words for words in PRINTS[name] if not re.search(words, done.stdout)] == [], done.stdout
    # Everything lies where the script says, and nothing beside it.
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [f"{name}-quick"]


def test_a_script_runs_on_a_folder_and_again(tmp_path):
    write_videos(tmp_path / "mine", motions=("growing", "shrinking"), train_per_class=2, test_per_class=1)
    words = ("own_method", tmp_path, "mine", "--quick", "--out", "out")
    first, second = start(*words), start(*words)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout == second.stdout and "liveliest" in first.stdout
    assert (tmp_path / "out" / "run" / "evaluation.json").exists() and not (tmp_path / "out" / "videos").exists()
