"""The runs of points: condensed once, for every benchmark that measures them."""

from pathlib import Path
from typing import Any

from benchmarks.points import Point
from vidense import condense, load
from vidense.condensed import CondensedDataset
from vidense.locks import taking_turns
from vidense.run_files import RECORD
from vidense.runlog import read_record

__all__ = ["condensed", "finished"]


def finished(point: Point, work: Path) -> CondensedDataset | None:
    """Return what the run of a point ended with, whatever its settings; None where it did not."""
    run = point.folder(work)
    done = (run / RECORD).exists() and read_record(run).get("status") == "done"
    return load(run) if done else None


def condensed(point: Point, work: Path, device: str) -> CondensedDataset:
    """Return what a point condenses from ``work/store``; another process that makes the same run is waited for.

    Raises:
        UserError: if the point cannot be condensed, or its folder holds a run with other settings.
    """
    length: dict[str, Any] = {"iterations": point.iterations} if point.iterations else {}
    size: dict[str, Any] = {"budget": point.budget} if point.budget else {"vpc": point.vpc}
    asked = {"method": point.method, "seed": point.seed, "options": point.options, **size, **length}
    run = point.folder(work)
    with taking_turns(run):
        return condense(work / "store", run, device=device, **asked)
