"""A condensed dataset with anything in it loads or is refused: never another error, never much memory."""

import copy
import json
from pathlib import Path
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strangers import KINDS, parts, refused, write
from vidense.condensed import load
from vidense.condensed.checked import FREE_NUMBERS
from vidense.errors import UserError
from vidense.hardware import peak_memory
from vidense.records import file_hash

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([2**31, 2**63, -(2**70), 4095, 4096, 255, 256]),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["dense", "key_frames", "selected", "uint8", "float16", "float32"]),
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where in a JSON value something can be replaced."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    value = copy.copy(value)
    value[path[0]] = replaced(value[path[0]], path[1:], by)
    return value


def loads_or_is_refused(folder: Path) -> None:
    before = peak_memory(torch.device("cpu"))
    try:
        dataset = load(folder)
        clips = dataset.decode(torch.arange(len(dataset)))
    except UserError as error:
        assert "\n" not in str(error)
        return
    finally:
        assert peak_memory(torch.device("cpu")) - before < 2**30
    assert clips.isfinite().all() and clips.numel() <= FREE_NUMBERS
    assert clips.shape == (len(dataset), *dataset.spec.shape)
    assert dataset.content_hash and dataset.storage.bytes > 0


@settings(max_examples=100)
@given(st.data())
def test_an_index_with_anything_in_it_loads_or_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    index, tensors = parts(tmp_path, kind)
    for _ in range(data.draw(st.integers(1, 3))):
        spots = [place for place in places(index) if place]
        index = replaced(index, data.draw(st.sampled_from(spots)), data.draw(json_values))
    write(tmp_path, index, tensors)
    loads_or_is_refused(tmp_path)


dtypes = st.sampled_from([torch.uint8, torch.int16, torch.int64, torch.bool, torch.float16, torch.float32])


@settings(max_examples=100)
@given(st.data())
def test_tensors_of_any_shape_type_and_value_load_or_are_refused(tmp_path: Path, data: st.DataObject) -> None:
    index, tensors = parts(tmp_path, data.draw(st.sampled_from(KINDS)))
    name = data.draw(st.sampled_from([*tensors, "labels", "soft_labels", "extra"]))
    shape = data.draw(st.lists(st.integers(0, 5), max_size=5) | st.sampled_from([[3], [9], [3, 3], [9, 3, 6, 5]]))
    filled = torch.full(shape, data.draw(st.floats(width=32)), dtype=torch.float32)
    changed = {**tensors, name: filled.to(data.draw(dtypes))}
    if data.draw(st.booleans()):
        del changed[data.draw(st.sampled_from(sorted(changed)))]
    write(tmp_path, index, changed)
    loads_or_is_refused(tmp_path)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_tensor_file_with_one_byte_changed_loads_or_is_refused(tmp_path: Path, place: int, flip: int) -> None:
    index, _ = parts(tmp_path)
    file = tmp_path / "tensors.safetensors"
    content = bytearray(file.read_bytes())
    content[place % len(content)] ^= flip
    file.write_bytes(content)
    assert "other SHA-256" in refused(tmp_path)
    (tmp_path / "condensed.json").write_text(json.dumps({**index, "tensors_sha256": file_hash(file)}))
    loads_or_is_refused(tmp_path)
