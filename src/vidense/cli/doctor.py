"""``vidense doctor``: what this machine can do."""

from typing import Any

from vidense.cli import options as shared
from vidense.cli.output import print_json, say

__all__ = ["doctor"]


def doctor(as_json: shared.AsJson = False) -> None:
    """Say what this machine can do, and how to install what it lacks."""
    from vidense.cli.machine import examine

    found = examine()
    if as_json:
        print_json(found)
        return
    for title, values in found.items():
        say(f"{title}:")
        for name, value in values.items():
            say(f"  {name:<14} {_words(value)}")


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return f"installed, version {value['version']}" if value["installed"] else f"missing; {value['install']}"
    return str(value)
