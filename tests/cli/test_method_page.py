"""A method's page in three forms, and docs/methods, which must be what the docstrings say now."""

import importlib.util
from pathlib import Path

import pytest

from vidense import methods  # noqa: F401 - registers them
from vidense.cli.method_page import as_markdown, as_text, page
from vidense.method import METHODS
from vidense.published import CELLS, cells_of

ROOT = Path(__file__).resolve().parents[2]


def written_pages() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("write_methods", ROOT / "docs" / "write_methods.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


def test_docs_hold_the_pages_that_the_docstrings_give():
    expected = written_pages()
    found = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "methods").glob("*.md")}
    assert sorted(found) == sorted(expected)
    stale = [name for name in expected if found[name] != expected[name]]
    assert not stale, f"run `make docs`: {stale}"


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_page_says_where_it_is_from_what_it_needs_and_every_option(name):
    found = page(METHODS.get(name))
    for text in (as_text(found), as_markdown(found)):
        assert METHODS.get(name).paper in text and METHODS.get(name).needs in text
        assert all(option["name"] in text for option in found["options"])
        assert "Differences:" not in text and "Args:" not in text
    assert found["differences"] or name == "random", "say how ours differs in a section Differences"


def test_a_page_prints_published_numbers_with_their_source_and_flags():
    text = as_text(page(METHODS.get("prism")))
    assert "MiniUCF: 17.9 ± 0.3 at 1, 28.0 ± 0.1 at 5, 31.0 ± 0.1 at 10, 34.4 at 30 (PRISM, CVPR 2026)" in text
    assert "how ours differs:" in text and "lr=auto   (float > 0 | auto)" in text
    assert "no options" in as_text(page(METHODS.get("random")))


def test_markdown_tables_keep_their_columns():
    for line in as_markdown(page(METHODS.get("prism"))).splitlines():
        if line.startswith("| `"):
            assert line.replace("\\|", "").count("|") == 5, line


def test_printed_numbers_are_of_known_methods_and_no_cell_stands_twice():
    keys = [(cell.method, cell.dataset, cell.vpc, cell.source, cell.model) for cell in CELLS]
    assert len(set(keys)) == len(keys)
    assert all(0 < cell.mean < 100 and 0 <= (cell.spread or 0) < 3 for cell in CELLS)
    assert {cell.dataset for cell in CELLS} == {"MiniUCF", "HMDB51", "K400", "SSv2"}
    assert [cell.mean for cell in cells_of("dm") if cell.dataset == "MiniUCF"] == [15.3, 25.7, 30.0, 9.9, 9.2]
    assert all(cell.note for name in ("tsgf", "sre2l", "frepo", "vdsd_frepo") for cell in cells_of(name))
