"""Types as a user writes their values."""

import types
import typing
from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

__all__ = ["type_text"]

_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def type_text(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Return a type as a user writes its values: ``int >= 1``, ``cosine | l2 | none``, ``float > 0 | auto``."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        # A constraint may stand by itself or inside a pydantic FieldInfo.
        nested = [bound for item in inner[1:] for bound in getattr(item, "metadata", [item])]
        return type_text(inner[0], [*nested, *metadata])
    if origin is Literal:
        return " | ".join(str(value) for value in inner)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(type_text(member) for member in inner)
    if annotation is type(None):
        return "null"
    name = "true | false" if annotation is bool else getattr(annotation, "__name__", str(annotation))
    bounds = [
        f"{sign} {getattr(item, key):g}" for item in metadata for key, sign in _BOUNDS.items() if hasattr(item, key)
    ]
    return " ".join([name, ", ".join(bounds)]).strip()
