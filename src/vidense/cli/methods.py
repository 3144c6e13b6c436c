"""``vidense methods``: what there is, and one method's page."""

from typing import Annotated

import typer

from vidense.cli import options as shared
from vidense.cli.output import print_json, print_table, say

__all__ = ["methods"]


def methods(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A method, to see its options.")] = None,
    plugin: shared.Plugins = None,
    as_json: shared.AsJson = False,
) -> None:
    """List the methods, or show one of them with its options."""
    from vidense import methods as registered  # noqa: F401 - registers them
    from vidense.cli.method_page import as_text, head, lengths, page
    from vidense.method import METHODS

    if name is not None:
        found = page(METHODS.get(name))
        if as_json:
            print_json(found)
        else:
            say(as_text(found))
        return
    heads = [head(METHODS.get(known)) for known in METHODS]
    if as_json:
        print_json({"methods": heads})
        return
    print_table(
        ("method", "what it does", "stores", "iterations (small / published)"),
        [(of["name"], of["summary"], of["stores"], lengths(of)) for of in heads],
        left=4,
    )
    say("\n`vidense methods NAME` shows a method: what it needs, its options, what papers print.")
