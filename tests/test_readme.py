"""Every command of the README runs, on a few generated videos and with lengths cut down."""

import subprocess

import pytest

from tests.pages import ROOT, blocks, run_block
from vidense.data.builtin import write_videos

BLOCKS = blocks(ROOT / "README.md")


def test_the_two_commands_are_targets_of_the_makefile():
    found = [words for block in BLOCKS for words in block.commands if words[0] == "make"]
    assert found == [["make", "demo"], ["make", "test"]]
    for command in found:
        subprocess.run([*command, "--dry-run"], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.slow
def test_every_vidense_command_runs_in_order_and_the_python_block_reads_its_result(tmp_path, monkeypatch):
    write_videos(tmp_path / "videos", train_per_class=4, test_per_class=1)
    monkeypatch.chdir(tmp_path)
    (commands,) = [block for block in BLOCKS if block.commands and block.commands[0][0] == "vidense"]
    assert [words[1] for words in commands.commands] == ["prepare", "plan", "condense", "evaluate", "report"]
    run_block(commands, tmp_path)
    (python,) = [block for block in BLOCKS if block.language == "python"]
    names = run_block(python, tmp_path)
    assert names["clip"].shape == (8, 3, 64, 64) and len(names["dataset"].class_names) == 8
    assert (tmp_path / "report.html").stat().st_size > 10_000
