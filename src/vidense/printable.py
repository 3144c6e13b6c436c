"""Names from strangers, as a terminal may show them. Needs no torch."""

__all__ = ["printable"]


def printable(text: str) -> str:
    """Return text that a terminal shows and does not obey: control characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
