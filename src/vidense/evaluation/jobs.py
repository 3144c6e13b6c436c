"""Pieces of work that are done once: each result is a JSON file named after what it depends on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidense.errors import UserError
from vidense.locks import taking_turns
from vidense.records import content_hash, read_json, write_json

__all__ = ["once"]


def once(folder: Path, identity: dict[str, Any], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result filed under ``identity``, calling ``work`` only if there is none.

    The file appears whole or not at all, so an interrupted job is simply done again; of two processes that want the
    same job at the same time one does it and the other waits.

    Args:
        folder: where results lie; created when needed.
        identity: all that decides the result, as JSON types.
        work: does the job; returns JSON types.
    """
    file = folder / f"{content_hash(identity)}.json"
    if (known := _filed(file, identity)) is not None:
        return known
    with taking_turns(file, locks=folder):
        if (known := _filed(file, identity)) is not None:
            return known
        result = work()
        write_json(file, {"identity": identity, "result": result})
    return result


def _filed(file: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    if not file.exists():
        return None
    try:
        stored = read_json(file)
        # A hash is short; the identity itself says that this is the same work.
        same = content_hash(stored["identity"]) == content_hash(identity)
        known: dict[str, Any] | None = stored["result"] if same else None
    except (UserError, KeyError, TypeError):
        return None  # damaged from outside: the job is done again and the file replaced
    return known
