"""How work in progress looks on stderr: a live bar on a terminal, elsewhere a line every few seconds."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from vidense.budget import format_bytes
from vidense.cli.output import say
from vidense.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Display"]

SECONDS_BETWEEN_LINES = 10.0


class Display:
    """Shows one task after the other; a context manager, so that a bar never outlives its work."""

    def __init__(self, *, memory: Callable[[], int] | None = None) -> None:
        """Set up; nothing is shown before the first update.

        Args:
            memory: returns the most bytes held so far; None leaves memory out.
        """
        self._memory = memory
        self._live = sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task: Any = None
        self._phase = ""
        self._began = self._last = 0.0
        self._first = self._done = 0

    def __enter__(self) -> "Display":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(self, phase: str, done: int, total: int, entry: dict[str, Any] | None = None) -> None:
        """Show that ``done`` of ``total`` steps of a phase are done; ``entry`` may hold a ``loss``."""
        details = [f"loss {entry['loss']:.4g}"] if entry and "loss" in entry else []
        if self._memory is not None:
            details.append(format_bytes(self._memory()))
        # Of several runs, one after the other, each counts from its own first step.
        now, fresh = time.perf_counter(), phase != self._phase or done < self._done
        self._done = done
        if fresh:
            self._phase, self._began, self._first = phase, now, done
        rate = (done - self._first) / (now - self._began) if now > self._began else 0.0
        if rate > 0:
            details.insert(0, f"{rate:.3g}/s")
        if self._live:
            self._show(phase, done, total, ", ".join(details), fresh)
        elif fresh or done == total or now - self._last >= SECONDS_BETWEEN_LINES:
            left = [f"{(total - done) / rate:.0f} s left"] if rate > 0 and done < total else []
            count = f" {done}/{total}" if total > 1 else ""
            self._say(f"{phase}{count}" + "".join(f", {part}" for part in [*details, *left]), now)

    def note(self, text: str) -> None:
        """Show what is being worked on, where nobody knows how much there is."""
        now = time.perf_counter()
        if self._live:
            self._show(text, 0, None, "", text != self._phase)
            self._phase = text
        elif now - self._last >= SECONDS_BETWEEN_LINES:
            self._say(text, now)

    def _say(self, line: str, now: float) -> None:
        say(line, file=sys.stderr)
        self._last = now

    def _show(self, phase: str, done: int, total: int | None, details: str, fresh: bool) -> None:
        if self._bar is None:
            self._bar = _bar()
            self._bar.start()
        if fresh or self._task is None:
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            self._task = self._bar.add_task(printable(phase), total=total, details=details)
        self._bar.update(self._task, completed=done, details=details, refresh=fresh or done == total)


def _bar() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[details]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
