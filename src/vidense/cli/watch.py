"""``vidense watch``: how far a run is, from another shell than the one it runs in."""

import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidense.cli.output import say

if TYPE_CHECKING:
    from vidense.monitor import EventFile, RunState

__all__ = ["watch"]

SECONDS_BETWEEN_LOOKS = 0.25
# The command that condenses draws the videos right after it has said that the run is done.
SECONDS_FOR_PREVIEWS = 5.0


def watch(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run, finished or not.")],
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write an event file there as the run goes on; needs TensorBoard."),
    ] = None,
) -> None:
    """Show how far a run is until it is done: iteration, loss, key-frames, rate, and what to type to continue it.

    The view is live on a terminal, else a line now and then, on stderr; how the run ended goes to stdout. The run
    goes on in its own shell and is not touched; Ctrl-C ends the watching only.
    """
    from vidense.cli.watch_view import View, told
    from vidense.monitor import EventFile, RunState, describe

    state = RunState(run)
    events = nullcontext() if tensorboard is None else EventFile(tensorboard, began=state.began)
    with events as file, View() as view:
        while not _look(state, file):
            view.show(state)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        if file is not None:
            _add_clips(state, file)
    rows = describe(state)
    width = max(len(row.name) for row in rows)
    for row in rows:
        say(f"{row.name.ljust(width)}  {told(row)}")


def _look(state: "RunState", file: "EventFile | None") -> bool:
    """Take in what is new; returns whether the run is done."""
    for reading in state.follow():
        if file is not None:
            file.add(reading, state.class_name)
    if file is not None:
        file.flush()
    return state.run.done


def _add_clips(state: "RunState", file: "EventFile") -> None:
    from vidense.report import has_previews, read_runs

    patience = max(SECONDS_FOR_PREVIEWS - state.silence(), 0.0)
    deadline = time.monotonic() + patience
    while not has_previews(state.path) and time.monotonic() < deadline:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    (found,) = read_runs([state.path])
    file.add_clips(found.previews, state.iterations_done, state.seconds)
