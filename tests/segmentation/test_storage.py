"""Condensed features on disk: the same when read, as large as said, and refused when damaged."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from vidense.errors import UserError
from vidense.records import file_hash
from vidense.segmentation.sequences import Script, SegmentKeys
from vidense.segmentation.storage import load, save

SCRIPTS = [Script((0, 1), (4, 3), (0, 3, 5)), Script((1,), (6,), (0, 5))]


def written(folder: Path) -> dict:
    """Write two videos; return the index."""
    vectors = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    save(folder, SegmentKeys(vectors, SCRIPTS, ["a", "b"]), {"method": "mean", "seed": 3})
    return json.loads((folder / "sequences.json").read_text())


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_read_is_what_was_written(tmp_path):
    index = written(tmp_path)
    videos, _ = load(tmp_path)
    assert videos.scripts == tuple(SCRIPTS) and videos.class_names == ("a", "b")
    vectors = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    ranges = vectors.amax(1) - vectors.amin(1)
    assert ((videos.vectors - vectors).abs().amax(1) <= ranges / 255 / 2 + 1e-6).all()
    assert index["settings"] == {"method": "mean", "seed": 3}
    # Stored once more, nothing moves.
    save(tmp_path / "again", videos, {})
    again, _ = load(tmp_path / "again")
    torch.testing.assert_close(again.vectors, videos.vectors)


def test_equal_videos_give_equal_files(tmp_path):
    assert written(tmp_path / "one") == written(tmp_path / "two")


def test_storage_is_bytes_on_disk(tmp_path):
    written(tmp_path)
    _, storage = load(tmp_path)
    assert storage.bytes == sum(file.stat().st_size for file in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == 2
    assert {name: storage.parts[name] for name in ("frames", "scale", "offset")} == {
        "frames": 35,
        "scale": 20,
        "offset": 20,
    }
    assert (storage.numbers, storage.frames) == (35, 5)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("format", "x", "is no vidense-segmentation file"),
        ("version", 2, "is of version 2, this vidense reads version 1"),
        ("class_names", [], "field 'class_names'"),
        ("class_names", ["a", "a"], "two classes have one name"),
        ("class_names", ["a"], "a label is outside the 1 classes"),
        ("dimension", 0, "field 'dimension'"),
        ("dimension", 7.0, "field 'dimension'"),
        ("dimension", 8, "must have shape (5, 8)"),
        ("videos", [], "field 'videos'"),
        ("videos", [{"labels": [0], "lengths": [4]}], "field 'videos.0.times'"),
        ("videos", [{"labels": [0], "lengths": [4], "times": [0, 3]}], "must have shape (2, 7)"),
        ("videos", [{"labels": [0], "lengths": [4], "times": [0, 1, 2, 3, 4]}], "must rise within 0..3"),
        ("videos", [{"labels": [0], "lengths": [2**22], "times": [0, 1, 2, 3, 4]}], None),
        ("videos", [{"labels": [0], "lengths": [2**23], "times": [0, 1, 2, 3, 4]}], "field 'videos.0.lengths.0'"),
        (
            "videos",
            [{"labels": [0, 1], "lengths": [2**22 - 1, 2**22], "times": [0, 1, 2, 3, 2**22 - 1]}],
            "is too large",
        ),
        ("videos", [{"labels": [0], "lengths": [True], "times": [0, 1, 2, 3, 4]}], "field 'videos.0.lengths.0'"),
        ("tensors_sha256", "0" * 64, "other SHA-256"),
        ("tensors_sha256", "x", "field 'tensors_sha256'"),
        ("settings", 3, "field 'settings'"),
        ("extra", 1, "field 'extra'"),
    ],
)
def test_the_field_that_lies_is_named(tmp_path, field, value, words):
    index = written(tmp_path)
    (tmp_path / "sequences.json").write_text(json.dumps({**index, field: value}))
    if words is None:
        assert load(tmp_path)[0].scripts[0].frames == 2**22
    else:
        assert words in refused(tmp_path)


def test_a_video_of_too_many_numbers_is_refused_before_it_is_decoded(tmp_path):
    index = written(tmp_path)
    index["dimension"] = 2**20
    (tmp_path / "sequences.json").write_text(json.dumps(index))
    assert "must have shape" in refused(tmp_path)
    index["videos"][0] = {"labels": [0], "lengths": [300], "times": [0, 1, 2]}
    (tmp_path / "sequences.json").write_text(json.dumps(index))
    assert "a video of 300 frames of 1048576 numbers is too large" in refused(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"virus": torch.zeros(2)}, "and nothing else"),
        ({"frames": torch.zeros(5, 7)}, "must hold frames (uint8)"),
        ({"scale": torch.zeros(4)}, "must have shape (5,)"),
        ({"offset": torch.full((5,), torch.nan)}, "not finite"),
        ({"scale": torch.full((5,), 1e38)}, "not finite"),
    ],
)
def test_tensors_that_lie_are_refused(tmp_path, change, words):
    index = written(tmp_path)
    tensors = {
        "frames": torch.full((5, 7), 255, dtype=torch.uint8),
        "scale": torch.ones(5),
        "offset": torch.zeros(5),
        **change,
    }
    save_file(tensors, tmp_path / "tensors.safetensors")
    index["tensors_sha256"] = file_hash(tmp_path / "tensors.safetensors")
    (tmp_path / "sequences.json").write_text(json.dumps(index))
    assert words in refused(tmp_path)


@pytest.mark.parametrize("text", ["[]", "null", "{}", "{", "[" * 5000])
def test_an_index_that_is_none(tmp_path, text):
    written(tmp_path)
    (tmp_path / "sequences.json").write_text(text)
    refused(tmp_path)


def test_files_that_are_cut_or_missing(tmp_path):
    index = written(tmp_path)
    file = tmp_path / "tensors.safetensors"
    file.write_bytes(file.read_bytes()[:20])
    (tmp_path / "sequences.json").write_text(json.dumps({**index, "tensors_sha256": file_hash(file)}))
    assert "cannot be read" in refused(tmp_path)
    file.unlink()
    assert "cannot be read" in refused(tmp_path)
    assert "does not exist" in refused(tmp_path / "nowhere")
