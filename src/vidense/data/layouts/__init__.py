"""Ways in which datasets lie on disk: one file each, in the registry :data:`LAYOUTS`."""

from dataclasses import replace
from pathlib import Path

from vidense.data.layouts import csv_file, folder, ucf101
from vidense.data.layouts.base import LAYOUTS, Entry, LayoutOptions, Listing
from vidense.errors import UserError

__all__ = ["LAYOUTS", "Entry", "LayoutOptions", "Listing", "csv_file", "detect", "folder", "scan", "ucf101"]


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
    if ucf101.has_lists(source):
        return "ucf101", "there are train and test lists of UCF101"
    return "folder", f"the folder holds neither {csv_file.DEFAULT_NAME} nor lists of UCF101"


def scan(source: Path, layout: str, options: LayoutOptions) -> Listing:
    """List the videos of a source with the layout called ``layout``, or with the one that fits for ``"auto"``.

    Raises:
        UserError: if the layout is unknown or does not fit.
    """
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
