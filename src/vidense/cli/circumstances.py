"""What stops a command and is neither a wrong word nor our defect: paths, the disk, memory.

Asking beforehand would not help, for a disk may fill while a command runs; so the errors themselves are put into words.
"""

import errno
import sys
from collections.abc import Iterator

__all__ = ["circumstance"]

# How torch's allocator of the CPU says it, in an error of no type of its own.
NO_MEMORY = "DefaultCPUAllocator: can't allocate memory: "


def circumstance(error: BaseException) -> str | None:
    """Return one sentence about an error of the file system or of too little memory; None for any other."""
    if any(map(_says_full, _chain(error))):
        return "the disk is full; make room there and repeat the command"
    if isinstance(error, OSError) and error.filename is not None:
        # Renaming names two files: first a temporary one, then the one that was asked for.
        path = error.filename2 or error.filename
        return f"{str(path)!r} cannot be used ({error.strerror}); check the path and its permissions, or give another"
    # Where torch was not loaded, it has not run out of memory.
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        # What follows is about the allocator.
        asked = ". ".join(str(error).split(". ")[:2])
        return f"the GPU has too little memory ({asked}); make batches smaller by --set, or give another --device"
    if isinstance(error, MemoryError) or NO_MEMORY in str(error):
        asked = str(error).partition(NO_MEMORY)[2].partition(". ")[0]
        return f"the machine has too little memory{asked and f' ({asked})'}; make videos, batches or networks smaller"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that led to it: torch's own, for one, says nothing of the disk."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _says_full(error: BaseException) -> bool:
    # safetensors writes in Rust, whose errors reach Python as text.
    return getattr(error, "errno", None) == errno.ENOSPC or f"(os error {errno.ENOSPC})" in str(error)
