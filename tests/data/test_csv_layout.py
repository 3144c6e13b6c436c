import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.data.layouts import LayoutOptions, scan
from vidense.errors import UserError

FIRST = LayoutOptions()


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "splits.csv"
    file.write_text(text, encoding=encoding)
    return file


def test_numbered_splits_groups_and_label_order(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "path,class,label,split1,split2,group,more\n"
        "z/1.mp4,zebra,0,train,test,g1,x\n"
        "a/1.mp4,ape,1,test,train,g2,y\n"
        "a/2.mp4,ape,1,TRAIN,train,g3,z\n",
    )
    listing = scan(file, "auto", FIRST)
    assert listing.class_names == ("zebra", "ape")
    assert [(e.path, e.split, e.group) for e in listing.entries] == [
        ("z/1.mp4", "train", "g1"),
        ("a/1.mp4", "test", "g2"),
        ("a/2.mp4", "train", "g3"),
    ]
    assert [e.split for e in scan(tmp_path, "csv", LayoutOptions(split=2)).entries] == ["test", "train", "train"]
    with pytest.raises(UserError, match=r"no column split3; it has split1, split2"):
        scan(tmp_path, "csv", LayoutOptions(split=3))


def test_only_labels(tmp_path: Path) -> None:
    write(tmp_path, "Path, Label ,split\n1.mp4,10,train\n2.mp4,9,train\n3.mp4,9,val\n", encoding="utf-8-sig")
    listing = scan(tmp_path, "csv", FIRST)
    assert listing.class_names == ("9", "10")
    assert listing.notes == ("1 rows of split 'val' were left out",)
    assert {e.group for e in listing.entries} == {"1.mp4", "2.mp4"}


def test_words_as_labels_are_sorted(tmp_path: Path) -> None:
    write(tmp_path, "path,label,split\n1.mp4,walk,train\n2.mp4,jump,train\n")
    assert scan(tmp_path, "csv", FIRST).class_names == ("jump", "walk")


def test_without_a_split_column_one_is_made(tmp_path: Path) -> None:
    rows = "".join(f"{c}{i}.mp4,{c}\n" for c in "ab" for i in range(10))
    write(tmp_path, "path,class\n" + rows)
    listing = scan(tmp_path, "csv", FIRST)
    assert sum(e.split == "test" for e in listing.entries) == 4
    assert "no split column" in listing.notes[-1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"has the columns \[\]; it needs path"),
        ("file,class\n1,a\n", r"\['file', 'class'\]; it needs path"),
        ("path;class\n1;a\n", "separated by commas"),
        ("path,split\n1,train\n", "class or label"),
        ("path,class\n1.mp4\n", "line 2 has 1 cells for 2 columns"),
        ("path,class\n1.mp4,\n", "line 2: every row needs a path and a class"),
        ("path,class\n1.mp4,a\n1.mp4,a\n", "line 3 repeats '1.mp4' of line 2"),
        ("path,class,label\n1.mp4,a,0\n2.mp4,a,1\n", r"class 'a' the labels \['0', '1'\]"),
        ("path,class,label\n1.mp4,a,0\n2.mp4,b,0\n", "label '0' to 'a' and 'b'"),
        ("path,class,split\n1.mp4,a,0\n2.mp4,a,1\n", r"names no video.*\['0', '1'\]"),
        ("path,class\n../1.mp4,a\n", r"'\.\./1\.mp4' is outside its source folder"),
        ("path,class\n/home/me/1.mp4,a\n", "outside its source folder"),
        ("path,class\n", r"names no video; add a row for each$"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UserError, match=message):
        scan(tmp_path, "csv", FIRST)


def test_files_that_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"splits\.csv' does not exist"):
        scan(tmp_path, "csv", FIRST)
    (tmp_path / "splits.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(UserError, match="UTF-8"):
        scan(tmp_path, "csv", FIRST)


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=8)
words = cells.map(str.strip).filter(bool)
rows = st.lists(
    st.tuples(words, words, st.sampled_from(["train", "test"]), words),
    min_size=1,
    max_size=20,
    unique_by=lambda r: r[0],
)


@given(rows)
def test_whatever_a_csv_writer_writes_is_read_back(tmp_path: Path, rows: list[tuple[str, str, str, str]]) -> None:
    with (tmp_path / "splits.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "class", "split", "group"), *rows])
    listing = scan(tmp_path, "csv", FIRST)
    assert [(e.path, e.class_name, e.split, e.group) for e in listing.entries] == rows
    assert listing.class_names == tuple(sorted({row[1] for row in rows}))


def test_the_real_tables_are_read_as_they_are(test_data: Path) -> None:
    for split, train in ((1, 529), (2, 527), (3, 517)):
        listing = scan(test_data / "ucf101-6", "auto", LayoutOptions(split=split))
        assert sum(e.split == "train" for e in listing.entries) == train
        assert len(listing.entries) == 731
    order = (test_data / "ucf101-6" / "classes.txt").read_text().split()
    assert list(listing.class_names) == order
    assert len(scan(test_data / "weizmann" / "splits.csv", "auto", FIRST).entries) == 90
