"""A method's page: as facts, as text for a terminal, as Markdown for docs/methods."""

import inspect
import typing
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from textwrap import fill
from typing import Any

from vidense.published import Cell, cells_of

if typing.TYPE_CHECKING:
    from vidense.method import Method

__all__ = ["as_markdown", "as_text", "head", "lengths", "page"]

WIDTH = 100
PRINTED = (
    "Accuracy in percent by videos per class: top-1 on MiniUCF and HMDB51, top-5 on K400 and SSv2. Papers print the "
    "best of several checks on the test videos; protocol `published` trains alike and scores the last weights, and "
    "keeps that best check apart, as `legacy_best_on_test`."
)


def head(method: "Method") -> dict[str, Any]:
    """Return what a list of methods says of one (JSON types)."""
    return {
        "name": method.name,
        "summary": method.summary,
        "paper": method.paper,
        "stores": method.stores,
        "needs": method.needs,
        "iterations": dict(method.iterations),
    }


def page(method: "Method") -> dict[str, Any]:
    """Return :func:`head`, the description, how ours differs, the options, and what papers print (JSON types)."""
    from vidense.cli.type_text import type_text
    from vidense.docstrings import description, section

    text = inspect.getdoc(method.build) or ""
    options = [
        {
            "name": option,
            "type": type_text(field.annotation, field.metadata),
            "default": field.default,
            "help": field.description or "",
        }
        for option, field in method.options.model.model_fields.items()
    ]
    return {
        **head(method),
        "description": description(text),
        "differences": section(text, "Differences"),
        "options": options,
        "published": [asdict(cell) for cell in cells_of(method.name)],
    }


def lengths(of: Mapping[str, Any]) -> str:
    """Return the iterations of :func:`head` in words."""
    small, published = of["iterations"]["small"], of["iterations"]["published"]
    return f"{small} / {published}" if published else "none, chosen at once"


def as_text(found: Mapping[str, Any]) -> str:
    """Return a page as a terminal shows it."""
    lines = [f"{found['name']}: {found['description']}", ""]
    lines += [f"{name + ':':12}{value}" for name, value in _facts(found)]
    if found["differences"]:
        lines += ["", "how ours differs:", _indented(found["differences"], 2)]
    printed = list(_printed(found["published"]))
    if printed:
        lines += ["", "printed by papers (accuracy in percent by videos per class; see `vidense methods --json`):"]
        lines += [f"  {line}" for line in printed]
    lines += ["", "options, each as --set name=value:" if found["options"] else "no options"]
    for option in found["options"]:
        lines.append(f"  {option['name']}={_value(option['default'])}   ({option['type']})")
        if option["help"]:
            lines.append(_indented(option["help"], 6))
    return "\n".join(lines)


def as_markdown(found: Mapping[str, Any]) -> str:
    """Return a page as it stands in docs/methods."""
    lines = [f"# {found['name']}", "", _marked(found["description"]), ""]
    lines += [f"- **{name}**: {value}" for name, value in _facts(found)]
    if found["differences"]:
        lines += ["", "## How ours differs", "", _marked(found["differences"])]
    printed = list(_printed(found["published"]))
    if printed:
        lines += ["", "## Printed by papers", "", PRINTED, "", *(f"- {line}" for line in printed)]
    if found["options"]:
        lines += ["", "## Options", "", "Each as `--set name=value`.", ""]
        lines += ["| option | default | values | meaning |", "| --- | --- | --- | --- |"]
        for option in found["options"]:
            values = option["type"].replace("|", "\\|")
            meaning = _marked(option["help"]).replace("|", "\\|")
            lines.append(f"| `{option['name']}` | `{_value(option['default'])}` | {values} | {meaning} |")
    return "\n".join(lines) + "\n"


def _facts(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("from", found["paper"]),
        ("stores", found["stores"]),
        ("needs", found["needs"]),
        ("iterations", f"{lengths(found)}" + (" (small / published)" if found["iterations"]["published"] else "")),
    ]


def _printed(cells: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    groups: dict[tuple[str, str, str, str], list[Cell]] = defaultdict(list)
    for cell in (Cell(**fields) for fields in cells):
        groups[cell.source, cell.dataset, cell.note, cell.model].append(cell)
    for (source, dataset, note, model), members in groups.items():
        numbers = ", ".join(f"{cell.printed} at {cell.vpc}" for cell in members)
        tested = "" if model == "minic3d" else f", tested on {model}"
        yield f"{dataset}{tested}: {numbers} ({source}{'; ' + note if note else ''})"


def _indented(text: str, depth: int) -> str:
    return fill(text, WIDTH, initial_indent=" " * depth, subsequent_indent=" " * depth)


def _marked(text: str) -> str:
    return text.replace("``", "`")


def _value(default: Any) -> str:
    """Write a value as it is written after ``--set name=``."""
    if default is None:
        return "null"
    return str(default).lower() if isinstance(default, bool) else str(default)
