"""The table of docs/results.md about what methods take: made of the committed JSON alone."""

from benchmarks.markdown import markdown
from benchmarks.records import Records

__all__ = ["cost_table"]


def cost_table(records: Records) -> str:
    """Return the parts of every method's time, the cheapest first, and its memory."""
    found = sorted((record["result"] for record in records), key=lambda result: result["seconds"])
    columns = ("method", "made first", "min for it", "min to search lr", "min to condense", "min in all", "peak MB")
    rows = []
    for result in found:
        first = "; ".join(need["what"] for need in result["needs"])
        parts = [
            sum(need["seconds"] for need in result["needs"]),
            result["seconds_search"],
            result["seconds_setup"] + result["iterations"] * result["seconds_per_iteration"],
            result["seconds"],
        ]
        rows.append([result["method"], first, *map(_minutes, parts), f"{result['peak_memory'] / 1e6:.0f}"])
    return markdown(columns, rows)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}" if seconds else ""
