"""Puts tables between their marks on the pages that show results, and figures beside the pages."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from vidense.records import replacing
from vidense.report.drawing import Picture, save_picture

__all__ = ["FIGURES", "PAGES", "fill", "save_figures"]

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "docs" / "results.md", ROOT / "README.md")
FIGURES = ROOT / "docs" / "figures"


def fill(tables: Mapping[str, str]) -> None:
    """Replace what stands between ``<!-- table NAME -->`` and ``<!-- end -->``, on every page that has the marks."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name, table in tables.items():
            pattern = rf"(<!-- table {name} -->\n).*?(<!-- end -->)"
            # A function, for a backslash or a digit in the table must not be read as a group.
            text = re.sub(pattern, partial(_between, table), text, flags=re.DOTALL)
        with replacing(page) as temporary:
            temporary.write_text(text, encoding="utf-8")


def _between(table: str, marks: re.Match[str]) -> str:
    return f"{marks[1]}{table}\n{marks[2]}"


def save_figures(figures: Mapping[str, Picture | None]) -> None:
    """Write ``docs/figures/NAME.svg`` and ``.png`` of every figure for which something was measured."""
    FIGURES.mkdir(exist_ok=True)
    for name, picture in figures.items():
        if picture is not None:
            save_picture(picture, FIGURES / name)
