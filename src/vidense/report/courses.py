"""What a run's log says of its course: boiled down to what a chart can show."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidense.records import open_file
from vidense.runlog import read_log

__all__ = ["Stretches", "read_stretches", "rising"]

# More points than this no screen resolves.
STRETCHES = 200
# A loss this many times what it was early in a run has risen, and not merely wavered.
RISEN = 1.1
# Numbers that nobody measured, whose sums would leave float64, and more than anybody counted.
LARGEST, LARGEST_COUNT = 1e300, 2**63
ADVICE = (
    "the loss rose from {:.4g} early in the run to {:.4g} at its end: the learning rate is likely too high; "
    "try a third of it"
)


@dataclass(frozen=True)
class Stretches:
    """A run's log, as means over stretches of iterations.

    Attributes:
        ends: the iteration each stretch ends with, 1-based.
        loss: mean of each.
        key_frames: a video, at the end of each; empty where there are none.
        trigger_rate: share of candidates that triggered, mean of each; None where none could.
        cosines: of gradients between neighbours, counted in 20 bins from -1 to 1 over the whole run; empty where none.
        inserted: the iteration (1-based) at which a frame was inserted, by video and time; empty for older runs.
    """

    ends: tuple[int, ...]
    loss: tuple[float, ...]
    key_frames: tuple[float, ...]
    trigger_rate: tuple[float | None, ...]
    cosines: tuple[int, ...]
    inserted: Mapping[tuple[int, int], int]


def read_stretches(log: Path, most: int = STRETCHES) -> Stretches | None:
    """Read a log; None for a run without iterations.

    Args:
        log: ``log.jsonl`` of a run.
        most: stretches to boil it down to, fewer for a shorter log.

    Raises:
        UserError: if a line is no entry.
        KeyError: if an entry lacks its loss.
        TypeError: if a value is of another kind.
        ValueError: if a value is of another kind.
    """
    length = _lines(log)
    parts = [_Part() for _ in range(min(most, length))]
    cosines = Counter[int]()
    inserted: dict[tuple[int, int], int] = {}
    # One entry after another: a log of many videos is larger than what is kept of it.
    for number, entry in enumerate(read_log(log)):
        parts[number * len(parts) // length].add(entry)
        cosines.update({place: _count(count) for place, count in enumerate(entry.get("cosine_histogram", ()))})
        inserted |= {(int(video), int(time)): int(entry["step"]) + 1 for video, time in entry.get("inserted", ())}
    full = [part for part in parts if part.loss]
    if not full:
        return None
    keys = [part.key_frames for part in full]
    return Stretches(
        ends=tuple(part.end for part in full),
        loss=tuple(_mean(part.loss) for part in full),
        key_frames=tuple(_mean(of) for of in keys) if all(keys) else (),
        trigger_rate=tuple(_mean(part.rates) if part.rates else None for part in full),
        cosines=tuple(cosines[place] for place in range(len(cosines))),
        inserted=inserted,
    )


def rising(stretches: Stretches | None) -> str | None:
    """Return a sentence if the last tenth of a run had a higher loss than the second, None if all is well."""
    tenth = 0 if stretches is None else len(stretches.loss) // 10
    if stretches is None or tenth < 1:
        return None
    early, late = _mean(stretches.loss[tenth : 2 * tenth]), _mean(stretches.loss[-tenth:])
    return ADVICE.format(early, late) if early > 0 and late > RISEN * early else None


def _lines(log: Path) -> int:
    if not log.exists():
        return 0
    with open_file(log) as file:
        return sum(1 for _ in file)


@dataclass
class _Part:
    """What is kept of a stretch of a log while it is read."""

    end: int = 0
    loss: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    key_frames: list[float] = field(default_factory=list)

    def add(self, entry: Mapping[str, Any]) -> None:
        """Take in an entry."""
        self.end = _count(entry["step"]) + 1
        self.loss.append(_finite(entry["loss"]))
        self.rates += [_finite(entry["trigger_rate"])] if "trigger_rate" in entry else []
        self.key_frames = [_finite(count) for count in entry.get("key_frames") or ()]


def _finite(value: Any) -> float:
    # Far larger ones are finite too, and their differences are not.
    if not abs(value) < LARGEST:
        raise ValueError(f"a log holds {value}")
    return float(value)


def _count(value: Any) -> int:
    if not 0 <= value < LARGEST_COUNT:
        raise ValueError(f"a log counts {str(value)[:20]}")
    return int(value)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
