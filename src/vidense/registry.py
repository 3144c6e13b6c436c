"""A named collection that refuses duplicates, helps with unknown names, and tells ours from a plug-in's."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from vidense.errors import UserError, suggest
from vidense.records import file_hash

__all__ = ["Registry", "foreign_source"]

T = TypeVar("T")


def foreign_source(item: Callable[..., Any]) -> str | None:
    """Return the hash of the file that defines a function or class of somebody else's, None for our own.

    What is kept under a plug-in's name must be made anew when the plug-in changes; ours change with the version. An
    object that is called is known by its class.
    """
    defined = item if inspect.isroutine(item) or inspect.isclass(item) else type(item)
    if defined.__module__.startswith("vidense."):
        return None
    try:
        file = inspect.getsourcefile(defined)
    except TypeError:
        # Typed into an interpreter, or not written in Python: there is no file.
        return None
    return file_hash(Path(file)) if file is not None and Path(file).is_file() else None


class Registry(Generic[T]):
    """Maps public names to objects of one kind (methods, networks, layouts, parameterizations)."""

    def __init__(self, kind: str) -> None:
        """Create an empty registry; ``kind`` is the singular noun used in messages."""
        self.kind = kind
        self._items: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that stores its argument under ``name`` and hands it back unchanged.

        Raises:
            ValueError: if ``name`` is taken (silent replacement would hide a plug-in's mistake).
        """

        def store(item: T) -> T:
            if name in self._items:
                raise ValueError(f"{self.kind} {name!r} is registered already; choose another name")
            self._items[name] = item
            return item

        return store

    def get(self, name: str) -> T:
        """Return the object called ``name``.

        Raises:
            UserError: if there is none; the message names the nearest known one.
        """
        if name not in self._items:
            raise UserError(f"unknown {self.kind} {name!r}{suggest(name, self._items)}")
        return self._items[name]

    def foreign(self, name: str) -> dict[str, str]:
        """Return what the identity of anything made with ``name`` holds beside it: a plug-in's ``source``, or nothing.

        Identities of what was made with our own stay as they are.

        Raises:
            UserError: if there is none of that name.
        """
        source = foreign_source(self.get(name))  # type: ignore[arg-type]  # what is registered is a function or a class
        return {} if source is None else {"source": source}

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._items))
