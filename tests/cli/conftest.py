"""A store on disk, and a command line that is run in this process."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tiny import write_store
from vidense.cli import run


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    """Three classes of four training videos."""
    folder = tmp_path_factory.mktemp("cli") / "store"
    write_store(folder)
    return folder


@pytest.fixture
def vidense(capfd) -> Callable[..., Outcome]:
    """Runs ``vidense`` with the given words."""

    def call(*words: object) -> Outcome:
        capfd.readouterr()
        code = run([str(word) for word in words])
        return Outcome(code, *capfd.readouterr())

    return call


@pytest.fixture
def refused(vidense) -> Callable[..., str]:
    """Runs ``vidense``, checks that it blames the user in one line and prints nothing else; returns that line."""

    def call(*words: object) -> str:
        code, out, err = vidense(*words)
        assert (code, out) == (2, ""), (code, out, err)
        assert err.startswith("vidense: ") and err.count("\n") == 1 and "Traceback" not in err
        return err

    return call
