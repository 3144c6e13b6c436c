"""How the videos of a condensed dataset move, beside all real ones and random real ones: numbers and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidense.condensed import CondensedDataset, load
from vidense.data.real import RealClips
from vidense.data.spec import LabelledClips
from vidense.data.store import ClipStore
from vidense.errors import UserError, suggest
from vidense.evaluation.baselines import equal_videos
from vidense.evaluation.bench import check_same
from vidense.evaluation.flow import ClassMotion, compare, joined, magnitude, mean_motion, require_flow
from vidense.evaluation.flow_figure import draw_motion
from vidense.progress import CountProgress
from vidense.records import numbered_name, write_json
from vidense.run_files import FLOW, FLOW_INDEX

__all__ = ["COMPARED", "measure_flow"]

FORMAT, VERSION = "vidense-flow", 1
# What is compared: the first two with the real videos, the last, the halves of these, with each other.
COMPARED = ("condensed", "random", "halves")


@dataclass(frozen=True)
class _Sets:
    """The clips that are compared, and how their flow is computed."""

    condensed: CondensedDataset
    random: LabelledClips
    halves: tuple[RealClips, RealClips]
    algorithm: str

    def motions(self, label: int) -> tuple[dict[str, ClassMotion], list[ClassMotion]]:
        """Return how the videos of a class move, by set, and how the halves of its real videos do."""
        parts = [self._motion(half, label) for half in self.halves if bool((half.labels == label).any())]
        sets = {"condensed": self.condensed, "random": self.random}
        motions = {"real": joined(parts)} | {name: self._motion(clips, label) for name, clips in sets.items()}
        return motions, parts

    def _motion(self, clips: LabelledClips, label: int) -> ClassMotion:
        return mean_motion(clips, (clips.labels == label).nonzero().flatten(), self.algorithm)


def measure_flow(
    run_or_dataset: Path | str,
    store: Path | str,
    *,
    algorithm: str = "dis",
    classes: Sequence[str] = (),
    out: Path | str | None = None,
    progress: CountProgress | None = None,
) -> dict[str, Any]:
    """Compare the mean optical flow of each class's condensed videos with that of its real training videos.

    Writes one picture a class, and ``flow.json`` when all of them are there; pictures of other classes are left alone.

    Args:
        run_or_dataset: folder of a finished run or of a condensed dataset.
        store: what it was condensed from.
        algorithm: ``dis`` or ``farneback``.
        classes: names of classes; none for all that have condensed videos.
        out: folder to write; None for ``flow`` in that of the run.
        progress: called with classes done and their number.

    Returns:
        The content of the file. ``classes``: for each its ``figure`` and an ``alt`` text; of ``real``, ``condensed``
        and ``random`` (training videos drawn with the run's seed, as many) the number of ``videos``, the ``magnitude``
        of the mean flow in pixels, and the mean ``difference`` of frames in 0..255; of the last two, and of the
        ``halves`` of the real videos beside each other, what :func:`~vidense.evaluation.flow.compare` finds. Halves
        share no source; they are None for a class of one source. ``mean``: the same over classes that have it.

    Raises:
        UserError: if a folder is not what it should be, dataset and store do not go together, a name is unknown, a
            class has no videos, clips have one frame, or OpenCV is not installed.
    """
    require_flow(algorithm)
    folder, dataset, opened = Path(run_or_dataset), load(run_or_dataset), ClipStore.open(store)
    check_same(dataset, opened)
    labels, sets = _labels(classes, dataset, opened), _sets(dataset, opened, algorithm)
    target = folder / FLOW if out is None else Path(out)
    _make_room(target)
    rows = []
    for done, label in enumerate(labels):
        if progress is not None:
            progress(done, len(labels))
        rows.append(_class_row(sets, label, target, dataset.method))
    record = {
        "format": FORMAT,
        "version": VERSION,
        "store": opened.content_hash,
        "dataset": dataset.content_hash,
        "method": dataset.method,
        "algorithm": algorithm,
        "seed": dataset.seed,
        "classes": rows,
        "mean": {name: _mean([row[name] for row in rows if row[name] is not None]) for name in ("real", *COMPARED)},
    }
    write_json(target / FLOW_INDEX, record)
    if progress is not None:
        progress(len(labels), len(labels))
    return record


def _sets(dataset: CondensedDataset, store: ClipStore, algorithm: str) -> _Sets:
    random = equal_videos(store, dataset.labels, dataset.seed).clips
    return _Sets(dataset, random, store.train.hold_out(0.5, dataset.seed), algorithm)


def _make_room(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--out {str(folder)!r} is a file; give a folder")
    # Pictures that are replaced one by one must not be described by numbers of before.
    (folder / FLOW_INDEX).unlink(missing_ok=True)


def _labels(names: Sequence[str], dataset: CondensedDataset, store: ClipStore) -> list[int]:
    """Return the labels of the classes to compare, in their order."""
    known = store.class_names
    for name in names:
        if name not in known:
            raise UserError(f"unknown class {name!r}{suggest(name, known)}")
    labels = sorted({known.index(name) for name in names} or set(dataset.labels.tolist()))
    for kind, clips in (("condensed", dataset), ("real training", store.train)):
        if empty := [known[label] for label in labels if label not in clips.labels]:
            raise UserError(f"class {empty[0]!r} has no {kind} videos to compare; choose others by --class")
    return labels


def _class_row(sets: _Sets, label: int, folder: Path, method: str) -> dict[str, Any]:
    """Measure and draw one class; returns its entry of ``classes``."""
    name = sets.condensed.class_names[label]
    motions, parts = sets.motions(label)
    row: dict[str, Any] = {"name": name, "figure": f"{numbered_name(label, name)}.png"}
    row |= {kind: _described(motion) for kind, motion in motions.items()}
    for kind in ("condensed", "random"):
        row[kind] |= compare(motions[kind].flow, motions["real"].flow)
    row["halves"] = None
    if len(parts) == 2:
        row["halves"] = {"videos": [part.videos for part in parts], **compare(parts[0].flow, parts[1].flow)}
    titles = {"real": "real training", "condensed": method, "random": "random real"}
    lines = {kind: _lines(titles[kind], row[kind]) for kind in motions}
    if row["halves"] is not None:
        lines["real"].append(f"halves: {_cosine(row['halves'])}")
    row["alt"] = (
        f"Class {name}; from left to right a middle frame, the mean optical flow in colours, the mean difference of "
        f"frames in grey; from top to bottom: {'; '.join(', '.join(said) for said in lines.values())}."
    )
    subtitle = f"{method} beside real clips; optical flow by {sets.algorithm}, cosine and error against the first row"
    rows = [("\n".join(lines[kind]), motion) for kind, motion in motions.items()]
    draw_motion(folder / row["figure"], name, subtitle, rows)
    return row


def _described(motion: ClassMotion) -> dict[str, Any]:
    difference = float(motion.difference.mean())
    return {"videos": motion.videos, "magnitude": magnitude(motion.flow), "difference": difference}


def _lines(title: str, numbers: Mapping[str, Any]) -> list[str]:
    """Return what is said of a set, in the picture and in its alt text."""
    lines = [title, f"{numbers['videos']} video{'s' * (numbers['videos'] != 1)}"]
    if "cosine" in numbers:
        lines += [_cosine(numbers), f"error {numbers['end_point_error']:.2f} pixels"]
    return [*lines, f"mean flow {numbers['magnitude']:.2f} pixels"]


def _cosine(numbers: Mapping[str, Any]) -> str:
    return "cosine none" if numbers["cosine"] is None else f"cosine {numbers['cosine']:+.2f}"


def _mean(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Return the mean of each number over the classes that have it."""
    keys = ("magnitude", "difference", "cosine", "end_point_error")
    found = {key: [row[key] for row in rows if row.get(key) is not None] for key in keys}
    return {key: sum(values) / len(values) if values else None for key, values in found.items()}
