"""Times as people read them. Needs no torch."""

__all__ = ["format_duration"]


def format_duration(seconds: float) -> str:
    """Return seconds in the unit that suits them: ``40 ms``, ``42 s``, ``1.5 min``, ``2.5 h``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.2g} min" if seconds < 600 else f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
