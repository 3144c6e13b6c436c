"""Tables in Markdown."""

from collections.abc import Iterable, Sequence

__all__ = ["NOTHING", "markdown"]

# In the place of a table whose numbers do not exist yet.
NOTHING = "Not measured yet."


def markdown(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; a row shorter than the columns ends in empty cells, and without rows it is :data:`NOTHING`."""
    lines = [[str(cell) for cell in row] + [""] * (len(columns) - len(row)) for row in rows]
    if not lines:
        return NOTHING
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *lines))
