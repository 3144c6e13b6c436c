"""What is known of a run so far; grows by the lines that its log has gained."""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vidense.errors import UserError
from vidense.monitor.record import WatchedRun, watched_run
from vidense.run_files import LOG, RECORD
from vidense.runlog import LogReader

__all__ = ["KEY_FRAMES", "Course", "Reading", "RunState"]

# The rate is that of the last iterations: the first ones are slow, and those inside an insertion window slower.
PACED = 50
# Silence is said after this long, or after several iterations where these take longer.
PATIENCE_SECONDS, PATIENCE_ITERATIONS = 60.0, 10
KEY_FRAMES = "key_frames"
# In the log, but no result of an iteration.
_NOT_VALUES = ("step", "seconds", "memory")


@dataclass(frozen=True)
class Reading:
    """One iteration, as the log tells it.

    Attributes:
        step: 0-based.
        seconds: since the start of the run, interruptions left out; None where the log does not say.
        memory: most bytes held so far, None where the log does not say.
        values: finite numbers by name: the loss, and what the method measures. ``key_frames`` is a video's mean.
        key_frames: mean over the videos of each class, empty where the method has none.
    """

    step: int
    seconds: float | None
    memory: float | None
    values: Mapping[str, float]
    key_frames: tuple[float, ...]


@dataclass
class Course:
    """All that was logged under one name.

    Attributes:
        values: in the order of the log.
        step: iteration of the last one.
    """

    values: list[float] = field(default_factory=list)
    step: int = -1


class RunState:
    """A run under observation; nothing of it is written to.

    Attributes:
        path: folder of the run.
        run: what its record says.
        iterations_done: as the log says.
        courses: by name, in the order of their first appearance.
        key_frames: of the last iteration, by class.
        memory: most bytes held so far.
    """

    def __init__(self, path: Path) -> None:
        """Read the record; the log is read by :meth:`follow`.

        Raises:
            UserError: if the folder is no run, or its record is damaged.
        """
        self.path = path
        self.run: WatchedRun = watched_run(path)
        self._log = LogReader(path / LOG)
        self._forget()

    def _forget(self) -> None:
        self.iterations_done = 0
        self.courses: dict[str, Course] = {}
        self.key_frames: tuple[float, ...] = ()
        self.memory: float | None = None
        self._pace: deque[tuple[int, float]] = deque(maxlen=PACED)

    def follow(self) -> Iterator[Reading]:
        """Yield the iterations that were logged since the last call, taking each in.

        After a resume the log begins anew, and all of its iterations come again.

        Raises:
            UserError: if the record or a line of the log is damaged.
        """
        # The record comes first: where it says that the run is done, the log that is read now is whole.
        self.run = watched_run(self.path)
        anew, entries = self._log.read()
        if anew:
            self._forget()
        for entry in entries:
            reading = self._reading(entry)
            self._take(reading)
            yield reading

    def _reading(self, entry: Mapping[str, Any]) -> Reading:
        step = entry["step"]
        if not 0 <= step < 2**53:
            raise UserError(
                f"the log in {str(self.path)!r} is damaged: it names an iteration {step}; start over with --fresh"
            )
        numbers = {name: float(value) for name, value in entry.items() if _is_number(value)}
        values = {name: value for name, value in numbers.items() if name not in _NOT_VALUES}
        counts = entry.get(KEY_FRAMES)
        per_class: tuple[float, ...] = ()
        if isinstance(counts, list) and counts and all(_is_number(count) for count in counts):
            values[KEY_FRAMES] = sum(counts) / len(counts)
            per_class = _by_class(counts, self.run.vpc)
        return Reading(step, numbers.get("seconds"), numbers.get("memory"), values, per_class)

    def _take(self, reading: Reading) -> None:
        self.iterations_done = reading.step + 1
        for name, value in reading.values.items():
            course = self.courses.setdefault(name, Course())
            course.values.append(value)
            course.step = reading.step
        self.key_frames = reading.key_frames
        if reading.memory is not None:
            # Of the process that wrote it: one that resumes begins again with little.
            self.memory = max(reading.memory, self.memory or 0.0)
        if reading.seconds is not None:
            self._pace.append((reading.step, reading.seconds))

    def class_name(self, label: int) -> str:
        """Return the name of a class; ``class 3`` where nothing says it yet."""
        names = self.run.class_names
        return names[label] if label < len(names) else f"class {label}"

    @property
    def seconds(self) -> float | None:
        """Time of the iterations so far, None before the first."""
        return self._pace[-1][1] if self._pace else None

    @property
    def rate(self) -> float | None:
        """Iterations a second lately, None before the second of them."""
        if len(self._pace) < 2:
            return None
        (first, began), (last, ended) = self._pace[0], self._pace[-1]
        return (last - first) / (ended - began) if last > first and ended > began else None

    @property
    def seconds_left(self) -> float | None:
        """Time that the remaining iterations take at this rate, None where it is not known."""
        left = self.run.iterations - self.iterations_done
        return left / self.rate if self.rate and left > 0 else None

    @property
    def began(self) -> float:
        """Return about when the iterations began, in seconds since 1970: the log counts from there."""
        # A resume writes the record anew; the log goes on from the checkpoint, and so do the seconds in it.
        written = self.path / (RECORD if self.seconds is None else LOG)
        return _modified(written) - (self.seconds or 0.0)

    def silence(self) -> float:
        """Return the seconds since the run last wrote its record or its log."""
        # A run that starts over has no log for a moment, and clocks of other machines may be ahead.
        written = max(_modified(self.path / name) for name in (RECORD, LOG))
        return max(time.time() - written, 0.0)

    @property
    def status(self) -> Literal["finished", "preparing", "silent", "running"]:
        """Where the run is.

        ``preparing`` is before the first iteration, where nothing is written for as long as it takes; ``silent`` says
        that no line has come for longer than lines have taken, for whatever reason.
        """
        if self.run.done:
            return "finished"
        if self.iterations_done == 0:
            return "preparing"
        patience = max(PATIENCE_SECONDS, PATIENCE_ITERATIONS / self.rate if self.rate else 0.0)
        return "silent" if self.silence() > patience else "running"


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _is_number(value: Any) -> bool:
    # By the type itself: bool is an int too, and this is asked for every video of every line.
    return type(value) in (int, float) and -1e300 < value < 1e300


def _by_class(counts: list[float], vpc: int) -> tuple[float, ...]:
    """Return the mean of each class's videos, which come class after class."""
    if vpc < 1 or len(counts) % vpc:
        return ()
    return tuple(sum(counts[i : i + vpc]) / vpc for i in range(0, len(counts), vpc))
