"""Runs the blocks of a Markdown page as its reader would: in order, in one folder, lengths cut down."""

import re
import runpy
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from vidense.cli import run

ROOT = Path(__file__).resolve().parent.parent
# What makes a command quick without changing what it shows.
FLAGS = {
    "condense": ["--iterations", "2"],
    "evaluate": ["--epochs", "1", "--seeds", "1", "--no-ceiling"],
    "plan": ["--iterations", "2"],
}
OPTIONS = {"prism": ["lr=1", "batch_real=1"], "dm": ["lr=1", "batch_real=1"]}
# Stands on a line of its own above a block, for readers to see, with the reason.
NOT_RUN = "*Not run by the tests: "
BLOCK = re.compile(
    rf'^({re.escape(NOT_RUN)}[^\n]+\*\n\n)?```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE
)


class Block(NamedTuple):
    """A fenced block: commands where the language is empty, Python, output (``text``), or a file with a title."""

    language: str
    title: str
    text: str
    runs: bool

    @property
    def commands(self) -> list[list[str]]:
        """The words of each line."""
        lines = [line.split("#")[0].strip() for line in self.text.splitlines()] if not self.language else []
        return [shlex.split(line) for line in lines if line]


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [Block(language, title, text, not mark) for mark, language, title, text in found]


def shorter(words: list[str]) -> list[str]:
    """Return a command cut down; flags given twice count as given last."""
    verb = words[1]
    method = words[words.index("--method") + 1] if "--method" in words else "prism"
    options = OPTIONS.get(method, []) if verb in ("condense", "plan") else []
    return [*words, *FLAGS.get(verb, []), *(word for option in options for word in ("--set", option))]


def run_block(block: Block, folder: Path) -> dict[str, Any]:
    """Run a block in ``folder``, which must be the working directory; return the names that Python leaves."""
    if block.title:
        (folder / block.title).write_text(block.text, encoding="utf-8")
    elif block.language == "python":
        script = folder / "block.py"
        script.write_text(block.text, encoding="utf-8")
        return runpy.run_path(str(script))
    for words in block.commands:
        assert words[0] == "vidense", f"{words} is no command of ours: mark the block as not run"
        assert run(shorter(words)[1:]) == 0, " ".join(words)
    return {}
