"""Limits that keep the code readable and safe; each measure is tested on a counter-example below."""

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.source_tree import PACKAGE, ROOT, code_lines, functions, parse, public, python_files

LONGEST_FUNCTION = 60
LONGEST_FILE = 299
CLONE_WINDOW = 8
CLONED_SHARE = 0.05
FILES = python_files("src/vidense")
EVERYTHING = python_files("src", "tests", "benchmarks", "examples")

# Prefixes of folders that only exist on somebody's machine, and names that only resolve inside somebody's network.
PRIVATE = re.compile(
    r"(?<![\w.\-/<>$}~])/(?:home|root|Users|work|workspace|mnt|scratch|opt)/\w"
    r"|\b\w[\w.-]*\.(?:internal|intranet|corp|lan)\b"
    r"|\b(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+\b"
)
TEXT = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".json", ".cfg", ".j2", ".html", ".css", ".js", ".csv", ""}


def long_functions(path: Path) -> list[str]:
    found = [(node.end_lineno - node.lineno + 1, node.name) for node in functions(parse(path))]
    return [f"{path.name}:{name} has {size} lines" for size, name in found if size > LONGEST_FUNCTION]


def undocumented(tree: ast.Module) -> list[str]:
    nodes = [node for node in public(tree) if not {"overload", "setter"} & set(decorators(node))]
    return ["module"] * (not ast.get_docstring(tree)) + [n.name for n in nodes if not ast.get_docstring(n)]


def decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[str]:
    return [ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list]


def untyped(tree: ast.Module) -> list[str]:
    found = []
    for node in functions(tree):
        a = node.args
        named = [x for x in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if x]
        names = [x.arg for x in named if x.annotation is None and x.arg not in ("self", "cls")]
        names += ["return"] * (node.returns is None)
        found += [f"{node.name}({name})" for name in names]
    return found


def forbidden(tree: ast.Module, *, may_print: bool = False) -> list[str]:
    """Return what is written but must not be, each as a word and its line."""
    found = []
    for node in ast.walk(tree):
        word = _forbidden_word(node)
        if word and not (may_print and word == "print"):
            found.append(f"{word} in line {node.lineno}")
    return found


def _forbidden_word(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call):
        return _forbidden_call(node)
    if isinstance(node, ast.Global):
        return "global"
    if isinstance(node, ast.ExceptHandler) and node.type is None:
        return "bare except"
    if isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.unparse(node.exc):
        return "NotImplementedError"
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.name for alias in node.names]
        origins = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
        if "*" in names:
            return "star import"
        if {origin.split(".")[0] for origin in origins} & {"pickle", "cPickle", "dill", "cloudpickle", "joblib"}:
            return "pickle"
    return None


def _forbidden_call(node: ast.Call) -> str | None:
    name = ast.unparse(node.func)
    if name in ("eval", "exec", "print"):
        return name
    options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
    if name == "torch.load" and options.get("weights_only") != "True":
        return "torch.load without weights_only=True"
    if name.endswith("load") and options.get("allow_pickle") == "True":
        return "allow_pickle"
    return None


def cloned_share(paths: list[Path]) -> tuple[float, list[str]]:
    """Return the share of lines inside a run of eight that occurs more than once, and where those runs start."""
    lines = {path: _comparable(path) for path in paths}
    places = defaultdict(list)
    for path, numbered in lines.items():
        for i in range(len(numbered) - CLONE_WINDOW + 1):
            places["\n".join(text for _, text in numbered[i : i + CLONE_WINDOW])].append((path, i))
    repeated = [place for group in places.values() if len(group) > 1 for place in group]
    cloned = {(path, i + k) for path, i in repeated for k in range(CLONE_WINDOW)}
    total = sum(map(len, lines.values()))
    return len(cloned) / total if total else 0.0, [f"{path.name}:{lines[path][i][0]}" for path, i in repeated]


def _comparable(path: Path) -> list[tuple[int, str]]:
    skipped = ("#", "import ", "from ", '"""', "@")
    numbered = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    squeezed = [(number, " ".join(line.split())) for number, line in numbered]
    return [(number, line) for number, line in squeezed if len(line) > 6 and not line.startswith(skipped)]


def tracked_texts() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listing.stdout.split("\0")[:-1]
    paths = [ROOT / name for name in names] if names else [p for p in EVERYTHING if p.is_file()]
    return [path for path in paths if path.suffix in TEXT and path.is_file() and path.name != "LICENSE"]


def test_there_is_something_to_measure():
    assert len(FILES) > 10


