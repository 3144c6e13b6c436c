"""Boxes from files, right and wrong ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.boxes import Cropping
from vidense.boxes.table import read_table
from vidense.errors import UserError

FRAMES = np.zeros((2, 40, 80, 3), np.uint8)
HEADER = "path,left,top,width,height\n"


def written(tmp_path: Path, text: str, name: str = "boxes.csv") -> Path:
    file = tmp_path / name
    file.write_text(text)
    return file


def test_boxes_are_parts_of_the_frame(tmp_path):
    table = read_table(written(tmp_path, HEADER + "a/1.mp4,0.25,0.5,0.5,0.25\na/1.mp4,0,0,1,1\nb.mp4,0,0,0.1,0.1\n"))
    assert table(FRAMES, "ball", "a/1.mp4") == [(20, 20, 40, 10), (0, 0, 80, 40)]
    assert table(FRAMES, "ball", "b.mp4") == [(0, 0, 8, 4)]
    assert table(FRAMES, "ball", "c.mp4") == []


def test_a_row_that_names_a_class_is_for_that_class(tmp_path):
    rows = "class,path,left,top,width,height,score\n"
    rows += "ball,a.mp4,0,0,0.5,0.5,0.9\ncube,a.mp4,0.5,0,0.5,0.5,0.8\n,a.mp4,0,0,1,1,0.1\n"
    table = read_table(written(tmp_path, rows))
    assert table(FRAMES, "ball", "a.mp4") == [(0, 0, 40, 20), (0, 0, 80, 40)]
    assert table(FRAMES, "cube", "a.mp4") == [(40, 0, 40, 20), (0, 0, 80, 40)]
    assert table(FRAMES, "disc", "a.mp4") == [(0, 0, 80, 40)]


part = st.integers(0, 100).map(lambda n: n / 100)
rows = st.lists(
    st.fixed_dictionaries(
        {"path": st.sampled_from("abc"), "left": part, "top": part, "width": st.just(0.25), "height": st.just(0.5)},
        optional={"class": st.sampled_from(["ball", "cube"])},
    ),
    max_size=6,
)


@given(rows)
def test_json_and_csv_say_the_same(tmp_path, rows):
    columns = ("path", "left", "top", "width", "height", "class")
    lines = [columns, *([str(row.get(column, "")) for column in columns] for row in rows)]
    text = "\n".join(map(",".join, lines))
    tables = [read_table(written(tmp_path, text)), read_table(written(tmp_path, json.dumps(rows), "boxes.json"))]
    for path in "abc":
        one, other = (table(FRAMES, "ball", path) for table in tables)
        expected = [row for row in rows if row["path"] == path and row.get("class", "ball") == "ball"]
        assert one == other == [(r["left"] * 80, r["top"] * 40, 20, 20) for r in expected]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "a.mp4,0,0,1,1\na.mp4,12,0,30,40\n", r"row 2 'left' input should be less than or equal to 1"),
        (HEADER + "a.mp4,0,0,0,1\n", "row 1 'width' input should be greater than 0"),
        (HEADER + "a.mp4,0,0,wide,1\n", "row 1 'width' input should be a valid number"),
        (HEADER + "a.mp4,0,nan,1,1\n", "row 1 'top'"),
        (HEADER + "a.mp4,0\n", "row 1 'top'"),
        (HEADER + ",0,0,1,1\n", "row 1 'path' string should have at least 1 character"),
        ("file,x,y\na.mp4,0,0\n", "row 1 'path' field required"),
    ],
)
def test_the_first_wrong_row_is_named(tmp_path, text, message):
    with pytest.raises(UserError, match=message) as caught:
        read_table(written(tmp_path, text))
    assert "boxes.csv" in str(caught.value) and "parts of the frame from 0 to 1" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "cannot be read"), ('{"a.mp4": [0, 0, 1, 1]}', "input should be a valid list"), ("[1]", "row 1")],
)
def test_json_that_is_no_list_of_boxes(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        read_table(written(tmp_path, text, "boxes.json"))


def test_files_that_are_not_there_or_no_text(tmp_path):
    with pytest.raises(UserError, match=r"none\.csv' cannot be read"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read"):
        read_table(tmp_path / "bytes.csv")


def test_a_file_is_a_box_source_by_its_ending(tmp_path):
    file = written(tmp_path, HEADER + "a.mp4,0,0,1,1\n", "Boxes.CSV")
    assert Cropping(str(file)).source()(FRAMES, "ball", "a.mp4") == [(0, 0, 80, 40)]
