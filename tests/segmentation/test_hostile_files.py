"""Files that were cut, changed or made up: one sentence each, whatever stands in them."""

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vidense.errors import UserError
from vidense.segmentation.features import FeatureFolder, _open
from vidense.segmentation.sequences import Script, SegmentKeys
from vidense.segmentation.storage import INDEX_FILE, TENSOR_FILE, load, save


@pytest.fixture
def folder(kitchen, tmp_path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(kitchen, tmp_path / "copy"))


def read(folder: Path) -> torch.Tensor:
    return FeatureFolder(folder).videos("train", 1).features(0)


@pytest.mark.parametrize(
    ("kind", "order"),
    [("<f8", "C"), (">f4", "C"), ("<f2", "C"), ("<f4", "F")],
    ids=["double", "big", "half", "fortran"],
)
def test_floats_of_every_kind_are_the_same_numbers(folder, kind, order):
    before, file = read(folder).clone(), folder / "features" / "video-01.npy"
    np.save(file, np.asarray(np.load(file), dtype=kind, order=order))
    found = read(folder)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, before, rtol=2e-3 if kind == "<f2" else 0, atol=0)


def test_a_double_that_no_single_can_hold_is_infinity(folder):
    file = folder / "features" / "video-01.npy"
    features = np.load(file).astype(np.float64)
    features[0, 4] = 1e300
    np.save(file, features)
    with pytest.raises(UserError, match="holds NaN or infinity at frame 4"), np.errstate(over="ignore"):
        read(folder)


def test_a_bad_number_is_told_at_the_frame_of_the_file(folder):
    """At every third frame, the second one that is read is frame 3 of the file; those between are not read."""
    file = folder / "features" / "video-01.npy"
    features = np.load(file)
    features[1, [2, 3]] = np.nan
    np.save(file, features)
    videos = FeatureFolder(folder).videos("train", 1, 3)
    with pytest.raises(UserError, match="at frame 3;"):
        videos.features(0)
    features[1, 3] = 0
    np.save(file, features)
    assert FeatureFolder(folder).videos("train", 1, 3).features(0).isfinite().all()


HEADERS = [
    (b"'shape': (6,", b"'shape': ((6"),
    (b"'fortran_order'", b"b'ortran_order'"),
    (b"'shape': (6,", b"'shape': (-6"),
    (b"'shape': (6,", b"'shape': (6e"),
    (b"{'descr': ", b"['descr': "),
    (b"'<f4'", b"'|O '"),
    (b"\x93NUMPY\x01", b"\x93NUMPY\x09"),
]


@pytest.mark.parametrize(("old", "new"), HEADERS, ids=[new.decode("latin-1") for _, new in HEADERS])
def test_headers_that_somebody_changed(folder, old, new):
    file = folder / "features" / "video-01.npy"
    content = file.read_bytes()
    assert old in content and len(old) == len(new)
    file.write_bytes(content.replace(old, new, 1))
    with pytest.raises(UserError, match=r"video-01\.npy'"):
        read(folder)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(b"0123456789-(),'{}<>fOVb \x00\xff:TF")), max_size=3))
def test_no_header_ends_in_anything_but_a_sentence(tmp_path, changes):
    file = tmp_path / "video-01.npy"
    np.save(file, np.zeros((6, 5), np.float32))
    content = bytearray(file.read_bytes())
    for place, byte in changes:
        content[place] = byte
    file.write_bytes(content)
    try:
        assert _open(file).ndim == 2
    except UserError as error:
        assert "\n" not in str(error) and "video-01" in str(error)


def test_only_splits_that_can_be_read_again_are_splits(folder):
    for part in ("train", "test"):
        for number in ("\u00b2", "\u0663", "01", "1b", ""):
            shutil.copy(folder / "splits" / f"{part}.split1.bundle", folder / "splits" / f"{part}.split{number}.bundle")
    assert FeatureFolder(folder).splits == (1, 2)


def test_many_splits_are_in_the_order_of_their_numbers(folder):
    for part in ("train", "test"):
        shutil.copy(folder / "splits" / f"{part}.split1.bundle", folder / "splits" / f"{part}.split10.bundle")
    assert FeatureFolder(folder).splits == (1, 2, 10)


