"""Which clips a page shows, class by class, so that the page stays small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vidense.report.runs import FlowPicture, Nearest, Preview, Run

__all__ = ["BUDGET", "Clip", "Flow", "Group", "gallery"]

# Bytes of pictures in a page; a browser opens as much in a moment.
BUDGET = 11_000_000


@dataclass(frozen=True)
class Clip:
    """A condensed video on the page.

    Attributes:
        run: name of its run.
        method: of the run.
        number: among those of its run and class, from 1; 0 where there is one.
        video: what is drawn.
        inserted: by time, the iteration at which the frame was inserted.
        nearest: the real clip it resembles most, where that was looked for.
    """

    run: str
    method: str
    number: int
    video: Preview
    inserted: Mapping[int, int]
    nearest: Nearest | None

    @property
    def size(self) -> int:
        """Bytes of its pictures in the page."""
        near = self.nearest.picture.size + self.nearest.still.size if self.nearest else 0
        return self.video.moving.size + self.video.still.size + near


@dataclass(frozen=True)
class Flow:
    """A picture of optical flow on the page: of which run, by which method, and the picture itself."""

    run: str
    method: str
    shown: FlowPicture


@dataclass(frozen=True)
class Group:
    """What the page shows of a class: the clips of all runs side by side, and their optical flow."""

    label: str
    clips: Sequence[Clip]
    flows: Sequence[Flow]


def gallery(runs: Sequence[Run], budget: int = BUDGET) -> tuple[list[Group], int]:
    """Return what is shown, and how many videos are not.

    If all would be too large, each run shows fewer videos of each class; if one of each is too large still, the later
    classes are left out. Flow has what room the clips leave.

    Args:
        runs: in the order of the page.
        budget: bytes of all pictures.
    """
    labels = list(dict.fromkeys(video.label for run in runs for video in run.previews))
    clips = {label: [clip for run in runs for clip in _clips(run, label)] for label in labels}
    for most in range(max((max(clip.number, 1) for of in clips.values() for clip in of), default=1), 0, -1):
        clips = {label: [clip for clip in of if clip.number <= most] for label, of in clips.items()}
        if _size(clips) <= budget:
            break
    groups, left = [], budget
    for label, of in clips.items():
        size = sum(clip.size for clip in of)
        if size <= left:
            groups.append(Group(label, of, []))
            left -= size
    missing = sum(run.videos for run in runs) - sum(len(group.clips) for group in groups)
    return [_with_flow(group, runs, left // max(len(groups), 1)) for group in groups], missing


def _size(clips: Mapping[str, Sequence[Clip]]) -> int:
    return sum(clip.size for of in clips.values() for clip in of)


def _clips(run: Run, label: str) -> list[Clip]:
    videos = [video for video in run.previews if video.label == label]
    return [
        Clip(
            run=run.name,
            method=run.dataset["method"]["name"],
            number=place if len(videos) > 1 else 0,
            video=video,
            inserted=_inserted(run, video),
            nearest=run.nearest.get(video.number),
        )
        for place, video in enumerate(videos, start=1)
    ]


def _inserted(run: Run, video: Preview) -> dict[int, int]:
    known = {} if run.stretches is None else run.stretches.inserted
    return {time: known[video.number, time] for time in video.key_frames or () if (video.number, time) in known}


def _with_flow(group: Group, runs: Sequence[Run], room: int) -> Group:
    flows = []
    for run in runs:
        shown = run.flows.get(group.label)
        if shown is not None and shown.picture.size <= room:
            room -= shown.picture.size
            flows.append(Flow(run.name, run.dataset["method"]["name"], shown))
    return Group(group.label, group.clips, flows)
