"""The file that interrupted work is taken up from."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from vidense.errors import UserError
from vidense.records import disjoint, is_leftover, replacing

__all__ = ["SECONDS", "Checkpoint"]

# How much work an interruption may cost.
SECONDS = 30.0


class Checkpoint:
    """The state of unfinished work, replaced in one move every few seconds; nothing in it is unpickled."""

    def __init__(self, file: Path, seconds: float = SECONDS) -> None:
        """Name the file and start the clock; nothing is touched yet.

        Args:
            file: where the state goes.
            seconds: the least time from now, or from one state, to the next.
        """
        self._file, self._seconds = file, seconds
        self._began = self._kept = time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Seconds the work has taken up to now, those before the interruption included."""
        return time.perf_counter() - self._began

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """Return the last state, its tensors on ``device``; None where there is none. Only one process may ask.

        Raises:
            UserError: if it cannot be read.
        """
        self._sweep()
        if not self._file.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(self._file, map_location=device, weights_only=True)
            self._began -= state.pop("seconds")
        except Exception as error:  # torch raises many kinds for a damaged file
            raise UserError(
                f"checkpoint {str(self._file)!r} cannot be read ({error}); delete it to start over"
            ) from None
        return state

    def keep(self, state: Callable[[], dict[str, Any]]) -> None:
        """Write what ``state`` returns (tensors, numbers, strings, lists, dicts) if the last one is old enough."""
        if time.perf_counter() - self._kept < self._seconds:
            return
        # Through a file of Python's, whose error says why a disk takes no more; torch's own does not.
        with replacing(self._file) as temporary, temporary.open("wb") as file:
            torch.save(disjoint(state(), {"seconds": self.elapsed}), file)
        self._kept = time.perf_counter()

    def discard(self) -> None:
        """Delete the file: what the work made is safe."""
        self._file.unlink(missing_ok=True)
        self._sweep()

    def _sweep(self) -> None:
        # Each kill may have left one of gigabytes.
        for half in self._file.parent.glob(f".{self._file.name}.*"):
            if is_leftover(half, self._file.name):
                half.unlink(missing_ok=True)
