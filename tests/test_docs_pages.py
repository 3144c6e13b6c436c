"""The tutorial and the how-to pages: every block runs, or says above it why not."""

import shutil
from pathlib import Path

import pytest

from tests.pages import NOT_RUN, ROOT, Block, blocks, run_block, shorter
from vidense import condense, prepare
from vidense.data.builtin import write_videos

DOCS = ROOT / "docs"
HOWTO = sorted((DOCS / "howto").glob("*.md"))
PAGES = [DOCS / "tutorial.md", *HOWTO]
# Pages that start from nothing, or from videos; the others from a store and a run.
ALONE = {"tutorial.md": (), "own-videos.md": ("videos",)}
SLOW = ("tutorial", "own-videos", "own-network")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """What a reader has at hand: videos, a store, a run."""
    folder = tmp_path_factory.mktemp("pages")
    write_videos(folder / "videos", motions=("moving_left", "moving_right"), train_per_class=4, test_per_class=2)
    prepare(folder / "videos", folder / "store", frames=8, size=44, clips=1)
    condense(folder / "store", folder / "run", method="random")
    return folder


def test_every_page_of_the_folder_is_known_and_has_something_to_run():
    assert len(HOWTO) == 6
    for page in PAGES:
        assert blocks(page), page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_fence_is_read_and_every_mark_belongs_to_a_block(page):
    text, found = page.read_text(encoding="utf-8"), blocks(page)
    assert text.count("```") == 2 * len(found)
    assert text.count(NOT_RUN) == sum(not block.runs for block in found)


@pytest.mark.usefixtures("no_plugin_left")
@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.stem, marks=[pytest.mark.slow] * (p.stem in SLOW)) for p in PAGES]
)
def test_every_block_runs(page, prepared, tmp_path, monkeypatch):
    for name in ALONE.get(page.name, ("videos", "store", "run")):
        shutil.copytree(prepared / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        if block.runs:
            run_block(block, tmp_path)


def test_a_page_is_read_block_by_block(tmp_path):
    (tmp_path / "page.md").write_text(
        "```\nvidense doctor  # why\n```\n\n```text\nout\n```\n"
        f'{NOT_RUN}no card.*\n\n```\nvidense doctor &\n```\n\n```python title="a.py"\nx = 1\n```\n',
        encoding="utf-8",
    )
    found = blocks(tmp_path / "page.md")
    assert [block.runs for block in found] == [True, True, False, True]
    assert found[0].commands == [["vidense", "doctor"]] and found[1].commands == []
    assert (found[3].language, found[3].title, found[3].text) == ("python", "a.py", "x = 1\n")


def test_blocks_write_files_leave_names_and_fail_loudly(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_block(Block("csv", "a.csv", "path,class\n", True), tmp_path)
    assert (tmp_path / "a.csv").read_text() == "path,class\n"
    assert run_block(Block("python", "", "x = 1 + 1\n", True), tmp_path)["x"] == 2
    with pytest.raises(ZeroDivisionError):
        run_block(Block("python", "", "1 / 0\n", True), tmp_path)
    with pytest.raises(AssertionError, match="vidense report gone"):
        run_block(Block("", "", "vidense report gone\n", True), tmp_path)
    with pytest.raises(AssertionError, match="mark the block as not run"):
        run_block(Block("", "", "pip install .\n", True), tmp_path)


def test_commands_are_cut_down_by_verb_and_method():
    assert shorter(["vidense", "report", "run"]) == ["vidense", "report", "run"]
    assert shorter(["vidense", "condense", "s"])[3:] == ["--iterations", "2", "--set", "lr=1", "--set", "batch_real=1"]
    chosen = ["vidense", "condense", "s", "--method", "herding"]
    assert shorter(chosen) == [*chosen, "--iterations", "2"]
