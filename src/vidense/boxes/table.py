"""Boxes from a CSV or JSON file: found by a detector of the user's own, or drawn by hand."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from vidense.boxes.base import Box
from vidense.errors import UserError

__all__ = ["BoxTable", "read_table"]

COLUMNS = ("path", "left", "top", "width", "height")
Part = Annotated[float, Field(ge=0, le=1)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    path: Annotated[str, Field(min_length=1)]
    left: Part
    top: Part
    width: Annotated[Part, Field(gt=0)]
    height: Annotated[Part, Field(gt=0)]
    class_name: Annotated[str | None, Field(alias="class")] = None


@dataclass(frozen=True)
class BoxTable:
    """A box source that looks boxes up; those of a row that names a class count for videos of that class alone.

    Attributes:
        rows: class (None where the row names none) and box in parts of the frame, by path.
    """

    rows: Mapping[str, Sequence[tuple[str | None, Box]]]

    def __call__(self, frames: NDArray[np.uint8], class_name: str, path: str, /) -> list[Box]:
        """Return the boxes of a video in the order of the file."""
        height, width = frames.shape[1:3]
        boxes = [box for named, box in self.rows.get(path, ()) if named in (None, "", class_name)]
        return [Box(b.left * width, b.top * height, b.width * width, b.height * height) for b in boxes]


def read_table(file: Path) -> BoxTable:
    """Read boxes on first frames.

    A CSV file has the columns ``path`` (relative to the folder that was prepared, as in its index), ``left``, ``top``,
    ``width``, ``height`` (parts of the frame's width and height, from 0 to 1) and perhaps ``class``; a JSON file is a
    list of objects with these keys. A video may have any number of rows; other columns do no harm.

    Raises:
        UserError: if the file cannot be read, or naming the first row that is wrong.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            rows: Any = list(csv.DictReader(text)) if file.suffix.lower() == ".csv" else json.load(text)
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise UserError(f"boxes {str(file)!r} cannot be read ({error}); give a CSV or JSON file") from None
    try:
        found = TypeAdapter(list[_Row]).validate_python(rows)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # A place such as (4, "left"): rows are counted from 1, without the line of column names.
        place = " ".join(f"row {part + 1}" if isinstance(part, int) else f"{part!r}" for part in first["loc"])
        raise UserError(
            f"boxes {str(file)!r}: {place} {first['msg'].lower()}; a row has {', '.join(COLUMNS)}, the last four as "
            "parts of the frame from 0 to 1"
        ) from None
    boxes: dict[str, list[tuple[str | None, Box]]] = {}
    for row in found:
        boxes.setdefault(row.path, []).append((row.class_name, Box(row.left, row.top, row.width, row.height)))
    return BoxTable(boxes)
