"""Files and folders written whole or not at all, and hashes of their content. Needs no torch."""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from reprlib import repr as brief
from typing import Any, BinaryIO, TypeVar

from vidense.errors import UserError

__all__ = [
    "appearing",
    "condensed_hash",
    "content_hash",
    "disjoint",
    "file_hash",
    "holds",
    "is_free",
    "is_leftover",
    "numbered_name",
    "open_file",
    "read_json",
    "read_json_of",
    "remove",
    "replacing",
    "write_json",
]

# Of a class name, in the name of a file.
LONGEST_NAME = 60
T = TypeVar("T")


def content_hash(value: Any) -> str:
    """Return 16 hex digits that depend only on the JSON content of ``value`` (key order does not matter)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def condensed_hash(index: Mapping[str, Any]) -> str:
    """Return the hash of a condensed dataset's stored numbers and of what decodes them, from its ``condensed.json``."""
    return content_hash([index["tensors_sha256"], index["parameterization"], index["record"]])


def disjoint(*parts: Mapping[str, T]) -> dict[str, T]:
    """Return all entries of ``parts`` in one dict.

    Raises:
        ValueError: if a name stands in two of them, where one would silently replace the other.
    """
    joined: dict[str, T] = {}
    for part in parts:
        if twice := sorted(set(joined) & set(part)):
            raise ValueError(f"{', '.join(map(repr, twice))} stands for two things; rename one")
        joined |= part
    return joined


def numbered_name(number: int, name: str) -> str:
    """Return a name for a file or folder, such as ``00003-a-b``; what ``name`` holds cannot lead anywhere else."""
    return f"{number:05}-{re.sub(r'[^A-Za-z0-9]+', '-', name)[:LONGEST_NAME].strip('-')}".rstrip("-")


def open_file(path: Path) -> BinaryIO:
    """Open a file to read its bytes.

    Raises:
        OSError: if it cannot be read, or is no file: of a link to a device, or of a pipe, reading may never end.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return path.open("rb")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hex digits; raises as :func:`open_file`."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(file)


def _digest(file: Any) -> str:
    # Python 3.10 has no hashlib.file_digest.
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it into place on success, delete it on failure.

    A reader therefore sees the old file or the new one, never a half-written one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        with temporary.open("rb") as file:
            # Without this a power cut may leave the new name on an empty file.
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def appearing(folder: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside ``folder``; rename it into place on success, delete it on failure.

    Args:
        folder: its final path.
        replace: take the place of what is there.

    Raises:
        UserError: if no folder can be made there.
        OSError: if ``folder`` is there and not empty, without ``replace``; what is in it stays.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise UserError(f"{str(folder)!r} cannot be made ({error.strerror}); give another path") from None
    try:
        yield temporary
        temporary.chmod(0o755)
        if replace:
            remove(folder)
        elif folder.exists():
            # Not every system renames onto a folder, even onto an empty one.
            folder.rmdir()
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def is_leftover(path: Path, *names: str) -> bool:
    """Return whether a file is what a process that was killed while :func:`replacing` one of ``names`` left behind."""
    kinds = (re.escape(f".{name}.") + "[a-z0-9_]{8}" + re.escape(Path(name).suffix) for name in names)
    return any(re.fullmatch(kind, path.name) for kind in kinds)


def is_free(folder: Path, *names: str) -> bool:
    """Return whether nothing is there, or a folder that is empty but for what a kill left behind of ``names``."""
    return not folder.exists() or (folder.is_dir() and all(is_leftover(file, *names) for file in folder.iterdir()))


def remove(path: Path) -> None:
    """Delete a file or a folder if it is there; of a link, the link and not what it points at."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as readable JSON, atomically. NaN and infinity are refused: JSON has no such numbers."""
    text = json.dumps(value, indent=1, allow_nan=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def holds(path: Path, key: str, value: Any) -> bool:
    """Return whether a JSON file is there, readable, and has ``value`` at ``key``."""
    try:
        found = read_json(path)
    except UserError:
        return False
    return isinstance(found, dict) and bool(found.get(key) == value)


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        UserError: if the file is missing or is not JSON.
    """
    try:
        with open_file(path) as file:
            return json.loads(file.read().decode("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{str(path)!r} does not exist; check the path") from None
    except (ValueError, RecursionError, OSError) as error:
        raise UserError(f"{str(path)!r} is not readable JSON ({error}); it may be damaged: create it again") from None


def read_json_of(path: Path, form: str, version: int, advice: str) -> dict[str, Any]:
    """Read a JSON object that says what it is.

    Args:
        path: of the file.
        form: its ``format``.
        version: its ``version``.
        advice: what to do about another format or version.

    Raises:
        UserError: if the file is missing, is not JSON, or is of another format or version.
    """
    value = read_json(path)
    if not isinstance(value, dict) or value.get("format") != form:
        raise UserError(f"{str(path)!r} is no {form} file; {advice}")
    if value.get("version") != version:
        found = brief(value.get("version"))
        raise UserError(f"{str(path)!r} is of version {found}, this vidense reads version {version}; {advice}")
    return value
