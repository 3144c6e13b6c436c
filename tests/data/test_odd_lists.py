"""Lists and tables as people really have them: marked, quoted, capitalised, doubled, with odd names and odd numbers."""

import json
from pathlib import Path
from typing import Any

import pytest

from vidense.data.layouts import LayoutOptions, Listing, detect, scan
from vidense.errors import UserError

FIRST = LayoutOptions()
MARK = "\ufeff"


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(listing: Listing) -> list[tuple[str, str, str]]:
    return [(entry.path, entry.class_name, entry.split) for entry in listing.entries]


def hmdb(folder: Path, **lists: str) -> Path:
    """Write the list of split 1 of each class, and its class folder."""
    for class_name, text in lists.items():
        (folder / class_name).mkdir(parents=True)
        (folder / f"{class_name}_test_split1.txt").write_text(text, encoding="utf-8")
    return folder


def test_hmdb51_reads_marked_lists_capital_endings_and_names_with_spaces(tmp_path: Path) -> None:
    text = f"{MARK}my film_walk_f_0.AVI 1\r\n\r\ncaf\u00e9 (2)_walk_f_0.avi\t2 \r\n"
    listing = scan(hmdb(tmp_path, walk=text), "hmdb51_official", FIRST)
    assert found(listing) == [
        ("walk/my film_walk_f_0.AVI", "walk", "train"),
        ("walk/caf\u00e9 (2)_walk_f_0.avi", "walk", "test"),
    ]
    assert [entry.group for entry in listing.entries] == ["my film", "caf\u00e9 (2)"]


def test_a_class_of_hmdb51_may_have_any_name(tmp_path: Path) -> None:
    """What ends the name of a list is its number; a class may itself sound like a list."""
    listing = scan(hmdb(tmp_path, climb_test_split1="a.avi 1\n", climb="b_climb_f.avi 2\n"), "hmdb51_official", FIRST)
    assert listing.class_names == ("climb", "climb_test_split1")
    assert [(entry.class_name, entry.group) for entry in listing.entries] == [
        ("climb", "b"),
        ("climb_test_split1", "a.avi"),
    ]


@pytest.mark.parametrize("line", ["a.avi", "a.avi -1", "a.avi 12", "a.mp4 1", "1", ".avi 1 1", "a.avi, 1"])
def test_lines_that_are_none_of_hmdb51(tmp_path: Path, line: str) -> None:
    with pytest.raises(UserError, match=r"walk_test_split1\.txt, line 2 is .*it should read 'clip\.avi 1'"):
        scan(hmdb(tmp_path, walk=f"b.avi 1\n{line}\n"), "hmdb51", FIRST)


def ucf(folder: Path, train: str, test: str) -> Path:
    touch(folder, "Swing/x.txt", "Surf/x.txt")
    (folder / "trainlist01.txt").write_text(train, encoding="utf-8")
    (folder / "testlist01.txt").write_text(test, encoding="utf-8")
    return folder


def test_ucf101_reads_marked_lists(tmp_path: Path) -> None:
    train, test = "Swing/v_Swing_g01_c01.avi 1\nSurf/v_Surf_g02_c01.avi 2\n", "Surf/v_Surf_g03_c01.avi\n"
    listing = scan(ucf(tmp_path, MARK + train, MARK + test), "auto", FIRST)
    assert [entry.path for entry in listing.entries] == [line.split()[0] for line in (train + test).splitlines()]
    assert listing.class_names == ("Surf", "Swing")


HEAD = "label,youtube_id,time_start,time_end\n"


def kinetics(folder: Path, train: str, validate: str = HEAD + "dance,c,3,13\n") -> Path:
    touch(folder, "clips/a_000001_000011.mp4", "clips/c_000003_000013.mp4")
    (folder / "train.csv").write_text(train, encoding="utf-8")
    (folder / "validate.csv").write_text(validate, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "text",
    [
        MARK + HEAD + "dance,a,1,11\n",
        MARK + "youtube_id,label,time_start,time_end\na,dance,1,11\n",
        '"youtube_id","time_start","time_end","label"\n"a","1","11","dance"\n',
        "time_end,split,time_start,youtube_id,is_cc,label\n11.0,train,1.0,a,0,dance\n",
    ],
    ids=["marked", "marked before a name", "quoted", "other order"],
)
def test_kinetics_is_known_by_its_columns_however_they_are_written(tmp_path: Path, text: str) -> None:
    source = kinetics(tmp_path, text)
    assert detect(source)[0] == "kinetics400"
    assert found(scan(source, "kinetics400", FIRST))[0] == ("clips/a_000001_000011.mp4", "dance", "train")


