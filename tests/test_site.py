"""The documentation site builds without a broken link, holds every page, and fetches nothing from elsewhere."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.source_tree import PACKAGE, ROOT, module_name, python_files

pytest.importorskip("mkdocs", reason="mkdocs is not installed (extra docs)")

FETCHED = re.compile(r'<(?:script|img|iframe|source)[^>]*\ssrc="([^"]+)"|<link[^>]*\shref="([^"]+)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / "docs" / "site" / "pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_built(site, hook):
    pages = [file.relative_to(ROOT / "docs") for file in (ROOT / "docs").rglob("*.md")]
    pages += map(Path, hook.made_pages())
    assert [str(page) for page in pages if not (site / page).with_suffix(".html").is_file()] == []
    assert not list(site.rglob("*.py")) and not list(site.rglob("*.md"))


def test_every_page_is_in_the_navigation(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    pages = [str(file.relative_to(site)) for file in site.rglob("*.html") if file.name != "404.html"]
    assert [page for page in pages if f'href="{page}"' not in text and page != "index.html"] == []


def test_every_module_but_the_command_line_is_documented(hook):
    ours = {module_name(file) for file in python_files("src/vidense") if file.name != "__init__.py"}
    listed = {name for names in hook.modules().values() for name in names}
    assert listed == {name for name in ours if not name.startswith(("vidense.cli.", "vidense.__main__"))}
    assert set(hook.modules()) - {"core"} <= {folder.name for folder in PACKAGE.iterdir()}


def test_public_names_are_shown_private_ones_are_not_and_roles_are_links(site):
    text = (site / "api" / "core.html").read_text(encoding="utf-8")
    assert 'id="vidense.statistics.paired_difference"' in text and "vidense.statistics._std" not in text
    assert not re.search(r":(?:func|class|meth|mod|data|attr):", text)
    assert 'href="#vidense.statistics.summarise"' in text


def test_nothing_is_fetched_from_elsewhere(site):
    for file in site.rglob("*.html"):
        fetched = [a or b for a, b in FETCHED.findall(file.read_text(encoding="utf-8"))]
        assert [url for url in fetched if urlsplit(url).netloc] == [], file.name
    for file in site.rglob("*.css"):
        assert "url(http" not in file.read_text(encoding="utf-8"), file.name
