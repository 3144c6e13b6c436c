"""Write docs/methods: a page for every registered method, from its docstring and the table of printed numbers.

python docs/write_methods.py
"""

from pathlib import Path

from vidense import methods
from vidense.cli.method_page import as_markdown, head, page
from vidense.method import METHODS
from vidense.records import replacing

__all__ = ["pages"]

FOLDER = Path(__file__).parent / "methods"


def pages() -> dict[str, str]:
    """Return the text of every page by file name, an index included."""
    names = [name for name in METHODS if METHODS.get(name).build.__module__.startswith(methods.__name__)]
    found = {f"{name}.md": as_markdown(page(METHODS.get(name))) for name in names}
    lines = ["# Methods", "", "Written by `make docs` from the methods' own docstrings.", ""]
    lines += ["| method | what it does | stores | needs |", "| --- | --- | --- | --- |"]
    for name in names:
        of = head(METHODS.get(name))
        lines.append(f"| [{name}]({name}.md) | {of['summary']} | {of['stores']} | {of['needs']} |")
    return {**found, "index.md": "\n".join(lines) + "\n"}


def main() -> None:
    """Replace the pages, and delete those of methods that are gone."""
    found = pages()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        if old.name not in found:
            old.unlink()
    for name, text in found.items():
        with replacing(FOLDER / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
