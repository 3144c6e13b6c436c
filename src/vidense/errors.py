"""Errors a user can meet. Imports nothing of the package."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = ["DivergenceError", "UserError", "VidenseError", "a_few", "suggest"]

MOST_NAMED = 5


class VidenseError(Exception):
    """Base of every error raised on purpose by vidense."""


class UserError(VidenseError):
    """Something the user can fix: one sentence with the value, the rule and what to do (exit code 2)."""


class DivergenceError(UserError):
    """A loss or a stored number stopped being finite; the message names the tensor and the step."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a sentence end that helps with an unknown name.

    Args:
        name: what the user typed.
        known: the names that would have been accepted.

    Returns:
        ``"; did you mean 'prism'?"`` where a near name exists, else ``"; known: a, b, c"``.
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(names)}" if names else "; none is known"


def a_few(names: Sequence[str]) -> str:
    """Return ``"7: a, b, c, d, e, ..."``: how many there are, and the first of them."""
    return f"{len(names)}: {', '.join(names[:MOST_NAMED])}{', ...' if len(names) > MOST_NAMED else ''}"
