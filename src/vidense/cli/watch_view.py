"""How a watched run looks on stderr: rows that change in place on a terminal, elsewhere a line now and then."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from vidense.cli.output import say
from vidense.cli.progress import SECONDS_BETWEEN_LINES
from vidense.monitor import Row, RunState, describe, summary
from vidense.monitor.rows import sparkline

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

__all__ = ["View", "told"]

COURSE_WIDTH = 32


class View:
    """Shows a run again and again; a context manager, so that the terminal is given back."""

    def __init__(self) -> None:
        """Set up; nothing is shown before the first :meth:`show`."""
        self._terminal = sys.stderr.isatty()
        self._live: Live | None = None
        self._said: object = None
        self._last = -SECONDS_BETWEEN_LINES

    def __enter__(self) -> "View":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            # What was shown last is said on stdout when the run is done; when the watching is cut short, it stays.
            self._live.transient = kind is None
            self._live.stop()

    def show(self, state: RunState) -> None:
        """Show a run as it is now; without a terminal, only what has changed and not too often."""
        if self._terminal:
            self._draw(describe(state))
            return
        now, facts = time.monotonic(), (state.iterations_done, state.status)
        if facts != self._said and now - self._last >= SECONDS_BETWEEN_LINES:
            say(summary(state), file=sys.stderr)
            self._said, self._last = facts, now

    def _draw(self, rows: list[Row]) -> None:
        if self._live is None:
            self._live = _live()
            self._live.start()
        self._live.update(_table(rows), refresh=True)


def told(row: Row) -> str:
    """Return what stands beside a row's name: its course in bars, if it has one, and its text."""
    bars = sparkline(row.course, COURSE_WIDTH)
    return f"{bars}  {row.text}" if bars else row.text


def _live() -> "Live":
    from rich.console import Console
    from rich.live import Live

    return Live(console=Console(stderr=True), auto_refresh=False)


def _table(rows: list[Row]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(Text(row.name, style="bold"), Text(told(row)))
    return table
