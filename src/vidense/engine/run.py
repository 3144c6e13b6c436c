"""The folder of a run: settings, log, checkpoint; half-written work is never taken for finished."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidense.condensed import CondensedDataset, load
from vidense.errors import UserError
from vidense.locks import OWN_LOCK, Lock
from vidense.records import is_leftover, remove, write_json
from vidense.run_files import ADDED, CHECKPOINT, DATASET, LOG, RECORD, SNAPSHOTS
from vidense.runlog import FORMAT, VERSION, read_record

__all__ = ["RunFolder"]


class RunFolder:
    """One run on disk.

    ``run.json`` says what was asked and how far it came; ``checkpoint.pt`` exists only between the start and the end;
    ``dataset/`` is the result; ``snapshots/`` holds the dataset as it was on the way.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        """Name a run; nothing is touched until :meth:`open`.

        Args:
            path: the folder.
            settings: all that decides the result, as JSON types.
        """
        self.path, self.settings = path, settings
        self.record: dict[str, Any] = {}
        self._lock = Lock(path / OWN_LOCK)

    @property
    def log(self) -> Path:
        """Where the log goes."""
        return self.path / LOG

    @property
    def dataset(self) -> Path:
        """Where the result goes."""
        return self.path / DATASET

    @property
    def finished(self) -> bool:
        """Whether this very run was completed before."""
        record = read_record(self.path) if (self.path / RECORD).exists() else {}
        return record.get("status") == "done" and record.get("settings") == self.settings

    @property
    def checkpoint(self) -> Path:
        """Where the state of the unfinished loop goes."""
        return self.path / CHECKPOINT

    def snapshot(self, step: int) -> Path:
        """Where the dataset as of iteration ``step`` goes."""
        return self.path / SNAPSHOTS / f"step-{step:06d}"

    def open(self, *, fresh: bool) -> CondensedDataset | None:
        """Create the folder, or take up the unfinished run in it; no other process may write it until :meth:`close`.

        Returns:
            The finished dataset where this very run was completed before, else None.

        Raises:
            UserError: if the folder holds something else, a damaged run or one with other settings, or another process
                writes it.
        """
        if not (self.path / RECORD).exists():
            self._check_free()
        elif fresh:
            self._check_ours()
        elif (dataset := self._take_up()) is not None:
            return dataset
        if not self._lock.take():
            raise UserError(f"another process is writing {str(self.path)!r}; wait for it, or give another --out")
        # Whoever held it may have begun this run since, or finished it.
        if not fresh and (self.path / RECORD).exists():
            return self._resume()
        # First, so that a kill from here on leaves the earlier run or one that starts over, and never the earlier run's
        # state under the new one's settings.
        self.checkpoint.unlink(missing_ok=True)
        self.record = {"format": FORMAT, "version": VERSION, "status": "running", "settings": self.settings}
        self.write()
        self._clear()
        return None

    def abandon(self) -> None:
        """Forget a run of which nothing was made, so that the same folder takes it with other settings."""
        made = (self.log, self.dataset, self.checkpoint)
        if "tuning" not in self.record and not any(path.exists() for path in made):
            (self.path / RECORD).unlink(missing_ok=True)

    def close(self) -> None:
        """Let other processes write the folder."""
        self._lock.release(remove=True)

    def write(self, **fields: Any) -> None:
        """Add fields to ``run.json``."""
        self.record |= fields
        write_json(self.path / RECORD, self.record)

    def finish(self, **fields: Any) -> None:
        """Mark the run done; its checkpoint is no longer needed."""
        self.write(status="done", **fields)
        self.checkpoint.unlink(missing_ok=True)

    def _take_up(self) -> CondensedDataset | None:
        self.record = read_record(self.path)
        self._check_same()
        if self.record["status"] != "done":
            return None
        try:
            return load(self.dataset)
        except UserError as error:
            raise UserError(
                f"the run in {str(self.path)!r} is finished but its dataset is not whole ({error}); start over with "
                "`vidense condense --fresh`"
            ) from None

    def _resume(self) -> CondensedDataset | None:
        dataset = self._take_up()
        if dataset is None and not self.checkpoint.exists():
            # It starts over; what is there may be of an earlier run, which was not cleared to the end.
            self._clear()
        elif dataset is None:
            # A run makes no links: what they point at is not the run's.
            for link in filter(Path.is_symlink, (self.dataset, self.path / SNAPSHOTS)):
                link.unlink()
        return dataset

    def _clear(self) -> None:
        # Only what a run writes is deleted; first of all, what would be taken for the new run's.
        for name in (*ADDED, LOG, DATASET, SNAPSHOTS):
            remove(self.path / name)

    def _check_free(self) -> None:
        if self.path.is_file():
            raise UserError(f"--out {str(self.path)!r} is a file; give a folder")
        files = self.path.iterdir() if self.path.exists() else ()
        if any(file.name != OWN_LOCK and not is_leftover(file, RECORD) for file in files):
            raise UserError(f"--out {str(self.path)!r} is not empty and holds no run; give a new or empty folder")

    def _check_ours(self) -> None:
        # A damaged record among what a run writes is a run's; alone, or of another format, it may be anybody's.
        if (self.path / DATASET).exists() or (self.path / LOG).exists():
            try:
                json.loads((self.path / RECORD).read_text(encoding="utf-8"))
            except ValueError:
                return
        read_record(self.path, whole=False)

    def _check_same(self) -> None:
        before, now = _flat(self.record["settings"]), _flat(self.settings)
        differing = [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
        if differing:
            changes = ", ".join(f"{key} {before.get(key)!r} -> {now.get(key)!r}" for key in differing)
            raise UserError(
                f"{str(self.path)!r} holds a run with other settings ({changes}); give another --out, or start over "
                "with `vidense condense --fresh`"
            )


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the method's options beside them, so that of many options those that differ are told."""
    options = settings.get("options", {})
    own = {name: value for name, value in settings.items() if name != "options"}
    return own | {f"option {name}": value for name, value in options.items()}
