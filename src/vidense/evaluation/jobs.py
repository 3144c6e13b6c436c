"""Pieces of work that are done once: each result is a JSON file named after what it depends on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidense.errors import UserError
from vidense.records import content_hash, read_json, write_json

__all__ = ["once"]


def once(folder: Path, identity: dict[str, Any], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result filed under ``identity``, calling ``work`` only if there is none.

    The file appears whole or not at all, so an interrupted job is simply done again; two processes that do the same
    job at the same time write the same file.

    Args:
        folder: where results lie; created when needed.
        identity: all that decides the result, as JSON types.
        work: does the job; returns JSON types.
    """
    file = folder / f"{content_hash(identity)}.json"
    if file.exists():
        try:
            stored = read_json(file)
            # A hash is short; the identity itself says that this is the same work.
            if content_hash(stored["identity"]) == content_hash(identity):
                known: dict[str, Any] = stored["result"]
                return known
        except (UserError, KeyError, TypeError):
            pass  # damaged from outside: the job is done again and the file replaced
    result = work()
    write_json(file, {"identity": identity, "result": result})
    return result
