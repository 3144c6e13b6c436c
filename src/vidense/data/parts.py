"""Preparing shard by shard, so that an interrupted preparation continues where it stopped."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidense.data.frame_folder import stamp, video_hash
from vidense.data.layouts import Listing
from vidense.data.pool import Failed, Read
from vidense.data.prepare_report import REPORT
from vidense.data.settings import PrepareSettings
from vidense.data.store_index import FORMAT, INDEX
from vidense.errors import UserError
from vidense.locks import OWN_LOCK
from vidense.records import holds, is_free, is_leftover, read_json, remove, replacing, write_json

__all__ = [
    "PLAN",
    "Chunk",
    "chunks",
    "clear",
    "damaged_shards",
    "is_unplanned",
    "read_part",
    "refuse_changes",
    "refuse_other_settings",
    "rows_per_shard",
    "sweep",
    "write_part",
]

PLAN = "plan.json"
"""What an unfinished store was asked for, in its folder ``parts``."""

SHARD_BYTES = 64 << 20
"""Size that a shard does not exceed, unless one video alone does."""


@dataclass(frozen=True)
class Chunk:
    """The videos that become one shard.

    Attributes:
        name: of the shard's files, such as ``train-00000``.
        split: ``"train"`` or ``"test"``.
        members: positions in the listing.
    """

    name: str
    split: str
    members: tuple[int, ...]


def rows_per_shard(settings: PrepareSettings) -> int:
    """Return how many videos go into one shard, at least 1."""
    return max(1, SHARD_BYTES // (settings.clips * settings.frames * settings.spec.frame_numbers))


def chunks(listing: Listing, rows: int) -> Iterator[Chunk]:
    """Deal the videos of each split into chunks of at most ``rows``, in order."""
    for split in ("train", "test"):
        members = [i for i, entry in enumerate(listing.entries) if entry.split == split]
        for number, start in enumerate(range(0, len(members), rows)):
            yield Chunk(f"{split}-{number:05}", split, tuple(members[start : start + rows]))


def write_part(
    out: Path, chunk: Chunk, settings: PrepareSettings, listing: Listing, results: Iterator[Read | Failed]
) -> dict[str, Any]:
    """Write one shard and then its record, without which the shard does not count.

    Args:
        out: the store's folder.
        chunk: which videos.
        settings: of the store.
        listing: all videos.
        results: what was read, one per member of the chunk, in order.

    Returns:
        The record: ``shard`` (None where no video could be read), ``videos`` and ``failures``.
    """
    pixels = np.empty((len(chunk.members), settings.clips, *settings.spec.shape), np.uint8)
    videos: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    for position in chunk.members:
        entry = listing.entries[position]
        common = {"path": entry.path, "split": entry.split, **stamp(listing.root / entry.path)}
        result = next(results)
        if isinstance(result, Failed):
            failures.append({**common, "class": entry.class_name, **vars(result)})
            continue
        pixels[len(videos)] = result.pixels
        flips = settings.request(listing, position).flips
        videos.append(
            {
                **common,
                "label": listing.class_names.index(entry.class_name),
                "group": entry.group,
                "sha256": result.sha256,
                "length": result.length,
                "windows": result.windows,
                "flips": list(flips),
            }
        )
    shard = None
    if videos:
        file = out / f"{chunk.name}.npy"
        _save(file, pixels[: len(videos)])
        shape = [len(videos), *pixels.shape[1:]]
        shard = {"file": file.name, "split": chunk.split, "shape": shape, "bytes": file.stat().st_size}
    record = {"shard": shard, "videos": videos, "failures": failures}
    write_json(out / "parts" / f"{chunk.name}.json", record)
    return record


def _save(file: Path, array: NDArray[np.uint8]) -> None:
    # As np.save does, which leaves the writing to C and of a full disk tells only how many numbers were written.
    with replacing(file) as temporary, temporary.open("wb") as sink:
        np.lib.format.write_array_header_1_0(sink, np.lib.format.header_data_from_array_1_0(array))
        sink.write(array.data)


def damaged_shards(out: Path, shards: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of those that are gone or have another size than when they were written."""
    return [shard["file"] for shard in shards if stamp(out / shard["file"])["size"] != shard["bytes"]]


