"""Exit codes, help, and what goes to which stream."""

import json
import os
import subprocess
import sys

import pytest

from tests.source_tree import SOURCE
from vidense.cli import resume_command, run
from vidense.cli.examples import EXAMPLES

VERBS = sorted(set(EXAMPLES) - {"vidense"})


def python(code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_help_needs_no_torch():
    done = python(
        "import sys\nfrom vidense.cli import run\n"
        "codes = [run(words) for words in (['--help'], ['condense', '--help'], ['--version'])]\n"
        "sys.exit(any(codes) or 'torch' in sys.modules)"
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: vidense" in done.stdout and "vidense 0." in done.stdout


def test_without_a_word_there_is_help(vidense):
    bare = vidense()
    assert (bare.code, bare.out) == (2, vidense("--help").out)
    assert len(bare.out.splitlines()) > 20


def test_the_module_is_the_command_and_may_be_interrupted_while_it_loads():
    shown = python("import runpy, sys; sys.argv[1:] = ['--version']; runpy.run_module('vidense', run_name='__main__')")
    assert shown.returncode == 0 and shown.stdout.startswith("vidense 0.")
    stopped = python(
        "import sys\nclass Late:\n    def find_spec(self, name, *rest):\n"
        "        if name == 'vidense.cli':\n            raise KeyboardInterrupt\n"
        "from vidense.__main__ import main\nsys.meta_path.insert(0, Late())\nmain()"
    )
    assert (stopped.returncode, stopped.stderr) == (130, "interrupted before anything was done\n")


@pytest.mark.parametrize("verb", VERBS)
def test_every_help_ends_with_examples(vidense, verb):
    code, out, _ = vidense(verb, "--help")
    assert code == 0
    examples = out.split("Examples:\n")[1].strip().splitlines()
    assert len(examples) >= 2 and all(line.strip().startswith(f"vidense {verb}") for line in examples)


def test_a_defect_is_ours_and_shows_its_traceback(vidense, monkeypatch):
    def broken() -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("vidense.cli.machine.examine", broken)
    code, out, err = vidense("doctor")
    assert code == 1 and out == ""
    assert "ZeroDivisionError: a defect" in err and "please report it" in err.splitlines()[-1]


def test_an_interruption_prints_how_to_resume(store, tmp_path):
    run_folder = tmp_path / "my run"
    words = ["condense", str(store), "--out", str(run_folder), "--set", "lr=1", "--iterations", "5000", "--fresh"]
    interrupt = (
        "import os, signal, sys, threading, time\nfrom pathlib import Path\nfrom vidense.cli import run\n"
        # A shell's background jobs ignore Ctrl-C, and hand that on.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def stop():\n"
        f"    log = Path({str(run_folder / 'log.jsonl')!r})\n"
        "    while not log.exists(): time.sleep(0.1)\n"
        "    time.sleep(1)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=stop, daemon=True).start()\n"
        f"sys.exit(run({words!r}))"
    )
    done = python(interrupt)
    assert done.returncode == 130, done.stderr
    expected = f"interrupted; to resume: vidense condense {store} --out '{run_folder}' --set lr=1 --iterations 5000"
    assert done.stderr.splitlines()[-1] == expected
    assert json.loads((run_folder / "run.json").read_text())["status"] == "running"


def test_the_resume_command_is_what_was_typed():
    assert resume_command(["condense", "my store", "--fresh", "--set", "a='b'"]) == (
        "vidense condense 'my store' --set 'a='\"'\"'b'\"'\"''"
    )


def test_interrupted_before_anything_ran(vidense, monkeypatch):
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vidense.cli.machine.examine", stop)
    code, _, err = vidense("doctor", "--json")
    assert code == 130 and err.splitlines()[-1] == "interrupted; to resume: vidense doctor --json"


def test_a_reader_that_has_seen_enough_is_no_defect():
    code = "import sys; from vidense.cli import run; sys.exit(run(['methods', 'prism']))"
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" | true', sys.executable, code],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_the_version_is_printed(capfd):
    assert run(["--version"]) == 0
    assert capfd.readouterr().out.startswith("vidense ")
