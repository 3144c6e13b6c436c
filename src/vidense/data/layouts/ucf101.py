"""Layouts ``ucf101`` and ``miniucf``: the official archive's class folders and its train/test lists."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from vidense.data.layouts.base import LAYOUTS, Entry, LayoutOptions, Listing, require_folder
from vidense.data.layouts.places import class_root, find_file, list_lines, unlisted_in_classes
from vidense.errors import UserError

__all__ = ["MINIUCF_CLASSES", "has_lists", "scan_miniucf", "scan_ucf101"]

MINIUCF_CLASSES = (
    "ApplyEyeMakeup", "BalanceBeam", "BandMarching", "BaseballPitch", "Basketball", "BasketballDunk", "Biking",
    "Billiards", "BlowingCandles", "Bowling", "BreastStroke", "CleanAndJerk", "CliffDiving", "CricketShot", "Diving",
    "FloorGymnastics", "FrisbeeCatch", "GolfSwing", "HammerThrow", "HighJump", "HorseRace", "HorseRiding", "HulaHoop",
    "IceDancing", "JumpingJack", "Knitting", "MilitaryParade", "Mixing", "ParallelBars", "PlayingPiano",
    "PlayingViolin", "PoleVault", "PommelHorse", "Punch", "Rafting", "Rowing", "SkateBoarding", "Skiing", "Skijet",
    "SkyDiving", "SoccerPenalty", "StillRings", "SumoWrestling", "Surfing", "Swing", "TennisSwing",
    "TrampolineJumping", "UnevenBars", "VolleyballSpiking", "WritingOnBoard",
)  # fmt: skip
"""The 50 classes of MiniUCF: those of its released split, which are not the 50 largest of UCF101."""

_LINE = re.compile(r"(?P<path>(?P<class>[^/\s]+)/\S+)(\s+\d+)?")
_GROUP = re.compile(r"_(g\d+)_c\d+", re.IGNORECASE)
_ADVICE = (
    "unpack the archive 'UCF101TrainTestSplits-RecognitionTask.zip' of the UCF101 site there (splits 1 to 3 exist)"
)
# By layout and split. Split 1 was counted in the official lists; splits 2 and 3 are the figures in common use, which
# share out the same 13320 videos. MiniUCF was released with split 1 only.
_EXPECTED = {
    ("ucf101", 1): (9537, 3783),
    ("ucf101", 2): (9586, 3734),
    ("ucf101", 3): (9624, 3696),
    ("miniucf", 1): (4662, 1861),
}


@LAYOUTS.register("ucf101")
def scan_ucf101(source: Path, options: LayoutOptions) -> Listing:
    """List UCF101: ``<class>/v_<class>_gXX_cYY.avi`` by ``trainlist0N.txt`` and ``testlist0N.txt`` of split N.

    The lists (from the archive "The Train/Test Splits for Action Recognition") and the class folders (from
    ``UCF101.rar``) may lie in the source or up to two folders below. Groups are the ``gXX`` of the file names.

    Raises:
        UserError: if lists or class folders are missing or a list cannot be read.
    """
    return _scan("ucf101", source, options, None)


@LAYOUTS.register("miniucf")
def scan_miniucf(source: Path, options: LayoutOptions) -> Listing:
    """List MiniUCF, the 50 classes :data:`MINIUCF_CLASSES` of UCF101; otherwise as :func:`scan_ucf101`."""
    return _scan("miniucf", source, options, MINIUCF_CLASSES)


def has_lists(names: Iterable[str]) -> bool:
    """Tell whether names of files are those of UCF101's lists."""
    return any(re.fullmatch(r"trainlist0[1-9]\.txt", name) for name in names)


def _scan(name: str, source: Path, options: LayoutOptions, classes: tuple[str, ...] | None) -> Listing:
    require_folder(source, name)
    names = {split: f"{split}list{options.split:02}.txt" for split in ("train", "test")}
    lists = {split: find_file(source, [name], _ADVICE) for split, name in names.items()}
    entries = [entry for split, file in lists.items() for entry in _read(file, split)]
    if classes is not None:
        entries = [entry for entry in entries if entry.class_name in classes]
    if not entries:
        raise UserError(f"{str(lists['train'])!r} and its test list name no video; download the lists again")
    found = tuple(sorted({entry.class_name for entry in entries}))
    if classes is not None and (absent := sorted(set(classes) - set(found))):
        raise UserError(
            f"{lists['train']} names no video of {absent[0]!r}, a class of MiniUCF; use the official UCF101 lists"
        )
    root = class_root(source, found, "the archive 'UCF101.rar' of the UCF101 site")
    extra = unlisted_in_classes(root, found, {entry.path for entry in entries})
    return Listing(
        name,
        root,
        found,
        tuple(entries),
        flip=True,
        crop_size=112,
        expected=_EXPECTED.get((name, options.split)),
        notes=(f"split {options.split} was read from the lists in {str(lists['train'].parent)!r}", *extra),
    )


def _read(file: Path, split: str) -> Iterator[Entry]:
    for number, line in list_lines(file):
        match = _LINE.fullmatch(line)
        if match is None:
            raise UserError(f"{file}, line {number} is {line!r}; it should read 'Class/v_Class_g01_c01.avi'")
        group = _GROUP.search(match["path"])
        yield Entry(match["path"], match["class"], split, group[1] if group else match["path"])
