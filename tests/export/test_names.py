"""Folders of classes: plain names stay, all others are safe, and no two are one folder anywhere."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.export.names import folder_names

# Names that are near each other, and near what the function itself makes, come up more often than by chance.
NAMES = st.text() | st.sampled_from(
    [
        "a",
        "A",
        "a/b",
        "a-b",
        "00000-a",
        "00001-a-b",
        "00001",
        "..",
        ".",
        "con",
        "NUL.txt",
        "é",
        "e\u0301",
        "\ud800",
        "a ",
    ]
)
LISTS = st.lists(NAMES, min_size=1, max_size=8, unique=True)


@given(LISTS)
def test_names_are_distinct_on_every_system(names):
    found = folder_names(names)
    assert len(found) == len(names)
    assert len({normalize("NFKC", name).casefold() for name in found}) == len(names)


@given(LISTS)
def test_names_are_one_visible_folder_each(names):
    for name in folder_names(names):
        assert 0 < len(name.encode()) <= 100
        assert name.isprintable() and not set(name) & set('/\\:*?"<>|\0')
        assert not name.startswith((".", "-", " ")) and not name.endswith((".", " "))
        assert name.split(".")[0].casefold() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_folders_can_be_made_and_stay_inside(tmp_path, names):
    for name in folder_names(names):
        (tmp_path / name).mkdir(exist_ok=True)
        assert (tmp_path / name).resolve().parent == tmp_path.resolve()


@pytest.mark.parametrize(
    "name",
    ["Archery", "moving_left", "Push up (one hand)", "Vidéo", "跳ぶ", "it's", "rock, paper & scissors", "3", "C+"],
)
def test_ordinary_names_stay(name):
    assert folder_names(["other", name]) == ("other", name)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a/b", "00001-a-b"),
        ("..", "00001"),
        (".hidden", "00001-hidden"),
        ("a\nb", "00001-a-b"),
        (" ", "00001"),
        ("CON", "00001-CON"),
        ("nul.txt", "00001-nul-txt"),
        ("00000-other", "00001-00000-other"),
        ("x" * 101, "00001-" + "x" * 60),
        ("ж" * 51, "00001"),
        ("\ud800", "00001"),
        ("OTHER", "00001-OTHER"),
    ],
)
def test_other_names_are_replaced_by_the_label_and_what_is_left(name, folder):
    assert folder_names(["other", name])[1] == folder


def test_classes_that_differ_in_case_alone_are_both_numbered():
    assert folder_names(["Run", "jump", "run"]) == ("00000-Run", "jump", "00002-run")


@pytest.mark.parametrize("name", ["metadata.json", "Metadata.CSV", "README.md", "load_clips.py"])
def test_a_class_called_like_a_file_of_the_export_gives_way(name):
    assert folder_names([name])[0].startswith("00000-")