def read_part(out: Path, chunk: Chunk) -> dict[str, Any] | None:
    """Return the record of a finished shard, or None if it has to be made."""
    file = out / "parts" / f"{chunk.name}.json"
    if not file.exists():
        return None
    record: dict[str, Any] = read_json(file)
    shard = record["shard"]
    return None if shard and damaged_shards(out, [shard]) else record


def refuse_other_settings(out: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Raise ``UserError`` if a store was made, or begun, with other settings or from other videos.

    Args:
        out: the store's folder.
        found: the ``settings`` and the ``listing`` (a hash) it records.
        wanted: the same of this call.
    """
    old, new = found.get("settings"), wanted["settings"]
    if not isinstance(old, dict):
        raise UserError(f"{str(out)!r} does not say what it was prepared with; it is damaged: prepare it fresh")
    if differing := sorted(name for name in {**old, **new} if old.get(name) != new.get(name)):
        # A store has a stride or the name of a rule, so each side may lack what the other has.
        was, now = (", ".join(f"{name}={side[name]!r}" for name in differing if name in side) for side in (old, new))
        raise UserError(f"{str(out)!r} was prepared with {was}, not {now}; choose another folder or prepare it fresh")
    if found.get("listing") != wanted["listing"]:
        raise UserError(
            f"the videos or splits of the source are not those {str(out)!r} was prepared from; choose another folder "
            "or prepare it fresh"
        )


def refuse_changes(root: Path, rows: list[dict[str, Any]]) -> None:
    """Raise ``UserError`` if a source file is gone or changed since it was read; of equal size, the hash decides."""
    for row in rows:
        path = root / row["path"]
        now = stamp(path)
        # Stores that were made from others have only the hash.
        if "size" in row and now == {"size": row["size"], "mtime_ns": row["mtime_ns"]}:
            continue
        if now["size"] is None or now["size"] != row.get("size", now["size"]) or video_hash(path) != row["sha256"]:
            told = "is gone" if now["size"] is None else "changed since it was prepared"
            raise UserError(f"{str(path)!r} {told}; put it back, choose another folder or prepare it fresh")


def is_unplanned(file: Path) -> bool:
    """Return whether a folder's entry is what a preparation leaves that is killed before its plan is written."""
    return file.name == "parts" and file.is_dir() and is_free(file, PLAN)


def _half_written(file: Path) -> bool:
    return file.match(".*.npy") or is_leftover(file, INDEX, REPORT)


def sweep(out: Path) -> None:
    """Delete the record of an unfinished preparation, and half-written files that a killed one left behind."""
    parts = out / "parts"
    if parts.is_symlink():
        # Of a link, itself: what it points at is nobody's to delete.
        parts.unlink()
    elif parts.is_dir():
        # The plan comes last, because it tells what the folder is.
        for file in sorted(parts.iterdir(), key=lambda file: file.name == PLAN):
            file.unlink()
        parts.rmdir()
    for half in filter(_half_written, list(out.iterdir())):
        half.unlink()


def clear(out: Path) -> None:
    """Delete what ``prepare`` writes, and what was computed from it; a folder that is no store is left alone.

    A store that lost its index, its report or shards is one still.

    Raises:
        UserError: if a store holds something else too, which nothing can be prepared beside; then nothing is deleted.
    """
    shards = [shard for split in ("train", "test") for shard in out.glob(f"{split}-*.npy")]
    marks = [(out / name).exists() for name in (INDEX, REPORT)] + [bool(shards)]
    certain = (out / "parts" / PLAN).exists() or holds(out / INDEX, "format", FORMAT)
    if sum(marks) < 2 and not certain:
        return
    own = {INDEX, REPORT, OWN_LOCK, "parts", "cache", *(shard.name for shard in shards)}
    if foreign := sorted(file.name for file in out.iterdir() if file.name not in own and not _half_written(file)):
        raise UserError(
            f"{str(out)!r} holds {foreign[0]!r} beside the store; move it away, or give the path of a new folder"
        )
    for shard in shards:
        shard.unlink()
    remove(out / "cache")
    # Last, because these tell that the folder is a store, should this be interrupted.
    sweep(out)
    for name in (REPORT, INDEX):
        (out / name).unlink(missing_ok=True)
