"""Every command of the README runs, on a few generated videos and with lengths cut down."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from vidense.cli import run
from vidense.data.builtin import write_videos

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
# What makes a command quick without changing what it shows.
SHORTER = {
    "condense": ["--iterations", "2", "--set", "lr=1", "--set", "batch_real=1"],
    "evaluate": ["--epochs", "1", "--seeds", "1", "--no-ceiling"],
    "plan": ["--iterations", "2", "--set", "lr=1", "--set", "batch_real=1"],
}


def commands(prefix: str) -> list[list[str]]:
    blocks = re.findall(r"```\n(.*?)```", TEXT, re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith(prefix + " ")]


def test_the_two_commands_are_targets_of_the_makefile():
    found = commands("make")
    assert found == [["make", "demo"], ["make", "test"]]
    for command in found:
        subprocess.run([*command, "--dry-run"], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.slow
def test_every_vidense_command_runs_in_order_and_the_python_block_reads_its_result(tmp_path, monkeypatch):
    write_videos(tmp_path / "videos", train_per_class=4, test_per_class=1)
    monkeypatch.chdir(tmp_path)
    found = commands("vidense")
    assert [command[1] for command in found] == ["prepare", "plan", "condense", "evaluate", "report"]
    for command in found:
        assert run([*command[1:], *SHORTER.get(command[1], [])]) == 0, " ".join(command)
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "block.py").write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__("block")
    assert module.clip.shape == (8, 3, 64, 64) and len(module.dataset.class_names) == 8
    assert (tmp_path / "report.html").stat().st_size > 10_000
