"""What a page needs of a run's folder."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from vidense.errors import UserError
from vidense.records import read_json
from vidense.report.courses import Stretches, read_stretches
from vidense.runlog import read_record

__all__ = ["FlowPicture", "Nearest", "Preview", "Run", "has_previews", "read_run", "read_runs"]

FLOW_QUALITY = 60


@dataclass(frozen=True)
class Preview:
    """One condensed video, drawn.

    Attributes:
        number: of the video in the dataset.
        moving: animated picture as a data URI.
        still: one frame of it as a data URI.
        label: class name.
        width: of the clip in pixels.
        height: of the clip in pixels.
        frames: T.
        key_frames: 0-based times of the stored frames.
    """

    number: int
    moving: str
    still: str
    label: str
    width: int
    height: int
    frames: int
    key_frames: tuple[int, ...]


@dataclass(frozen=True)
class Nearest:
    """The real training clip that a condensed video resembles most.

    Attributes:
        picture: the clip, animated, as a data URI.
        source: its file, relative to the dataset's folder.
        label: its class.
        distance: root mean square difference of all pixels, in 0..255.
        typical: what that is between real clips of different sources; None where there is one source.
    """

    picture: str
    source: str
    label: str
    distance: float
    typical: float | None


@dataclass(frozen=True)
class FlowPicture:
    """The optical flow of a class.

    Attributes:
        picture: as a data URI.
        width: in pixels.
        height: in pixels.
        alt: what it shows, in words.
    """

    picture: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Run:
    """A finished run, as its files describe it.

    Attributes:
        path: the folder.
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
    record: dict[str, Any]
    dataset: dict[str, Any]
    evaluation: dict[str, Any] | None
    previews: tuple[Preview, ...]
    videos: int
    nearest: Mapping[int, Nearest]
    flows: Mapping[str, FlowPicture]
    stretches: Stretches | None

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.resolve().name

    @property
    def settings(self) -> dict[str, Any]:
        """What decided the result."""
        return dict(self.record["settings"])


def has_previews(path: Path) -> bool:
    """Return whether the clips of a run were drawn."""
    return (path / "preview" / "preview.json").exists()


def read_runs(paths: Sequence[Path]) -> list[Run]:
    """Read several runs.

    Raises:
        UserError: if a folder is no run, or its run is unfinished or damaged.
    """
    return [read_run(path) for path in paths]


def read_run(path: Path) -> Run:
    """Read one run.

    Raises:
        UserError: if the folder is no run, or its run is unfinished or damaged.
    """
    record = read_record(path)
    if record.get("status") != "done":
        raise UserError(f"the run in {str(path)!r} is not finished; give the same `vidense condense` command again")
    dataset = _expect(path / "dataset" / "condensed.json", "vidense-condensed")
    try:
        return Run(
            path=path,
            record=record,
            dataset=dataset,
            evaluation=_evaluation(path / "evaluation.json", record["settings"]),
            previews=_previews(path / "preview", dataset["class_names"]),
            videos=_count(path / "preview"),
            nearest=_nearest(path / "nearest", dataset["class_names"]),
            flows=_flows(path / "flow"),
            stretches=read_stretches(path / "log.jsonl"),
        )
    except (KeyError, TypeError, ValueError, IndexError, OSError) as error:
        raise UserError(
            f"the run in {str(path)!r} is damaged ({type(error).__name__}: {error}); condense it again with --fresh"
        ) from None


def _expect(file: Path, kind: str) -> dict[str, Any]:
    value = read_json(file)
    if not isinstance(value, dict) or (value.get("format"), value.get("version")) != (kind, 1):
        raise UserError(f"{str(file)!r} is no {kind} of version 1, which this vidense reads; create it again")
    return value


def _evaluation(file: Path, settings: dict[str, Any]) -> dict[str, Any] | None:
    """Read an evaluation, with the settings as they were asked for.

    A searched learning rate differs from seed to seed; what several seeds have in common is that it was searched.
    """
    if not file.exists():
        return None
    value = _expect(file, "vidense-evaluation")
    return {**value, "dataset": {**value["dataset"], "settings": settings}}


def _previews(folder: Path, class_names: Sequence[str]) -> tuple[Preview, ...]:
    if not (folder / "preview.json").exists():
        return ()
    return tuple(
        Preview(
            number=int(Path(video["file"]).stem),
            moving=_data_uri(folder / Path(video["file"]).name),
            still=_data_uri(folder / Path(video["still"]).name),
            label=class_names[video["label"]],
            width=int(video["width"]),
            height=int(video["height"]),
            frames=int(video["frames"]),
            key_frames=tuple(int(time) for time in video["key_frames"]),
        )
        for video in read_json(folder / "preview.json")["videos"]
    )


def _count(folder: Path) -> int:
    """Return how many videos there are; previews of before that was written hold what they hold."""
    if not (folder / "preview.json").exists():
        return 0
    index = read_json(folder / "preview.json")
    return int(index.get("of", len(index["videos"])))


def _nearest(folder: Path, class_names: Sequence[str]) -> dict[int, Nearest]:
    if not (folder / "nearest.json").exists():
        return {}
    return {
        int(video["number"]): Nearest(
            picture=_data_uri(folder / Path(video["file"]).name),
            source=str(video["source"]),
            label=class_names[video["label"]],
            distance=float(video["distance"]),
            typical=None if video["typical"] is None else float(video["typical"]),
        )
        for video in read_json(folder / "nearest.json")["videos"]
    }


def _flows(folder: Path) -> dict[str, FlowPicture]:
    if not (folder / "flow.json").exists():
        return {}
    rows = read_json(folder / "flow.json")["classes"]
    return {str(row["name"]): _flow(folder / Path(row["figure"]).name, row) for row in rows}


def _flow(file: Path, row: Mapping[str, Any]) -> FlowPicture:
    """Read a picture of flow, made small: a page may hold hundreds."""
    buffer = io.BytesIO()
    with Image.open(file) as picture:
        width, height = picture.size
        picture.convert("RGB").save(buffer, "WEBP", quality=FLOW_QUALITY)
    return FlowPicture(_as_uri(buffer.getvalue()), width, height, str(row["alt"]))


def _data_uri(file: Path) -> str:
    return _as_uri(file.read_bytes())


def _as_uri(webp: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(webp).decode('ascii')}"
