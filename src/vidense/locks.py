"""Locks on files, for what one process writes at a time; the system drops them when a process ends or is killed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["Lock", "taking_turns"]


class Lock:
    """An exclusive lock on a file that stays empty; where the file system has no locks, nobody is kept out."""

    def __init__(self, file: Path) -> None:
        """Name the file; it is made when the lock is taken, with its folder."""
        self._lock = FileLock(file)

    def take(self, *, wait: bool = False) -> bool:
        """Return whether it is ours now; with ``wait`` it will be, however long another process takes."""
        Path(self._lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            return False
        except NotImplementedError:  # some network file systems
            return True
        return True

    def release(self, *, remove: bool = False) -> None:
        """Let go of it, if it is ours; ``remove`` deletes the file, which only a lock that nobody waits for may do."""
        if remove and self._lock.is_locked:
            with suppress(OSError):  # some systems keep what is open
                Path(self._lock.lock_file).unlink()
        self._lock.release()


@contextmanager
def taking_turns(entry: Path, locks: Path | None = None) -> Iterator[None]:
    """Hold the lock of ``CACHE/KIND/NAME``, after whoever holds it now; then look again, for it may have been made.

    Args:
        entry: what is made.
        locks: folder of the lock; None for ``CACHE/locks``.
    """
    lock = Lock((locks or entry.parent.parent / "locks") / f"{entry.name}.lock")
    if not lock.take():
        logging.getLogger("vidense").warning("another process is making %s; waiting for it", entry)
        lock.take(wait=True)
    try:
        yield
    finally:
        lock.release()
