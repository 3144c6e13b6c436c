"""Axes of charts: from values to places, and the round values that are written beside them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Axis", "Scale", "scale_of", "text_of"]

ROUND = (1, 2, 5, 10)
WANTED = 5
# More powers of ten than this leave no room for what lies between them.
FEW_POWERS = 3


def text_of(value: float) -> str:
    """Return a value as it stands beside an axis."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Axis:
    """What an axis shows.

    Attributes:
        title: with its unit.
        log: logarithmic; its values must be positive.
        include: values that must lie on it, such as 0.
    """

    title: str
    log: bool = False
    include: tuple[float, ...] = ()


@dataclass(frozen=True)
class Scale:
    """An axis with its ends, laid along pixels.

    Attributes:
        low: value at its start.
        high: value at its end, above ``low``.
        start: pixel of ``low``.
        end: pixel of ``high``, below ``start`` on an axis that points up.
        ticks: round values between the ends.
        log: logarithmic.
    """

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    log: bool

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        low, high, here = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        return self.start + (here - low) / (high - low) * (self.end - self.start)


def scale_of(axis: Axis, values: Iterable[float], start: float, end: float) -> Scale:
    """Return a scale on which all values lie.

    Args:
        axis: what is shown.
        values: finite; positive on a logarithmic axis.
        start: pixel where the scale begins.
        end: pixel where it ends.

    Raises:
        ValueError: if there is no value, one is not finite, or a logarithmic axis would show one that is not positive.
    """
    found = [*values, *axis.include]
    if not found or not all(math.isfinite(value) for value in found) or (axis.log and min(found) <= 0):
        raise ValueError(f"no axis {axis.title!r} for the values {found[:5]}")
    low, high = min(found), max(found)
    if axis.log:
        return _log_scale(low, high, start, end)
    if low == high:
        # One value stands in the middle.
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    step = _round_step((high - low) / WANTED)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(step * number for number in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], start, end, ticks, log=False)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is no smaller than ``least``."""
    power: float = 10.0 ** math.floor(math.log10(least))
    return next((factor * power for factor in ROUND if factor * power >= least), 10 * power)


def _log_scale(low: float, high: float, start: float, end: float) -> Scale:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = [factor * 10.0**power for power in powers for factor in ROUND[:3]]
    # The ends are the marks next to the values.
    below = max([mark for mark in marks if mark <= low], default=low)
    above = min([mark for mark in marks if mark >= high], default=high)
    if below == above:
        below, above = below / ROUND[1], above * ROUND[1]
    written = marks if len(powers) <= FEW_POWERS else [10.0**power for power in powers]
    return Scale(below, above, start, end, tuple(mark for mark in written if below <= mark <= above), log=True)
