"""What a run's record says that a watcher needs, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidense.errors import UserError
from vidense.records import read_json
from vidense.report.commands import condense_command, evaluate_command
from vidense.run_files import DATASET, DATASET_INDEX, RECORD
from vidense.runlog import read_record

__all__ = ["WatchedRun", "watched_run"]

INDEX = Path(DATASET, DATASET_INDEX)
# More iterations than anything runs.
MOST = 2**53


@dataclass(frozen=True)
class WatchedRun:
    """A run as it was asked for.

    Attributes:
        method: name of the method.
        iterations: length of the run, 0 for coresets.
        vpc: videos per class.
        seed: of the run.
        data: content hash of the store.
        class_names: empty where nothing says them yet.
        done: whether the dataset is written.
        seconds: that the iterations took, None before the last of them.
        lr: learning rate, None while it is searched for or where there is none.
        continuing: the command that continues the run; STORE stands for the folder of the store.
        next_command: the command that evaluates it, likewise.
    """

    method: str
    iterations: int
    vpc: int
    seed: int
    data: str
    class_names: tuple[str, ...]
    done: bool
    seconds: float | None
    lr: float | None
    continuing: str
    next_command: str


def watched_run(path: Path) -> WatchedRun:
    """Read what the record of a run says.

    Raises:
        UserError: if the folder is no run, or its record lacks something.
    """
    record = read_record(path)
    try:
        return _watched(path, record)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(
            f"{str(path / RECORD)!r} is damaged ({type(error).__name__}: {error}); condense it again with --fresh"
        ) from None


def _watched(path: Path, record: Mapping[str, Any]) -> WatchedRun:
    settings = record["settings"]
    lr = record.get("tuning", {}).get("lr", settings["options"].get("lr"))
    asked = {**record["asked"], "sources": settings.get("sources")} if "asked" in record else settings
    return WatchedRun(
        method=str(settings["method"]),
        iterations=_count(settings["iterations"]),
        vpc=int(settings["vpc"]),
        seed=int(settings["seed"]),
        data=str(settings["data"]),
        class_names=_class_names(path, record),
        done=record["status"] == "done",
        seconds=None if record.get("seconds") is None else float(record["seconds"]),
        lr=None if lr in (None, "auto") else float(lr),
        continuing=condense_command(asked, out=str(path)),
        next_command=evaluate_command(str(path), foreign=bool(settings.get("sources"))),
    )


def _count(value: Any) -> int:
    if not 0 <= int(value) < MOST:
        raise ValueError(f"{str(value)[:20]} iterations")
    return int(value)


def _class_names(path: Path, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names from the record, or, of a run made before they stood there, from its dataset."""
    if "class_names" not in record and (path / INDEX).exists():
        record = read_json(path / INDEX)
    return tuple(str(name) for name in record.get("class_names", ()))
