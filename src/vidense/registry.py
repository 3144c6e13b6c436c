"""A named collection that refuses duplicates and helps with unknown names."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from vidense.errors import UserError, suggest

__all__ = ["Registry"]

T = TypeVar("T")


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

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._items))
