"""From a source of videos to a store: list, decode in worker processes, write shards, report."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from vidense.data.decode import decoder_version
from vidense.data.layouts import LayoutOptions, Listing, scan
from vidense.data.parts import (
    PLAN,
    Chunk,
    chunks,
    clear,
    damaged_shards,
    is_unplanned,
    read_part,
    refuse_changes,
    refuse_other_settings,
    rows_per_shard,
    sweep,
    write_part,
)
from vidense.data.pool import DecoderPool, Failed, Read
from vidense.data.prepare_report import PrepareReport, make_report
from vidense.data.settings import PrepareSettings
from vidense.data.store_index import FORMAT, INDEX, VERSION, read_store_index
from vidense.errors import UserError
from vidense.hardware import processors
from vidense.locks import OWN_LOCK, Lock
from vidense.progress import CountProgress
from vidense.records import content_hash, read_json, write_json

__all__ = ["prepare", "prepare_listed"]

TIMEOUT_S = 60.0


def prepare(
    source: Path | str,
    out: Path | str,
    *,
    layout: str = "auto",
    split: int = 1,
    frames: int | None = None,
    stride: int | None = None,
    size: int | None = None,
    resize: Literal["squash", "crop"] | None = None,
    clips: int | None = None,
    workers: int | None = None,
    on_error: Literal["skip", "fail"] = "skip",
    seed: int = 0,
    timeout_s: float = TIMEOUT_S,
    fresh: bool = False,
    progress: CountProgress | None = None,
) -> PrepareReport:
    """Decode a dataset once into a store.

    The same call again continues an interrupted preparation and recognises a finished one.

    Args:
        source: a folder, or a CSV file.
        out: the store's folder.
        layout: how the source lies on disk, or ``"auto"``.
        split: number of the split, from 1.
        frames: frames in a clip; None takes the layout's number, 16 unless its papers use another.
        stride: distance between them in frames of the video; shorter videos are sampled more densely. None takes the
            layout's, which is 4 or a rule that takes one clip of each video (``kinetics400``, ``ssv2``).
        size: side of a frame in pixels; None takes the layout's, 112 unless its papers use another.
        resize: ``"squash"``, ``"crop"`` (see :class:`~vidense.data.decode.Resize`) or None for the layout's own.
        clips: windows stored of each video, evenly spaced for testing and random for training; None takes 3, or 1
            under a rule.
        workers: decoding processes; None takes one per processor.
        on_error: ``"skip"`` lists bad files in the report, ``"fail"`` stops at the first one.
        seed: decides the starts of training clips, flips, and the split where the source has none.
        timeout_s: seconds after which reading a file is given up.
        fresh: delete an earlier store in ``out`` first.
        progress: called with the number of videos done and of all videos.

    Returns:
        The report, which is also in the store.

    Raises:
        UserError: for wrong values, an unsuitable source, another store in ``out`` or one that is damaged or that
            another process writes, a source that changed since, or a bad file that shall fail.
    """
    source, out = Path(source), Path(out)
    _check_choices(on_error, timeout_s, workers)
    options = LayoutOptions(split, seed)
    listing = scan(source, layout, options)
    settings = PrepareSettings.of(listing, options, frames=frames, stride=stride, size=size, resize=resize, clips=clips)
    _check_classes(listing)
    return prepare_listed(listing, settings, out, workers, timeout_s, on_error, progress, fresh=fresh)


def prepare_listed(
    listing: Listing,
    settings: PrepareSettings,
    out: Path,
    workers: int | None = None,
    timeout_s: float = TIMEOUT_S,
    on_error: str = "skip",
    progress: CountProgress | None = None,
    *,
    fresh: bool = False,
) -> PrepareReport:
    """Do what :func:`prepare` does, with videos that are listed already; the arguments are its own."""
    if not fresh and (out / INDEX).exists():
        return _recognise(out, listing, settings, on_error)
    with _writing(out):
        if fresh:
            clear(out)
        elif (out / INDEX).exists():
            # Whoever wrote it has finished since.
            return _recognise(out, listing, settings, on_error)
        # More processes than videos would only be started and ended.
        limits = (min(workers or processors(), len(listing.entries)), timeout_s)
        records = _decode(out, listing, settings, limits, on_error, progress)
        return _finish(out, listing, settings, records)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Keep other processes from writing the folder."""
    if out.exists() and not out.is_dir():
        raise UserError(f"{str(out)!r} is a file; give the path of a new folder")
    lock = Lock(out / OWN_LOCK)
    if not lock.take():
        raise UserError(f"another process is preparing {str(out)!r}; wait for it, or give the path of a new folder")
    try:
        yield
    finally:
        lock.release(remove=True)


def _check_choices(on_error: str, timeout_s: float, workers: int | None) -> None:
    if on_error not in ("skip", "fail"):
        raise UserError(f"on_error={on_error!r} is unknown; choose 'skip' or 'fail'")
    if not timeout_s > 0:
        raise UserError(f"timeout_s={timeout_s} is out of range; give a number of seconds above 0")
    if workers is not None and workers < 1:
        raise UserError(f"workers={workers} is out of range; give at least 1 or leave it out")


