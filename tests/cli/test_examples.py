"""The examples in the help and on the pages are what users copy: every flag, verb and value in them must exist."""

import re
import shlex

import pytest

from tests.pages import ROOT, blocks
from vidense.cli import run
from vidense.cli.examples import EXAMPLES
from vidense.data.layouts import LAYOUTS
from vidense.engine.settings import CondenseSettings
from vidense.evaluation.spec import PROTOCOLS
from vidense.nets import NETWORKS


def commands() -> list[list[str]]:
    """Return every example as words, its explanation (after two spaces or more) left out."""
    lines = [line.strip() for text in EXAMPLES.values() for line in text.splitlines()]
    return [shlex.split(re.split(r"\s{2,}", line)[0]) for line in lines if line.startswith("vidense ")]


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "howto").glob("*.md"))]
ON_PAGES = [words for page in PAGES for block in blocks(page) for words in block.commands if words[0] == "vidense"]


def value_of(words: list[str], flag: str) -> str | None:
    return words[words.index(flag) + 1] if flag in words else None


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    """The help of each verb."""
    from contextlib import redirect_stdout
    from io import StringIO

    found = {}
    for verb in {words[1] for words in commands()}:
        with redirect_stdout(StringIO()) as text:
            assert run([verb, "--help"]) == 0, verb
        found[verb] = text.getvalue()
    return found


def test_there_are_examples_for_every_verb():
    assert {words[1] for words in commands()} == set(EXAMPLES) - {"vidense"}
    assert len(commands()) > 20


@pytest.mark.parametrize("words", [*commands(), *ON_PAGES], ids=" ".join)
def test_every_flag_exists(helps, words):
    flags = [word for word in words if word.startswith("-")]
    options = helps[words[1]].split("Examples:")[0]
    assert [flag for flag in flags if not re.search(rf"(?<!\w){flag}\b", options)] == []


@pytest.mark.parametrize("words", [*commands(), *ON_PAGES], ids=" ".join)
def test_every_value_exists(words):
    import vidense.methods  # noqa: F401
    from vidense.method import METHODS

    layout, method = value_of(words, "--layout"), value_of(words, "--method")
    protocol, models = value_of(words, "--protocol"), value_of(words, "--models")
    assert layout is None or layout in LAYOUTS
    assert protocol is None or protocol in PROTOCOLS
    if "--plugin" not in words:
        assert all(model in NETWORKS for model in (models or "").split(",") if model)
        assert method is None or method in METHODS
    if words[1] == "methods" and len(words) == 3 and words[2] != "--json":
        assert words[2] in METHODS


def test_the_help_of_prepare_names_every_layout(helps):
    assert all(re.search(rf"\b{name}\b", helps["prepare"]) for name in LAYOUTS)


def test_the_flags_of_condense_are_the_keys_of_its_settings(helps):
    flags = {flag.replace("-", "_") for flag in re.findall(r"^  --([\w-]+)", helps["condense"], re.MULTILINE)}
    assert set(CondenseSettings.model_fields) - {"options"} <= flags
    assert flags - set(CondenseSettings.model_fields) == {"out", "set", "config", "plugin", "fresh", "resume", "json"}
    plan = {flag.replace("-", "_") for flag in re.findall(r"^  --([\w-]+)", helps["plan"], re.MULTILINE)}
    assert flags - plan == {"out", "fresh", "resume"}


def test_lines_fit_a_terminal(helps):
    for verb, text in helps.items():
        assert max(map(len, text.splitlines())) <= 125, verb