@pytest.mark.parametrize("line", ["9" * 5000 + " cut", "-1 cut", "1.0 cut", "\u00b2 cut", "1\tcut"])
def test_numbers_of_classes_are_plain(folder, line):
    (folder / "mapping.txt").write_text(f"0 start\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match="write a number that stands once, and a class name"):
        FeatureFolder(folder)


def test_lists_with_ends_of_lines_of_windows_and_lines_left_empty(folder, kitchen):
    for file in [folder / "mapping.txt", *(folder / "splits").iterdir(), *(folder / "groundTruth").iterdir()]:
        file.write_bytes(file.read_bytes().replace(b"\n", b" \r\n") + b"\r\n\r\n")
    one, other = (FeatureFolder(path).videos("test", 2) for path in (folder, kitchen))
    assert (one.names, one.class_names) == (other.names, other.class_names)
    assert all(torch.equal(one.truth(i), other.truth(i)) for i in range(len(one)))


def test_names_with_spaces_and_letters_of_other_languages(folder):
    lines = (folder / "mapping.txt").read_text(encoding="utf-8").replace("cut", "cut the caf\u00e9 cake")
    (folder / "mapping.txt").write_text(lines, encoding="utf-8")
    for file in (folder / "groundTruth").iterdir():
        file.write_text(file.read_text(encoding="utf-8").replace("cut", "cut the caf\u00e9 cake"), encoding="utf-8")
    for kind, ending in (("features", "npy"), ("groundTruth", "txt")):
        (folder / kind / f"video-01.{ending}").rename(folder / kind / f"rgb 01 \u00fc.v2.{ending}")
    bundle = folder / "splits" / "train.split1.bundle"
    bundle.write_text(bundle.read_text(encoding="utf-8").replace("video-01", "rgb 01 \u00fc.v2"), encoding="utf-8")
    videos = FeatureFolder(folder).videos("train", 1)
    assert videos.names[0] == "rgb 01 \u00fc.v2" and videos.class_names[1] == "cut the caf\u00e9 cake"
    assert (videos.labels(0) == 1).any()


@cache
def valid() -> tuple[str, bytes]:
    """Return the index and the tensors of two condensed videos."""
    with TemporaryDirectory() as name:
        scripts = [Script((0, 1), (4, 3), (0, 3, 5)), Script((1,), (6,), (0, 5))]
        save(Path(name), SegmentKeys(torch.arange(10.0).view(5, 2), scripts, ["a", "b"]), {"method": "mean"})
        return (Path(name) / INDEX_FILE).read_text(), (Path(name) / TENSOR_FILE).read_bytes()


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Return where values stand in JSON, containers before what is in them."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


def changed(value: Any, path: tuple, new: Any) -> Any:
    """Return a copy of JSON with another value at a place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


STRANGE = st.sampled_from([None, True, -1, 0, 1, 2, 3, 2**22, 2**63, 2**200, 0.5, "", "x", "1", [], {}, [0], [[0]]])


@settings(max_examples=80)
@given(st.data())
def test_any_value_of_an_index_may_be_another(data):
    """Either the set is refused in one sentence, or it can be decoded, every video of it, as long as it says."""
    text, tensors = valid()
    index = json.loads(text)
    path = data.draw(st.sampled_from(places(index)))
    index = changed(index, path, data.draw(STRANGE))
    with TemporaryDirectory() as name:
        (Path(name) / INDEX_FILE).write_text(json.dumps(index))
        (Path(name) / TENSOR_FILE).write_bytes(tensors)
        try:
            videos, _ = load(Path(name))
        except UserError as error:
            assert "\n" not in str(error)
            return
        assert all(videos.features(i).shape == (2, len(videos.labels(i))) for i in range(len(videos)))


@settings(max_examples=60)
@given(st.data())
def test_tensors_of_which_any_byte_changed_are_noticed(data):
    text, tensors = valid()
    content = bytearray(tensors)
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with TemporaryDirectory() as name:
        (Path(name) / INDEX_FILE).write_text(text)
        (Path(name) / TENSOR_FILE).write_bytes(content)
        with pytest.raises(UserError, match=r"is not what sequences\.json describes"):
            load(Path(name))


def test_settings_of_a_set_cannot_pretend_to_be_its_index(tmp_path):
    videos = SegmentKeys(torch.zeros(1, 2), [Script((0,), (3,), (1,))], ["a"])
    save(tmp_path, videos, {"dimension": 99, "videos": []})
    found, _ = load(tmp_path)
    assert found.dimension == 2 and len(found) == 1


def test_a_set_that_is_written_anew_leaves_nothing_of_the_old_one(tmp_path):
    scripts = [Script((0,), (3,), (1,)), Script((0,), (4,), (0, 3))]
    save(tmp_path, SegmentKeys(torch.rand(3, 2), scripts, ["a"]), {})
    save(tmp_path, SegmentKeys(torch.full((1, 3), 2.5), scripts[:1], ["a"]), {})
    found, storage = load(tmp_path)
    assert found.features(0).tolist() == [[2.5] * 3] * 3 and (storage.frames, storage.numbers) == (1, 3)
    assert sorted(file.name for file in tmp_path.iterdir()) == [INDEX_FILE, TENSOR_FILE]
