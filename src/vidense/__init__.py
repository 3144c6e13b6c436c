"""vidense condenses a video dataset into a handful of tiny synthetic videos, and measures how well.

The names below load on first use, so that reading records or building a report needs no torch. The page of a run is
:func:`vidense.report.write_page`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidense.condensed import CondensedDataset, load
    from vidense.data.prepare import prepare
    from vidense.data.store import ClipStore
    from vidense.engine.condense import condense
    from vidense.evaluation.run import evaluate_run as evaluate

__version__ = "0.1.0"
__all__ = ["ClipStore", "CondensedDataset", "condense", "evaluate", "load", "prepare"]

# Where each name lives, and what it is called there.
_HOMES = {
    "ClipStore": ("vidense.data.store", "ClipStore"),
    "CondensedDataset": ("vidense.condensed", "CondensedDataset"),
    "condense": ("vidense.engine.condense", "condense"),
    "evaluate": ("vidense.evaluation.run", "evaluate_run"),
    "load": ("vidense.condensed", "load"),
    "prepare": ("vidense.data.prepare", "prepare"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'vidense' has no attribute {name!r}")
    # Methods register themselves on import; whoever uses the library expects them to be there.
    import_module("vidense.methods")
    home, known_as = _HOMES[name]
    return getattr(import_module(home), known_as)
