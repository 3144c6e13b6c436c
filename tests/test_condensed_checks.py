"""Whatever is wrong with a condensed dataset from a stranger is one sentence that names file and field."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.strangers import KINDS, SPEC, parts, refused, videos, write
from vidense.condensed import load, save
from vidense.condensed.checked import FREE_NUMBERS
from vidense.parameterizations import PARAMETERIZATIONS, Dense, KeyFrames, Parameterization
from vidense.records import file_hash


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_honestly_loads(tmp_path: Path, kind: str) -> None:
    index, tensors = parts(tmp_path, kind)
    write(tmp_path, index, tensors)
    assert len(load(tmp_path)) == 3


def test_a_dataset_of_the_library_needs_no_method_and_no_settings(tmp_path: Path) -> None:
    save(tmp_path, videos("dense"), dtype="float16", provenance={})
    assert load(tmp_path).index.get("settings") is None


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("parameterization", 5, "field 'parameterization': Input should be a valid string"),
        ("parameterization", "densee", "unknown parameterization 'densee'; did you mean 'dense'"),
        ("record", [], "field 'record': Input should be a valid dict"),
        ("record", {"times": NAN}, "finite number"),
        ("record", {"times": 5}, "parameterization 'key_frames'"),
        ("record", {"times": [[0, 3]]}, "parameterization 'key_frames'"),
        ("record", {"times": [[0, 3], [0, 3], [0, 1]]}, "parameterization 'key_frames'"),
        ("record", {"times": [[0, 3], [0, 3], "ab"]}, "key-frame times ab leave 0..3"),
        ("tensors_sha256", "0" * 63, "field 'tensors_sha256': String should match"),
        ("tensors_sha256", "0" * 64, "other SHA-256"),
        ("spec", None, "field 'spec'"),
        ("spec", {"frames": 4}, "must have frames, height, width, mean, std, and nothing else"),
        ("class_names", [], "field 'class_names': List should have at least 1 item"),
        ("class_names", ["a", "a", "b"], "two classes have one name"),
        ("class_names", ["a", "", "b"], "field 'class_names.1': String should have at least 1 character"),
        ("class_names", ["a", 3, "b"], "field 'class_names.1': Input should be a valid string"),
        ("class_names", "abc", "field 'class_names': Input should be a valid list"),
        ("class_names", ["a", "b"], "a label is outside its 2 classes"),
        ("class_names", ["a", "\ud800", "b"], "field 'class_names.1'"),
        ("store_dtype", "int4", "field 'store_dtype': Input should be 'uint8', 'float16' or 'float32'"),
        ("store_dtype", "float16", "field 'store_dtype': no tensor holds float16"),
        ("bytes_by_part", {"frames": 1}, "field 'bytes_by_part': the tensors take other bytes"),
        ("bytes_by_part", {"frames": 1.5}, "field 'bytes_by_part.frames'"),
        ("versions", None, "field 'versions'"),
        ("versions", {"torch": 2}, "field 'versions.torch': Input should be a valid string"),
        ("method", "prism", "field 'method'"),
        ("method", {"name": ""}, "field 'method.name': String should have at least 1 character"),
        ("settings", "seed=1", "field 'settings'"),
        ("settings", {"seed": "1"}, "field 'settings.seed': Input should be a valid integer"),
        ("settings", {"seed": True}, "field 'settings.seed': Input should be a valid integer"),
        ("settings", {"seed": 2**63}, "field 'settings.seed'"),
        ("settings", {"lr": NAN}, "field 'settings.lr"),
        ("method", {"paper": INFINITY}, "field 'method.paper"),
        ("outcome", {"loss": INFINITY}, "finite number"),
    ],
)
def test_the_field_that_lies_is_named(tmp_path: Path, field: str, value: Any, words: str) -> None:
    index, _ = parts(tmp_path)
    (tmp_path / "condensed.json").write_text(json.dumps({**index, field: value}))
    assert words in refused(tmp_path)


@pytest.mark.parametrize("field", ["parameterization", "record", "spec", "class_names", "store_dtype", "versions"])
def test_the_field_that_is_missing_is_named(tmp_path: Path, field: str) -> None:
    index, _ = parts(tmp_path)
    del index[field]
    (tmp_path / "condensed.json").write_text(json.dumps(index))
    assert f"field {field!r}: Field required" in refused(tmp_path)


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ("frames", 0, "frames=0 is not a size"),
        ("frames", 4097, "frames=4097 is not a size; give an integer from 1 to 4096"),
        ("height", 6.0, "height=6.0 is not a size"),
        ("width", True, "width=True is not a size"),
        ("width", "5", "width='5' is not a size"),
        ("mean", [0, 0], "is no mean of three channels"),
        ("mean", [0, 0, "x"], "is no mean of three channels"),
        ("mean", 0.5, "is no mean of three channels"),
        ("mean", [0, 0, 1e9], "give three numbers from -1e+06 to 1e+06"),
        ("std", [1, 1, 0], "is no std of three channels; give three numbers from 1e-06"),
        ("std", [1, 1, -1], "is no std of three channels"),
        ("std", [1, 1, NAN], "field 'spec.std"),
        ("depth", 3, "and nothing else"),
        # Another shape than that of the stored frames.
        ("height", 5, "parameterization 'key_frames': tensor 'frames' must have shape (9, 3, 5, 5)"),
        ("frames", 5, "parameterization 'key_frames'"),
        # Too large for what is stored, refused before memory is asked for.
        ("height", 4096, "field 'spec'"),
    ],
)
def test_shapes_that_lie_are_refused(tmp_path: Path, part: str, value: Any, words: str) -> None:
    index, tensors = parts(tmp_path)
    index["spec"][part] = value
    if words == "field 'spec'":
        index["spec"]["width"] = 4096
    write(tmp_path, index, tensors)
    assert words in refused(tmp_path)


def with_value(tensor: torch.Tensor, value: float) -> torch.Tensor:
    changed = tensor.clone()
    changed.view(-1)[0] = value
    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: {**t, "scale": with_value(t["scale"], NAN)}, "tensor 'scale': it holds NaN or infinity"),
        (lambda t: {**t, "offset": with_value(t["offset"], INFINITY)}, "tensor 'offset': it holds NaN or infinity"),
        # Finite as stored, and not once decoded: 255 * 1e38.
        (lambda t: {**t, "scale": torch.full_like(t["scale"], 1e38)}, "decoding gives numbers that are not finite"),
        (lambda t: {**t, "offset": t["offset"].double()}, "torch.float64 is no type that a dataset is stored in"),
        (lambda t: {**t, "virus": torch.zeros(3)}, "tensor 'virus': nothing reads it"),
        (lambda t: {n: x for n, x in t.items() if n != "scale"}, "tensor 'scale' must have shape (9,), found nothing"),
        (lambda t: {**t, "frames": t["frames"][:-1]}, "must have shape (9, 3, 6, 5)"),
        (lambda t: {n: x for n, x in t.items() if n != "labels"}, "tensor 'labels': it must be uint8 or int16"),
        (lambda t: {**t, "labels": t["labels"].float()}, "tensor 'labels': it must be uint8 or int16"),
        (lambda t: {**t, "labels": t["labels"][:, None]}, "of shape [N]"),
        (lambda t: {**t, "labels": t["labels"][:0]}, "N at least 1"),
        (lambda t: {**t, "labels": t["labels"] + 1}, "a label is outside its 3 classes"),
        (lambda t: {**t, "labels": t["labels"].to(torch.int16) - 1}, "a label is outside its 3 classes"),
        (lambda t: {**t, "soft_labels": torch.eye(3)[:2]}, "tensor 'soft_labels': it must be float32 of shape [3, 3]"),
        (lambda t: {**t, "soft_labels": torch.eye(3).half()}, "tensor 'soft_labels': it must be float32"),
        (lambda t: {**t, "soft_labels": torch.eye(3) / 0}, "tensor 'soft_labels': it holds NaN or infinity"),
    ],
)
def test_tensors_that_lie_are_refused(tmp_path: Path, change: Any, words: str) -> None:
    index, tensors = parts(tmp_path)
    write(tmp_path, index, change(tensors))
    assert words in refused(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_keeps_a_tensor_that_nothing_reads(tmp_path: Path, kind: str) -> None:
    index, tensors = parts(tmp_path, kind)
    write(tmp_path, index, {**tensors, "extra": torch.zeros(1, dtype=torch.uint8)})
    assert "tensor 'extra': nothing reads it" in refused(tmp_path)


def test_a_kind_may_read_its_tensors_in_any_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Dense.unpack
    ways = [dict, lambda t: {n: t.get(n) for n in t}, lambda t: dict(t.items()), lambda t: {**t}]
    for number, way in enumerate(ways):
        folder = tmp_path / str(number)
        parts(folder, "dense")

        def unpack(stored: Any, *rest: Any, way: Any = way) -> Dense:
            return original(type(stored)(way(stored.tensors), stored.record), *rest)

        monkeypatch.setattr(Dense, "unpack", unpack)
        assert len(load(folder)) == 3


def test_whatever_a_kind_stumbles_over_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts(tmp_path, "dense")

    def broken(*_: Any) -> Dense:
        raise ArithmeticError("a decoder\nexplains itself\n" + "at length " * 100)

    monkeypatch.setattr(PARAMETERIZATIONS.get("dense"), "unpack", broken)
    assert "parameterization 'dense': a decoder explains itself at length" in refused(tmp_path)


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, '{"format": ' + "9" * 5000 + "}", "[]", "null", '"x"', "{}"])
def test_json_that_python_cannot_take_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "condensed.json").write_text(text)
    refused(tmp_path)


def test_records_nested_deeper_than_anybody_writes_are_refused(tmp_path: Path) -> None:
    index, _ = parts(tmp_path)
    for _ in range(400):
        index["record"] = {"times": index["record"]}
    (tmp_path / "condensed.json").write_text(json.dumps(index))
    refused(tmp_path)


@pytest.mark.parametrize("size", [0, 7, 100, -1])
def test_a_tensor_file_cut_short_is_refused_though_its_hash_fits(tmp_path: Path, size: int) -> None:
    index, _ = parts(tmp_path)
    file = tmp_path / "tensors.safetensors"
    file.write_bytes(file.read_bytes()[:size])
    (tmp_path / "condensed.json").write_text(json.dumps({**index, "tensors_sha256": file_hash(file)}))
    assert "cannot be read" in refused(tmp_path)


def test_a_bomb_is_refused_before_memory_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, tensors = parts(tmp_path)
    index["spec"] |= {"frames": 4096}
    index["record"] = {"times": [[0, 4095]] * 60}
    one = tensors["frames"][:1]
    bomb = {"frames": one.expand(120, *one.shape[1:]), "scale": torch.ones(120), "offset": torch.zeros(120)}
    write(tmp_path, index, {**bomb, "labels": torch.zeros(60, dtype=torch.uint8)})
    monkeypatch.setattr(KeyFrames, "unpack", None)
    # 60 videos of 4096 frames of 90 numbers and 4096 weights each, from 120 frames.
    assert "60 clips of [4096, 3, 6, 5] do not follow from 11040 stored numbers" in refused(tmp_path)


def test_the_limit_is_a_ratio_once_the_free_part_is_used_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, tensors = parts(tmp_path)
    stored = sum(tensor.numel() for name, tensor in tensors.items() if name != "labels")
    decoded = 3 * SPEC.frames * (SPEC.frame_numbers + SPEC.frames)
    assert decoded < FREE_NUMBERS and decoded < Parameterization.largest_ratio * stored
    write(tmp_path, index, tensors)
    monkeypatch.setattr("vidense.condensed.checked.FREE_NUMBERS", 0)
    assert len(load(tmp_path)) == 3
    monkeypatch.setattr(Parameterization, "largest_ratio", 1)
    assert "do not follow" in refused(tmp_path)
