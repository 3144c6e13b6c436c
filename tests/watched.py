"""Run folders as a run leaves them on its way, written without one."""

import json
from pathlib import Path
from typing import Any

CLASSES = ["jump", "walk"]


def settings_of(**changes: Any) -> dict[str, Any]:
    """Return what a record keeps of what was asked for."""
    settings = {"method": "prism", "options": {"lr": 3.0, "max_keys": None}, "vpc": 1, "max_frames": None}
    settings |= {"budget": None, "iterations": 10, "scale": "small", "seed": 0, "store_dtype": "uint8", "data": "da7a"}
    return settings | changes


def entry_of(step: int, **more: Any) -> dict[str, Any]:
    """Return a line of the log; an iteration takes two seconds."""
    return {"step": step, "loss": 4.0 - step / 4, **more, "seconds": 2.0 * (step + 1)}


class WrittenRun:
    """A run of ten iterations on two classes."""

    def __init__(self, path: Path, **settings: Any) -> None:
        path.mkdir(parents=True)
        self.path, self.log = path, path / "log.jsonl"
        self._record = {"format": "vidense-run", "version": 1, "status": "running", "settings": settings_of(**settings)}
        asked = {"method": "prism", "iterations": 10, "options": {"lr": 3.0}}
        self.record(asked=asked, class_names=CLASSES)

    def record(self, **fields: Any) -> None:
        """Write fields of the record; None removes one."""
        self._record = {name: value for name, value in (self._record | fields).items() if value is not None}
        (self.path / "run.json").write_text(json.dumps(self._record))

    def add(self, *steps: int, **more: Any) -> None:
        """Append iterations to the log."""
        with self.log.open("a") as file:
            file.writelines(json.dumps(entry_of(step, **more)) + "\n" for step in steps)

    def finish(self) -> None:
        """Say that the run is done."""
        self.record(status="done", seconds=20.0, peak_memory=10**8)
