"""Puts tables between their marks on the pages that show results."""

import re
from collections.abc import Mapping
from pathlib import Path

from vidense.records import replacing

__all__ = ["PAGES", "fill"]

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "docs" / "results.md", ROOT / "README.md")


def fill(tables: Mapping[str, str]) -> None:
    """Replace what stands between ``<!-- table NAME -->`` and ``<!-- end -->``, on every page that has the marks."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name, table in tables.items():
            pattern = rf"(<!-- table {name} -->\n).*?(<!-- end -->)"
            # Backslashes of the table are text, not groups.
            text = re.sub(pattern, r"\1" + (table + "\n").replace("\\", r"\\") + r"\2", text, flags=re.DOTALL)
        with replacing(page) as temporary:
            temporary.write_text(text, encoding="utf-8")
