"""Extends griffe: roles in docstrings, such as ``:func:`vidense.load```, become links if they lead somewhere."""

import re
from typing import Any

import griffe

ROLE = re.compile(r":\w+:`(~?)([^`<>]+)`")


class Roles(griffe.Extension):
    """Rewrites the docstring of every object that is loaded."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Replace the roles in one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = ROLE.sub(lambda match: _link(obj, *match.groups()), obj.docstring.value)


def _link(obj: griffe.Object, short: str, name: str) -> str:
    shown = name.rpartition(".")[2] if short else name
    try:
        target = obj.resolve(name)
    except griffe.NameResolutionError:
        target = name
    # Optional: what is not on the site (torch, private names) stays a word.
    return f'<autoref identifier="{target}" optional><code>{shown}</code></autoref>'