def failing(measure: Callable[[Path], list[str]], paths: list[Path]) -> dict[str, list[str]]:
    """Return what a measure finds, by file; empty where all is well."""
    found = {str(path.relative_to(ROOT)): measure(path) for path in paths}
    return {name: words for name, words in found.items() if words}


def test_functions_are_short():
    assert failing(long_functions, EVERYTHING) == {}


def test_files_are_short():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in EVERYTHING}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_every_public_name_is_documented():
    assert failing(lambda path: undocumented(parse(path)), FILES) == {}


def test_every_argument_is_typed():
    assert failing(lambda path: untyped(parse(path)), FILES) == {}


def test_nothing_forbidden_is_written():
    cli = PACKAGE / "cli"
    assert failing(lambda path: forbidden(parse(path), may_print=path.is_relative_to(cli)), FILES) == {}


def test_benchmarks_and_examples_may_print_and_nothing_else():
    assert failing(lambda path: forbidden(parse(path), may_print=True), python_files("benchmarks", "examples")) == {}


def test_little_is_cloned():
    share, places = cloned_share(FILES)
    assert share < CLONED_SHARE, f"{share:.1%} of the code is cloned: {places}"


def test_no_file_names_a_private_machine():
    texts = tracked_texts()
    assert failing(lambda path: PRIVATE.findall(path.read_text(encoding="utf-8", errors="replace")), texts) == {}


def test_torch_is_pinned_without_a_build_tag():
    assert not re.search(r"^torch==.*\+", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("eval('1')", "eval"),
        ("exec('1')", "exec"),
        ("print(1)", "print"),
        ("def f():\n global x", "global"),
        ("from os import *", "star import"),
        ("try:\n f()\nexcept:\n g()", "bare except"),
        ("import pickle", "pickle"),
        ("from cloudpickle import dumps", "pickle"),
        ("torch.load(p)", "torch.load without weights_only=True"),
        ("torch.load(p, weights_only=False)", "torch.load without weights_only=True"),
        ("np.load(p, allow_pickle=True)", "allow_pickle"),
        ("raise NotImplementedError", "NotImplementedError"),
        ("raise NotImplementedError('later')", "NotImplementedError"),
    ],
)
def test_measure_finds_what_is_forbidden(code, word):
    assert [found.partition(" in line")[0] for found in forbidden(ast.parse(code))] == [word]


@pytest.mark.parametrize("code", ["torch.load(p, weights_only=True)", "np.load(p)", "model.eval()", "import json"])
def test_measure_lets_pass_what_is_fine(code):
    assert forbidden(ast.parse(code)) == []


def test_printing_is_for_the_command_line():
    assert forbidden(ast.parse("print(1)"), may_print=True) == []


def test_measure_finds_missing_docstrings_and_types():
    tree = ast.parse("class A:\n def f(self, x: int, *y, z=1) -> int: ...\n def _g(self): ...\ndef h() -> None: ...")
    assert undocumented(tree) == ["module", "A", "f", "h"]
    assert untyped(tree) == ["f(z)", "f(y)", "_g(return)"]


def test_measure_finds_long_functions_and_clones(tmp_path):
    block = "".join(f"    value_{i} = compute({i})\n" for i in range(8))
    first, second = tmp_path / "a.py", tmp_path / "b.py"
    first.write_text("def f():\n" + block + "    return value_1\n")
    second.write_text("def g():\n" + block + "\n" * 60 + "    return value_2\n")
    share, places = cloned_share([first, second])
    assert share == 16 / 20 and places == ["a.py:2", "b.py:2"]
    assert cloned_share([first])[0] == 0
    assert long_functions(first) == [] and len(long_functions(second)) == 1


@pytest.mark.parametrize(
    ("parts", "caught"),
    [
        (("", "home", "someone", "data"), True),
        (("see (", "root", "x)"), True),
        (("docs", "home", "page"), False),
        (("https://example.org", "home", "page"), False),
        (("$(pwd)/..", "opt", "x"), False),
    ],
)
def test_measure_knows_private_paths(parts, caught):
    # Joined here, so that this file does not hold what it looks for.
    assert bool(PRIVATE.search("/".join(parts))) == caught


def test_measure_knows_private_hosts():
    assert PRIVATE.search(".".join(["build", "internal"])) and PRIVATE.search(".".join(["192", "168", "0", "1"]))
    assert not PRIVATE.search("vidense.internals and 2.10.0")


def test_tests_are_at_least_as_long_as_the_code():
    code, tests = (sum(len(code_lines(path)) for path in python_files(folder)) for folder in ("src", "tests"))
    assert tests >= code, f"{tests} lines of tests for {code} lines of code"
