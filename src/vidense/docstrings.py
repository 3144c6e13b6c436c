"""What a Google-style docstring says about a function, and about its arguments or a class's attributes."""

import re

__all__ = ["description", "entries", "section"]

_SECTION = re.compile(r"^(Args|Returns|Yields|Raises|Attributes|Differences):$", re.MULTILINE)


def description(docstring: str) -> str:
    """Return what comes before the first section, as :func:`inspect.getdoc` indents it."""
    return _SECTION.split(docstring, maxsplit=1)[0].strip()


def section(docstring: str, title: str) -> str:
    """Return the text of a section joined to one line, empty where there is none."""
    parts = _SECTION.split(docstring)
    text = next((body for name, body in zip(parts[1::2], parts[2::2], strict=True) if name == title), "")
    return " ".join(text.split())


def entries(docstring: str, section: str) -> dict[str, str]:
    """Return the entries of ``Args`` or ``Attributes`` by name, each joined to one line."""
    parts = _SECTION.split(docstring)
    text = next((body for title, body in zip(parts[1::2], parts[2::2], strict=True) if title == section), "")
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        entry = re.fullmatch(r" {4}(\w+): (.*)", line)
        if entry:
            name, found[entry[1]] = entry[1], entry[2]
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return found
