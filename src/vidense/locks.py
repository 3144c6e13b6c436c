"""Locks on files, for what one process writes at a time; the system drops them when a process ends or is killed."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from inspect import signature
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from vidense.errors import UserError

__all__ = ["OWN_LOCK", "Lock", "taking_turns"]

# In a folder that one process writes at a time.
OWN_LOCK = ".lock"

# Where a file system has no locks, newer versions of the library would take a file for one, which a kill leaves behind.
NATIVE: dict[str, Any] = (
    {"fallback_to_soft": False} if "fallback_to_soft" in signature(FileLock.__init__).parameters else {}
)
# What network file systems answer that have none.
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


class Lock:
    """An exclusive lock on a file that stays empty; where the file system has no locks, nobody is kept out."""

    def __init__(self, file: Path) -> None:
        """Name the file; it is made when the lock is taken, with its folder."""
        self._lock = FileLock(file, **NATIVE)

    def take(self, *, wait: bool = False) -> bool:
        """Return whether it is ours now; with ``wait`` it will be, however long another process takes."""
        file = Path(self._lock.lock_file)
        file.parent.mkdir(parents=True, exist_ok=True)
        # The library opens the file, and older versions empty it.
        if file.is_symlink():
            raise UserError(f"{str(file)!r} is a link, which vidense never makes; delete it")
        try:
            self._lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            return False
        except NotImplementedError:
            return True
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
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
