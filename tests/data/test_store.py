import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.video_files import write_folder
from vidense.data.prepare import prepare
from vidense.data.store import ClipStore
from vidense.errors import UserError


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    prepare(write_folder(folder / "v"), folder / "s", frames=4, size=16, clips=1, workers=1)
    return folder / "s"


@pytest.fixture
def store(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "s")


def test_pixels_stay_in_the_file(store: Path) -> None:
    shard = ClipStore.open(store).train._arrays[0]
    assert isinstance(shard, np.memmap)
    assert shard.mode == "r"


def test_a_store_can_be_moved(store: Path, original: Path) -> None:
    here, there = ClipStore.open(str(store)), ClipStore.open(original)
    assert here.content_hash == there.content_hash
    assert here.cache == store / "cache"


def test_missing_stores(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UserError, match=r"is no store \(it has no index\.json\); run prepare"):
            ClipStore.open(path)


def edit(store: Path, **changes: Any) -> None:
    index = json.loads((store / "index.json").read_text())
    (store / "index.json").write_text(json.dumps({**index, **changes}))


def test_an_index_that_is_no_json(store: Path) -> None:
    (store / "index.json").write_text("{")
    with pytest.raises(UserError, match="not readable JSON"):
        ClipStore.open(store)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "webdataset"}, "is no vidense-store file"),
        ({"version": 99}, "version 99, this vidense reads version 1"),
        ({"spec": {}}, "is damaged"),
        ({"videos": []}, "content hash is of other videos"),
        ({"class_names": ["jump"]}, "a label is outside the 1 classes"),
        ({"class_names": ["jump", "jump"]}, "two classes have one name"),
        ({"class_names": "ab"}, "field 'class_names'"),
        ({"class_names": ["jump", ""]}, r"field 'class_names\.1'"),
        ({"content_hash": 5}, "field 'content_hash'"),
        ({"content_hash": "/../../../../x"}, "field 'content_hash'"),
        ({"content_hash": "0123456789abcdef"}, "content hash is of other videos"),
        ({"settings": {"stride": float("inf")}}, r"field 'settings\.stride'"),
        ({"settings": {"motion": "none"}}, "content hash is of other videos"),
        ({"shards": [{"file": "../x.npy", "split": "train", "shape": [], "bytes": 1}]}, r"field 'shards\.0\.file'"),
        ({"shards": []}, r"\(ValueError: 0 train rows for 8 videos"),
        ({"shards": None}, "is damaged"),
    ],
)
def test_damaged_indices(store: Path, changes: dict[str, Any], message: str) -> None:
    edit(store, **changes)
    with pytest.raises(UserError, match=message):
        ClipStore.open(store)


def test_an_index_of_another_kind(store: Path) -> None:
    (store / "index.json").write_text("[1, 2]")
    with pytest.raises(UserError, match="is no vidense-store file"):
        ClipStore.open(store)


def test_missing_and_short_shards(store: Path) -> None:
    shard = store / "train-00000.npy"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"is damaged .*train-00000\.npy has \d+ bytes instead of"):
        ClipStore.open(store)
    shard.unlink()
    with pytest.raises(UserError, match=r"is damaged \(FileNotFoundError"):
        ClipStore.open(store)


def test_a_shard_without_windows_cannot_claim_rows(store: Path) -> None:
    shard = store / "train-00000.npy"
    empty = np.empty((10**9, 0, *np.load(shard).shape[2:]), np.uint8)
    np.save(shard, empty)
    index = json.loads((store / "index.json").read_text())
    (own,) = [entry for entry in index["shards"] if entry["file"] == shard.name]
    own |= {"shape": list(empty.shape), "bytes": shard.stat().st_size}
    (store / "index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"is damaged .*\(1000000000, 0, "):
        ClipStore.open(store)


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", 1.9), ("label", -1), ("group", 1), ("windows", []), ("windows", [[]]), ("split", "x")],
)
def test_a_video_of_another_kind_is_named(store: Path, field: str, value: Any) -> None:
    videos = json.loads((store / "index.json").read_text())["videos"]
    edit(store, videos=[*videos[:2], {**videos[2], field: value}, *videos[3:]])
    with pytest.raises(UserError, match=rf"is damaged \(field 'videos\.2\.{field}"):
        ClipStore.open(store)


def test_labels_under_the_hash_of_others_are_told(store: Path) -> None:
    videos = json.loads((store / "index.json").read_text())["videos"]
    edit(store, videos=[{**video, "label": 1 - video["label"]} for video in videos])
    with pytest.raises(UserError, match="content hash is of other videos"):
        ClipStore.open(store)


@pytest.mark.parametrize("content", [b"x", b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'shape': (4,}", b"PK\x03\x04"])
def test_a_shard_that_is_no_array(store: Path, content: bytes) -> None:
    shard = store / "train-00000.npy"
    size = shard.stat().st_size
    shard.write_bytes(content + bytes(size - len(content)))
    with pytest.raises(UserError, match=r"is damaged .*train-00000\.npy is no array"):
        ClipStore.open(store)


def test_a_shard_of_the_right_size_and_the_wrong_shape(store: Path) -> None:
    shard = store / "test-00000.npy"
    pixels = np.load(shard)
    np.save(shard, pixels.reshape(1, *pixels.shape[1:-1], -1))
    with pytest.raises(UserError, match="is damaged"):
        ClipStore.open(store)
