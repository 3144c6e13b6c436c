"""Files are written whole or not at all; hashes depend on content alone."""

import hashlib
import math
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.errors import UserError
from vidense.records import (
    appearing,
    content_hash,
    disjoint,
    file_hash,
    holds,
    is_free,
    is_leftover,
    numbered_name,
    read_json,
    remove,
    replacing,
    write_json,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_comes_back_as_it_was(tmp_path, value):
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value


def test_json_is_readable_and_ends_with_a_line_break(tmp_path):
    write_json(tmp_path / "x.json", {"a": [1, 2]})
    text = (tmp_path / "x.json").read_text()
    assert text.endswith("}\n") and text.count("\n") > 3


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_refused_before_the_file_is_touched(tmp_path, number):
    path = tmp_path / "x.json"
    write_json(path, 1)
    with pytest.raises(ValueError, match="Out of range"):
        write_json(path, {"a": number})
    assert read_json(path) == 1


@given(st.dictionaries(st.text(), st.integers(), min_size=1))
def test_hash_ignores_the_order_of_keys(value):
    assert content_hash(value) == content_hash(dict(reversed(value.items())))


@pytest.mark.parametrize(("a", "b"), [(1, 2), (1, "1"), ([1, 2], [2, 1]), ({"a": 1}, {"b": 1}), (None, False)])
def test_hash_tells_values_apart(a, b):
    assert content_hash(a) != content_hash(b)


def test_hash_is_16_hex_digits_and_never_changes():
    # Written out: a change here would orphan every cache and mix up every evaluation record on disk.
    assert content_hash({"b": 1, "a": [1.5, None, "x"]}) == "52686768c7445ae4"
    assert len(content_hash("")) == 16 and int(content_hash(""), 16) >= 0


def test_file_hash_is_sha256(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"frames" * 300_000)
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert file_hash(path) == expected
    # Python 3.10's way gives the same.
    monkeypatch.delattr(hashlib, "file_digest", raising=False)
    assert file_hash(path) == expected


def test_replacing_makes_folders_and_leaves_no_trace(tmp_path):
    path = tmp_path / "a" / "b" / "x.bin"
    with replacing(path) as temporary:
        assert temporary.parent == path.parent and temporary.suffix == ".bin"
        temporary.write_bytes(b"1")
        assert not path.exists()
    assert path.read_bytes() == b"1"
    assert [p.name for p in path.parent.iterdir()] == ["x.bin"]


def test_replacing_keeps_the_old_file_when_the_block_fails(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_replaced_files_can_be_read_by_others(tmp_path):
    write_json(tmp_path / "x.json", 1)
    assert (tmp_path / "x.json").stat().st_mode & 0o777 == 0o644


def test_a_folder_appears_whole_and_leaves_no_trace(tmp_path):
    folder = tmp_path / "new" / "folder"
    with appearing(folder) as temporary:
        (temporary / "a").mkdir()
        (temporary / "a" / "x").write_text("x")
        assert not folder.exists() and temporary.parent == folder.parent
    assert (folder / "a" / "x").read_text() == "x"
    assert list(folder.parent.iterdir()) == [folder]
    assert folder.stat().st_mode & 0o777 == 0o755


def test_a_folder_does_not_appear_when_the_block_fails(tmp_path):
    with pytest.raises(KeyboardInterrupt), appearing(tmp_path / "folder") as temporary:
        (temporary / "x").write_text("x")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_no_folder_can_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(UserError, match=r"folder' cannot be made \(.*\); give another path"),
        appearing(tmp_path / "file" / "folder"),
    ):
        pass


def test_an_empty_folder_is_taken_and_one_that_was_filled_meanwhile_is_left_alone(tmp_path):
    (tmp_path / "folder").mkdir()
    with appearing(tmp_path / "folder") as temporary:
        (temporary / "x").write_text("x")
    with pytest.raises(OSError, match="not empty"), appearing(tmp_path / "folder") as temporary:
        (temporary / "y").write_text("y")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["x"]
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_a_folder_is_replaced_only_by_one_that_is_whole(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").touch()
    with pytest.raises(KeyboardInterrupt), appearing(tmp_path / "folder", replace=True) as temporary:
        (temporary / "new").touch()
        raise KeyboardInterrupt
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["old"]
    with appearing(tmp_path / "folder", replace=True) as temporary:
        (temporary / "new").touch()
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_a_missing_file_is_explained(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.json' does not exist"):
        read_json(tmp_path / "nowhere.json")


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": }', b"\xff\xfe\x00", b"[1, 2"])
def test_a_damaged_file_is_explained(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(UserError, match="is not readable JSON"):
        read_json(tmp_path / "x.json")


@pytest.mark.timeout(20)
def test_what_has_no_end_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "zero"):
        with pytest.raises(UserError, match="it is no file"):
            read_json(path)
        with pytest.raises(OSError, match="it is no file"):
            file_hash(path)


def test_a_folder_is_no_json(tmp_path):
    with pytest.raises(UserError, match="is not readable JSON"):
        read_json(tmp_path)


def test_disjoint_joins_and_refuses_what_would_replace():
    assert disjoint({"a": 1}, {}, {"b": 2}) == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="'a' stands for two things"):
        disjoint({"a": 1}, {"b": 2}, {"a": 1})


def test_a_hash_refuses_what_json_cannot_say():
    with pytest.raises(TypeError):
        content_hash({"tensor": object()})


@given(st.integers(0, 99_999), st.text())
def test_a_numbered_name_leads_nowhere_else(number, name):
    made = numbered_name(number, name)

    assert re.fullmatch(r"\d{5}(-[A-Za-z0-9-]*[A-Za-z0-9])?", made) and len(made) <= 66
    assert int(made[:5]) == number


def test_a_numbered_name_keeps_what_can_be_read():
    assert numbered_name(3, "a/b  c") == "00003-a-b-c"
    assert numbered_name(3, "../..") == "00003"


@pytest.mark.parametrize("content", ["{", "[1]", "{}", '{"a": 2}', None])
def test_only_a_sound_file_holds_a_value(tmp_path, content):
    file = tmp_path / "x.json"
    if content is not None:
        file.write_text(content)
    assert not holds(file, "a", 1)
    write_json(file, {"a": 1, "b": [2]})
    assert holds(file, "a", 1) and holds(file, "b", [2])


def test_what_a_kill_left_behind_is_told_from_other_files(tmp_path):
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "run.json") as temporary:
        assert is_leftover(temporary, "log.jsonl", "run.json") and not is_leftover(temporary, "log.jsonl")
        raise KeyboardInterrupt
    for name in ("run.json", ".run.json", ".run.json.notes.json", ".run.json.abcdefgh.txt"):
        assert not is_leftover(tmp_path / name, "run.json")


def test_a_folder_is_free_but_for_what_a_kill_left(tmp_path):
    assert is_free(tmp_path / "nothing", "run.json") and is_free(tmp_path, "run.json")
    (tmp_path / ".run.json.abcdefgh.json").touch()
    assert is_free(tmp_path, "run.json") and not is_free(tmp_path, "plan.json")
    (tmp_path / "notes.txt").touch()
    assert not is_free(tmp_path, "run.json") and not is_free(tmp_path / "notes.txt", "run.json")


def test_removing_does_not_follow_links(tmp_path):
    (tmp_path / "kept" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    for name in ("link", "file", "folder", "nothing"):
        remove(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"] and (tmp_path / "kept" / "inner").exists()
