"""Ways in which datasets lie on disk: one file each family, in the registry :data:`LAYOUTS`."""

from dataclasses import replace
from pathlib import Path

from vidense.data.layouts import csv_file, folder, hmdb51, kinetics400, ssv2, ucf101
from vidense.data.layouts.base import LAYOUTS, Entry, LayoutOptions, Listing
from vidense.data.layouts.places import walk
from vidense.errors import UserError

__all__ = ["LAYOUTS", "Entry", "LayoutOptions", "Listing", "detect", "scan"]


def detect(source: Path) -> tuple[str, str]:
    """Guess the layout of a source.

    Returns:
        The layout's name, and the reason in words.

    Raises:
        UserError: if the source does not exist or is a file that is no table.
    """
    if not source.exists():
        raise UserError(f"{str(source)!r} does not exist; give a folder of videos or a CSV file")
    if source.is_file():
        if source.suffix.lower() == ".csv":
            return "csv", "the source is a .csv file"
        raise UserError(f"{str(source)!r} is neither a folder nor a .csv file; give one of these")
    if (source / csv_file.DEFAULT_NAME).is_file():
        return "csv", f"the folder holds {csv_file.DEFAULT_NAME}"
    for place, names in walk(source):
        if ucf101.has_lists(names):
            return "ucf101", "there are train and test lists of UCF101"
        if hmdb51.has_lists(names):
            return "hmdb51", "there are lists of HMDB51 (layout 'hmdb51_official' reads them too)"
        if kinetics400.has_tables(place, names):
            return "kinetics400", "there are tables of Kinetics"
        if ssv2.has_lists(place, names):
            return "ssv2", "there are lists of Something-Something V2"
    if folder.holds_frames(source):
        return "frames", "there are folders of images and no video files"
    return "folder", f"the folder holds neither {csv_file.DEFAULT_NAME}, nor lists of a known dataset, nor images only"


def scan(source: Path, layout: str, options: LayoutOptions) -> Listing:
    """List the videos of a source with the layout called ``layout``, or with the one that fits for ``"auto"``.

    Raises:
        UserError: if the layout is unknown, does not fit, or is 50Salads, which is read without being prepared.
    """
    if layout == "50salads":
        raise UserError(
            f"layout '50salads' has features and no videos to prepare; give {str(source)!r} to `vidense segment FOLDER`"
        )
    name = layout
    note: tuple[str, ...] = ()
    if layout == "auto":
        name, reason = detect(source)
        note = (f"layout {name!r} was detected: {reason}",)
    scanner = LAYOUTS.get(name)
    if not source.exists():
        raise UserError(f"{str(source)!r} does not exist; give the path of the dataset")
    listing = scanner(source, options)
    return replace(listing, notes=note + listing.notes)
