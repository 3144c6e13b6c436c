"""``vidense methods``: what there is, and one method's page."""

import inspect
import typing
from typing import Annotated, Any

import typer

from vidense.cli import options as shared

if typing.TYPE_CHECKING:
    from vidense.method import Method

__all__ = ["methods"]


def methods(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A method, to see its options.")] = None,
    plugin: shared.Plugins = None,
    as_json: shared.AsJson = False,
) -> None:
    """List the methods, or show one of them with its options."""
    from vidense import methods as registered  # noqa: F401 - registers them
    from vidense.cli.output import print_json, print_table
    from vidense.method import METHODS

    if name is not None:
        page = _page(METHODS.get(name))
        if as_json:
            print_json(page)
        else:
            _print_page(page)
        return
    found = [METHODS.get(known) for known in METHODS]
    if as_json:
        print_json({"methods": [_head(method) for method in found]})
        return
    print_table(
        ("method", "what it does", "stores", "iterations (small / published)"),
        [(m.name, m.summary, m.stores, _lengths(_head(m))) for m in found],
        left=4,
    )
    print("\n`vidense methods NAME` shows a method's options.")


def _head(method: "Method") -> dict[str, Any]:
    return {
        "name": method.name,
        "summary": method.summary,
        "paper": method.paper,
        "stores": method.stores,
        "iterations": dict(method.iterations),
    }


def _page(method: "Method") -> dict[str, Any]:
    from vidense.cli.type_text import type_text
    from vidense.docstrings import description

    options = [
        {
            "name": option,
            "type": type_text(field.annotation, field.metadata),
            "default": field.default,
            "help": field.description or "",
        }
        for option, field in method.options.model.model_fields.items()
    ]
    return {**_head(method), "description": description(inspect.getdoc(method.build) or ""), "options": options}


def _lengths(head: dict[str, Any]) -> str:
    small, published = head["iterations"]["small"], head["iterations"]["published"]
    return f"{small} / {published}" if published else "none, chosen at once"


def _print_page(page: dict[str, Any]) -> None:
    from textwrap import fill

    print(f"{page['name']}: {page['description']}\n")
    print(
        f"from:       {page['paper']}\nstores:     {page['stores']}\niterations: {_lengths(page)} (small / published)"
    )
    print("\noptions, each as --set name=value:" if page["options"] else "\nno options")
    for option in page["options"]:
        default = _value(option["default"])
        print(f"  {option['name']}={default}   ({option['type']})")
        if option["help"]:
            print(fill(option["help"], 100, initial_indent="      ", subsequent_indent="      "))


def _value(default: Any) -> str:
    """Write a value as it is written after ``--set name=``."""
    if default is None:
        return "null"
    return str(default).lower() if isinstance(default, bool) else str(default)
