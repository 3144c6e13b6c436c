"""vidense condenses a video dataset into a handful of tiny synthetic videos, and measures how well.

The names below load on first use, so that reading records or building a report needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidense.condensed import CondensedDataset, load
    from vidense.engine.condense import condense

__version__ = "0.1.0"
__all__ = ["CondensedDataset", "condense", "load"]

_HOMES = {"CondensedDataset": "vidense.condensed", "condense": "vidense.engine.condense", "load": "vidense.condensed"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'vidense' has no attribute {name!r}")
    # Methods register themselves on import; whoever uses the library expects them to be there.
    import_module("vidense.methods")
    return getattr(import_module(_HOMES[name]), name)
