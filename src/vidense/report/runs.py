"""What a page needs of a run's folder."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from vidense.errors import UserError
from vidense.records import condensed_hash, holds, read_json
from vidense.report.courses import Stretches, read_stretches
from vidense.report.pictures import PictureFile, find_picture
from vidense.report.shapes import CondensedFile, EvaluationFile, PreviewFile, RunFile, check, checked
from vidense.run_files import (
    DATASET,
    DATASET_INDEX,
    FLOW,
    FLOW_INDEX,
    LOG,
    NEAREST,
    NEAREST_INDEX,
    PREVIEW_INDEX,
    PREVIEWS,
    RECORD,
)
from vidense.runlog import read_record
from vidense.tasks import TASKS

__all__ = ["FlowPicture", "Nearest", "Preview", "Run", "has_previews", "read_run", "read_runs"]

# What reading files of strangers may raise.
DAMAGE = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
    OSError,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Preview:
    """One condensed video, drawn.

    Attributes:
        number: of the video in the dataset.
        moving: animated picture.
        still: one frame of it.
        label: class name.
        width: of the clip in pixels.
        height: of the clip in pixels.
        frames: T.
        key_frames: 0-based times of the stored frames; None where something else than frames is stored.
    """

    number: int
    moving: PictureFile
    still: PictureFile
    label: str
    width: int
    height: int
    frames: int
    key_frames: tuple[int, ...] | None


@dataclass(frozen=True)
class Nearest:
    """The real training clip that a condensed video resembles most.

    Attributes:
        picture: the clip, animated.
        still: one frame of it.
        source: its file, relative to the dataset's folder.
        label: its class.
        distance: root mean square difference of all pixels, in 0..255.
        typical: what that is between real clips of different sources; None where there is one source.
    """

    picture: PictureFile
    still: PictureFile
    source: str
    label: str
    distance: float
    typical: float | None


@dataclass(frozen=True)
class FlowPicture:
    """The optical flow of a class.

    Attributes:
        picture: the picture.
        width: in pixels.
        height: in pixels.
        alt: what it shows, in words.
    """

    picture: PictureFile
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Run:
    """A finished run, as its files describe it.

    Attributes:
        path: the folder.
        name: of the folder, with as much of its path as tells it from the others that are read with it.
        record: ``run.json``.
        dataset: ``dataset/condensed.json``.
        evaluation: ``evaluation.json``, None if the run was not evaluated.
        previews: condensed videos, drawn.
        videos: how many there are, drawn or not.
        nearest: by the number of a video, where an evaluation found them.
        flows: by class name, where ``vidense flow`` drew them.
        stretches: the course of the run; None for methods that do not iterate.
    """

    path: Path
    name: str
    record: dict[str, Any]
    dataset: dict[str, Any]
    evaluation: dict[str, Any] | None
    previews: tuple[Preview, ...]
    videos: int
    nearest: Mapping[int, Nearest]
    flows: Mapping[str, FlowPicture]
    stretches: Stretches | None

    @property
    def settings(self) -> dict[str, Any]:
        """What decided the result."""
        return dict(self.record["settings"])


def has_previews(path: Path) -> bool:
    """Return whether the clips of a run were drawn, those of the dataset that is there now."""
    try:
        content = condensed_hash(read_json(path / DATASET / DATASET_INDEX))
        return holds(path / PREVIEWS / PREVIEW_INDEX, "content_hash", content)
    except (UserError, LookupError, TypeError):
        return False


def read_runs(paths: Sequence[Path]) -> list[Run]:
    """Read several runs.

    Raises:
        UserError: if a folder is no run, or its run is unfinished or damaged.
    """
    found = [read_run(path) for path in paths]
    times = Counter(run.name for run in found)
    # Runs of several experiments may be called alike; then the folder above tells them apart, or their place.
    longer = [f"{run.path.resolve().parent.name}/{run.name}" if times[run.name] > 1 else run.name for run in found]
    twice = Counter(longer)
    names = [name if twice[name] == 1 else f"{name} {place}" for place, name in enumerate(longer, start=1)]
    return [replace(run, name=name) for run, name in zip(found, names, strict=True)]


def read_run(path: Path) -> Run:
    """Read one run.

    Raises:
        UserError: if the folder is no run, or its run is unfinished or damaged.
    """
    record = read_record(path)
    if record.get("status") != "done":
        raise UserError(f"the run in {str(path)!r} is not finished; give the same `vidense condense` command again")
    check(RunFile, record, path / RECORD)
    dataset = checked(CondensedFile, path / DATASET / DATASET_INDEX, "vidense-condensed")
    content, names = condensed_hash(dataset), dataset["class_names"]
    try:
        drawn = _drawn(path / PREVIEWS, content)
        return Run(
            path=path,
            name=path.resolve().name,
            record=record,
            dataset=dataset,
            evaluation=_evaluation(path / TASKS["classify"].file, record["settings"], content),
            previews=_previews(path / PREVIEWS, drawn.get("videos", ()), names, dataset["spec"]["frames"]),
            # Older previews do not say, and hold all that there are.
            videos=drawn.get("of", len(drawn.get("videos", ()))),
            nearest=_nearest(path / NEAREST, names, content),
            flows=_flows(path / FLOW, content),
            stretches=read_stretches(path / LOG),
        )
    except DAMAGE as error:
        raise UserError(
            f"the run in {str(path)!r} is damaged ({type(error).__name__}: {error}); condense it again with --fresh"
        ) from None


def _evaluation(file: Path, settings: dict[str, Any], content: str) -> dict[str, Any] | None:
    """Read an evaluation of the dataset with this hash, with the settings as they were asked for.

    A searched learning rate differs from seed to seed; what several seeds have in common is that it was searched. An
    evaluation of what was in the folder before is none.
    """
    if not file.exists():
        return None
    value = checked(EvaluationFile, file, "vidense-evaluation")
    if _other(value["dataset"].get("content_hash"), content):
        return None
    return {**value, "dataset": {**value["dataset"], "settings": settings}}


def _other(found: str | None, content: str) -> bool:
    """Return whether something says that it is of another dataset than the one with the hash ``content``."""
    return found is not None and found != content


def _drawn(folder: Path, content: str) -> dict[str, Any]:
    """Return the index of the previews of the dataset with this hash, empty where there is none."""
    if not (folder / PREVIEW_INDEX).exists():
        return {}
    index: dict[str, Any] = read_json(folder / PREVIEW_INDEX)
    if not isinstance(index, dict) or _other(index.get("content_hash"), content):
        return {}
    return check(PreviewFile, index, folder / PREVIEW_INDEX)


def _previews(
    folder: Path, videos: Sequence[Mapping[str, Any]], class_names: Sequence[str], frames: int
) -> tuple[Preview, ...]:
    return tuple(
        Preview(
            number=int(Path(video["file"]).stem),
            moving=find_picture(folder, video["file"]),
            still=find_picture(folder, video["still"]),
            label=class_names[video["label"]],
            width=video["width"],
            height=video["height"],
            frames=frames,
            key_frames=None if video["key_frames"] is None else tuple(video["key_frames"]),
        )
        for video in videos
    )


def _nearest(folder: Path, class_names: Sequence[str], content: str) -> dict[int, Nearest]:
    if not (folder / NEAREST_INDEX).exists():
        return {}
    index = read_json(folder / NEAREST_INDEX)
    if _other(index.get("content", {}).get("dataset"), content):
        return {}
    return {
        int(video["number"]): Nearest(
            picture=find_picture(folder, video["file"]),
            # Runs that were evaluated before there were stills have none.
            still=find_picture(folder, video.get("still", video["file"])),
            source=str(video["source"]),
            label=class_names[video["label"]],
            distance=float(video["distance"]),
            typical=None if video["typical"] is None else float(video["typical"]),
        )
        for video in index["videos"]
    }


def _flows(folder: Path, content: str) -> dict[str, FlowPicture]:
    if not (folder / FLOW_INDEX).exists():
        return {}
    found = read_json(folder / FLOW_INDEX)
    if _other(found.get("dataset"), content):
        return {}
    return {str(row["name"]): _flow(find_picture(folder, row["figure"]), row) for row in found["classes"]}


def _flow(found: PictureFile, row: Mapping[str, Any]) -> FlowPicture:
    with Image.open(found.path) as picture:
        width, height = picture.size
    return FlowPicture(found, width, height, str(row["alt"]))