@pytest.mark.parametrize("time", ["inf", "-inf", "nan", "1e999", "", "0:59"])
def test_times_that_are_no_seconds(tmp_path: Path, time: str) -> None:
    with pytest.raises(UserError, match=r"train\.csv, line 2 has the times .*they should be seconds"):
        scan(kinetics(tmp_path, f"{HEAD}dance,a,{time},11\n"), "kinetics400", FIRST)


@pytest.mark.parametrize("text", [HEAD + ",a,1,11\n", "youtube_id,time_start,time_end,label\na,1,11\n"])
def test_a_clip_of_no_class_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"train\.csv, line 2 has no label"):
        scan(kinetics(tmp_path, text), "kinetics400", FIRST)


def test_labels_with_commas_and_clips_in_folders_with_dots(tmp_path: Path) -> None:
    touch(tmp_path, "a.b/c d/x.y_000001_000011.MKV")
    listing = scan(kinetics(tmp_path, HEAD + '"salsa, fast",x.y,1,11\n'), "kinetics400", FIRST)
    assert found(listing)[0] == ("a.b/c d/x.y_000001_000011.MKV", "salsa, fast", "train")


def ssv2(folder: Path, **parts: Any) -> Path:
    """Write the lists, those of ``parts`` in place of usual ones, and two videos."""
    usual: dict[str, Any] = {
        "train": [{"id": "1", "template": "Moving [something]"}],
        "validation": [{"id": 2, "template": "moving [Something]"}],
        "labels": {"Moving something": "0"},
    }
    for name, value in {**usual, **parts}.items():
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    touch(folder, "videos/1.webm", "videos/2.WEBM")
    return folder


def test_ssv2_takes_numbers_as_text_or_as_numbers(tmp_path: Path) -> None:
    listing = scan(ssv2(tmp_path, labels={"Moving something": 0}), "auto", FIRST)
    assert found(listing) == [
        ("videos/1.webm", "Moving something", "train"),
        ("videos/2.WEBM", "Moving something", "test"),
    ]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"labels": {"a": 0.0}}, "is not a table of labels"),
        ({"labels": {"a": None}}, "is not a table of labels"),
        ({"labels": {"a": "0", "b": 0}}, "numbers its 2 labels"),
        ({"labels": {"a": "1"}}, "numbers its 1 labels"),
        ({"train": []}, "is not a list of videos"),
        ({"train": "1"}, "is not a list of videos"),
        ({"train": [{"id": 1.5, "template": "x"}]}, "entry 0 lacks 'id' or 'template'"),
        ({"train": [{"id": "1", "template": None}]}, "entry 0 lacks 'id' or 'template'"),
        ({"test": [{"name": "1"}]}, "entry 0 lacks 'id'"),
    ],
)
def test_json_of_other_types(tmp_path: Path, parts: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        scan(ssv2(tmp_path, **parts), "ssv2", FIRST)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[" * 5000])
def test_a_list_that_is_no_json(tmp_path: Path, content: bytes) -> None:
    (ssv2(tmp_path) / "train.json").write_bytes(content)
    with pytest.raises(UserError, match=r"train\.json' is not readable JSON"):
        scan(tmp_path, "ssv2", FIRST)


def test_a_video_that_lies_in_two_folders_is_taken_from_the_first(tmp_path: Path) -> None:
    source = ssv2(tmp_path)
    touch(source, "archive/1.mp4", "zz/1.webm", ".hidden/1.webm")
    assert found(scan(source, "ssv2", FIRST))[0][0] == "archive/1.mp4"


def test_folders_of_classes_with_odd_names_and_capital_endings(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "caf\u00e9 au lait/A b.MP4",
        "caf\u00e9 au lait/.hidden.mp4",
        "x/clip.WebM",
        "x/clip.webm.part",
        "x/mp4",
    )
    listing = scan(tmp_path, "auto", FIRST)
    assert [entry.path for entry in listing.entries] == ["caf\u00e9 au lait/A b.MP4", "x/clip.WebM"]


@pytest.mark.parametrize("ending", [".JPG", ".Jpeg", ".png"])
def test_frames_with_capital_endings(tmp_path: Path, ending: str) -> None:
    touch(tmp_path, f"my class/a clip/frame 1{ending}", f"my class/b clip/deep/1{ending}", "my class/none/x.gif")
    listing = scan(tmp_path, "auto", FIRST)
    assert (listing.name, [entry.path for entry in listing.entries]) == (
        "frames",
        ["my class/a clip", "my class/b clip/deep"],
    )
    assert [entry.group for entry in listing.entries] == ["my class/a clip", "my class/b clip"]
