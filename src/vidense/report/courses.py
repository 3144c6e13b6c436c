"""What a run's log says of its course: boiled down to what a chart can show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidense.runlog import read_log

__all__ = ["Stretches", "read_stretches"]

# More points than this no screen resolves.
STRETCHES = 200


@dataclass(frozen=True)
class Stretches:
    """A run's log, as means over stretches of iterations.

    Attributes:
        length: iterations.
        ends: the iteration each stretch ends with, 1-based.
        loss: mean of each.
        key_frames: a video, at the end of each; empty where there are none.
        trigger_rate: share of candidates that triggered, mean of each; None where insertion was off.
        cosines: of gradients between neighbours, counted in 20 bins from -1 to 1 over the whole run; empty where none.
        inserted: the iteration (1-based) at which a frame was inserted, by video and time; empty for older runs.
    """

    length: int
    ends: tuple[int, ...]
    loss: tuple[float, ...]
    key_frames: tuple[float, ...]
    trigger_rate: tuple[float | None, ...]
    cosines: tuple[int, ...]
    inserted: Mapping[tuple[int, int], int]


def read_stretches(log: Path) -> Stretches | None:
    """Read a log; None for a run without iterations.

    Raises:
        UserError: if a line is no entry.
        KeyError: if an entry lacks its loss.
        TypeError: if a value is of another kind.
        ValueError: if a value is of another kind.
    """
    entries = list(read_log(log))
    if not entries:
        return None
    count = min(STRETCHES, len(entries))
    parts = [entries[i * len(entries) // count : (i + 1) * len(entries) // count] for i in range(count)]
    keys = [part[-1].get("key_frames") or [] for part in parts]
    rates = [[float(entry["trigger_rate"]) for entry in part if "trigger_rate" in entry] for part in parts]
    histograms = [entry["cosine_histogram"] for entry in entries if "cosine_histogram" in entry]
    return Stretches(
        length=int(entries[-1]["step"]) + 1,
        ends=tuple(int(part[-1]["step"]) + 1 for part in parts),
        loss=tuple(_mean([float(entry["loss"]) for entry in part]) for part in parts),
        key_frames=tuple(_mean(of) for of in keys) if all(keys) else (),
        trigger_rate=tuple(_mean(of) if of else None for of in rates),
        cosines=tuple(int(sum(column)) for column in zip(*histograms, strict=True)),
        inserted=_inserted(entries),
    )


def _inserted(entries: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], int]:
    return {
        (int(video), int(time)): int(entry["step"]) + 1
        for entry in entries
        for video, time in entry.get("inserted", ())
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