def _check_classes(listing: Listing) -> None:
    trained = {entry.class_name for entry in listing.entries if entry.split == "train"}
    if bare := [name for name in listing.class_names if name not in trained]:
        raise UserError(f"class {bare[0]!r} has no training video; add one or remove the class from the source")
    # Lists may name classes that were never downloaded: better said now than after hours of decoding the others.
    present: set[str] = set()
    for entry in listing.entries:
        if entry.split == "train" and entry.class_name not in present and (listing.root / entry.path).exists():
            present.add(entry.class_name)
    if gone := [name for name in listing.class_names if name not in present]:
        raise UserError(
            f"no training video of {len(gone)} classes that the lists name is on disk (the first is {gone[0]!r}); add "
            "them, or take the classes out of the lists"
        )


def _decode(
    out: Path,
    listing: Listing,
    settings: PrepareSettings,
    limits: tuple[int, float],
    on_error: str,
    progress: CountProgress | None,
) -> list[dict[str, Any]]:
    """Make the shards that are missing, and return the records of all; ``limits`` are workers and seconds a file."""
    todo = list(chunks(listing, _plan(out, listing, settings)["rows"]))
    done = {chunk.name: record for chunk in todo if (record := read_part(out, chunk)) is not None}
    for record in done.values():
        refuse_changes(listing.root, record["videos"] + record["failures"])
    if on_error == "fail" and (failed := [row for record in done.values() for row in record["failures"]]):
        raise _bad_file(listing, failed[0]["path"], f"{failed[0]['reason']}: {failed[0]['detail']}")
    missing = [chunk for chunk in todo if chunk.name not in done]
    with DecoderPool(*limits) as pool:
        requests = (settings.request(listing, position) for chunk in missing for position in chunk.members)
        results = _watched(pool.read(requests), listing, missing, on_error, progress)
        for chunk in missing:
            done[chunk.name] = write_part(out, chunk, settings, listing, results)
    return [done[chunk.name] for chunk in todo]


def _identity(listing: Listing, settings: PrepareSettings) -> dict[str, Any]:
    """Return what must be equal for a store to be the one that is asked for, apart from the files' contents."""
    videos = content_hash([asdict(entry) for entry in listing.entries])
    return {"settings": settings.to_json(), "listing": videos}


def _plan(out: Path, listing: Listing, settings: PrepareSettings) -> dict[str, Any]:
    """Claim the folder, or find what an interrupted call planned."""
    wanted = _identity(listing, settings)
    file = out / "parts" / PLAN
    if file.parent.is_symlink():
        raise UserError(f"{str(file.parent)!r} is a link, which prepare never makes; delete it, or prepare it fresh")
    if file.exists():
        plan: dict[str, Any] = read_json(file)
        if not isinstance(plan, dict) or type(plan.get("rows")) is not int or plan["rows"] < 1:
            raise UserError(f"{str(file)!r} is damaged; prepare it fresh")
        refuse_other_settings(out, plan, wanted)
        return plan
    if any(file.name != OWN_LOCK and not is_unplanned(file) for file in out.iterdir()):
        raise UserError(f"{str(out)!r} exists and holds something else; give the path of a new folder")
    plan = {**wanted, "rows": rows_per_shard(settings)}
    write_json(file, plan)
    return plan


def _recognise(out: Path, listing: Listing, settings: PrepareSettings, on_error: str) -> PrepareReport:
    """Check that a finished store is what was asked for."""
    index = read_store_index(out)
    refuse_other_settings(out, index, _identity(listing, settings))
    refuse_changes(listing.root, index["videos"] + index.get("failures", []))
    if damaged := damaged_shards(out, index["shards"]):
        raise UserError(f"{damaged[0]!r} in {str(out)!r} is damaged or gone; prepare it fresh")
    if on_error == "fail" and index.get("failures"):
        raise _bad_file(listing, index["failures"][0]["path"], index["failures"][0]["reason"])
    return PrepareReport.read(out)


def _bad_file(listing: Listing, path: str, reason: str) -> UserError:
    return UserError(f"{str(listing.root / path)!r} cannot be used ({reason}); repair or remove it, or skip bad files")


def _watched(
    results: Iterator[Read | Failed],
    listing: Listing,
    missing: list[Chunk],
    on_error: str,
    progress: CountProgress | None,
) -> Iterator[Read | Failed]:
    """Pass results on, telling about progress and stopping at a bad file if asked to."""
    positions = [position for chunk in missing for position in chunk.members]
    ready = len(listing.entries) - len(positions)
    for count, (position, result) in enumerate(zip(positions, results, strict=True), start=1):
        if isinstance(result, Failed) and on_error == "fail":
            raise _bad_file(listing, listing.entries[position].path, f"{result.reason}: {result.detail}")
        if progress is not None:
            progress(ready + count, len(listing.entries))
        yield result


def _finish(out: Path, listing: Listing, settings: PrepareSettings, records: list[dict[str, Any]]) -> PrepareReport:
    """Write the report and, last, the index."""
    videos = [row for record in records for row in record["videos"]]
    failures = [row for record in records for row in record["failures"]]
    report = make_report(out, listing, settings, videos, failures)
    report.write(out)
    index = {
        "format": FORMAT,
        "version": VERSION,
        "content_hash": report.content_hash,
        "source": str(listing.root.resolve()),
        **_identity(listing, settings),
        "spec": settings.spec.to_json(),
        "class_names": list(listing.class_names),
        "decoder": decoder_version(),
        "shards": [record["shard"] for record in records if record["shard"]],
        "videos": videos,
        "failures": failures,
    }
    write_json(out / INDEX, index)
    sweep(out)
    return report
