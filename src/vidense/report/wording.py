"""Numbers as people read them."""

from typing import Any

__all__ = ["EMPTY", "interval_text", "percent", "points", "spread"]

EMPTY, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


def percent(share: float | None) -> str:
    """Return 0.4123 as ``41.2``."""
    return EMPTY if share is None else f"{100 * share:.1f}"


def points(difference: float) -> str:
    """Return a difference of shares in signed percentage points: ``+12.3``."""
    return f"{100 * difference:+.1f}".replace("-", MINUS)


def interval_text(interval: tuple[float, float] | None) -> str:
    """Return an interval of shares as ``31.0 to 45.5``."""
    return EMPTY if interval is None else f"{percent(interval[0])} to {percent(interval[1])}".replace("-", MINUS)


def spread(summary: dict[str, Any] | None, kind: str) -> str:
    """Return a deviation of :func:`vidense.statistics.summarise` (n - 1) in points, a dash where there is none."""
    return EMPTY if summary is None else percent(summary[kind]["ddof1"])
