"""From a store and settings to a condensed dataset in a run folder; resumes, and recognises a finished run."""

from contextlib import closing
from pathlib import Path
from typing import Any

from vidense.checkpoints import SECONDS
from vidense.condensed import CondensedDataset
from vidense.data.store import ClipStore
from vidense.engine.execute import execute
from vidense.engine.run import RunFolder
from vidense.engine.settings import as_asked, resolve
from vidense.engine.workshop import making
from vidense.errors import UserError
from vidense.progress import PhaseProgress

__all__ = ["condense"]


def condense(
    store: str | Path,
    out: str | Path,
    *,
    fresh: bool = False,
    progress: PhaseProgress | None = None,
    checkpoint_seconds: float = SECONDS,
    **settings: Any,
) -> CondensedDataset:
    """Condense the training clips of a store.

    The same call again resumes an unfinished run, bit for bit on a CPU, and returns a finished one at once.

    Args:
        store: folder that ``prepare`` wrote.
        out: folder of the run.
        fresh: forget an earlier run in ``out``.
        progress: called as ``progress(phase, done, total, latest log entry)``.
        checkpoint_seconds: how much work an interruption may cost.
        settings: fields of :class:`vidense.engine.settings.CondenseSettings`.

    Returns:
        The dataset as read back from disk.

    Raises:
        UserError: for anything wrong with the paths or the settings.
        DivergenceError: if a loss or a video stops being finite.
    """
    opened = ClipStore.open(Path(store))
    job = resolve(settings, opened)
    with closing(RunFolder(Path(out), job.to_json(opened.content_hash))) as run:
        finished = run.open(fresh=fresh)
        if finished is not None:
            return finished
        # Nothing of this decides the result; it is for whoever watches the run, or has to continue it. Where the store
        # lies is left out, and so is where files lie that options name: a run may be given away, and no file of it
        # names a folder of the machine that made it.
        run.write(asked=as_asked(settings, job), class_names=list(opened.class_names))
        report: PhaseProgress = progress or (lambda phase, done, total, entry: None)
        task = job.task(opened, making(report, checkpoint_seconds))
        try:
            return execute(job, task, run, report, checkpoint_seconds)
        except UserError:
            run.abandon()
            raise
