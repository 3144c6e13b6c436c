"""What a clip may be: sizes, statistics and JSON that are anything else are refused, with the value and the rule."""

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import write_store
from vidense.data.settings import PrepareSettings
from vidense.data.spec import LARGEST_SIDE, ClipSpec
from vidense.data.store import ClipStore
from vidense.data.store_index import INDEX
from vidense.errors import UserError

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@pytest.mark.parametrize("name", ["frames", "height", "width"])
@pytest.mark.parametrize("value", [4097, 10**30, 8.0, True, "8", None, float("nan"), np.int64(8)])
def test_sizes_are_integers_up_to_a_limit(name: str, value: Any) -> None:
    with pytest.raises(UserError, match=rf"{name}=.* is not a size; give an integer from 1 to {LARGEST_SIDE}"):
        ClipSpec(**{"frames": 8, "height": 64, "width": 64, name: value})


def test_the_limits_themselves_are_allowed() -> None:
    assert ClipSpec(1, 1, 1).frame_numbers == 3
    assert ClipSpec(LARGEST_SIDE, LARGEST_SIDE, LARGEST_SIDE).shape[0] == LARGEST_SIDE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": (0.5, 0.5)}, r"mean=\(0\.5, 0\.5\) is no mean of three channels"),
        ({"mean": (0.5,) * 4}, "is no mean of three channels"),
        ({"mean": [0.5, 0.5, 0.5]}, "is no mean of three channels"),
        ({"mean": (0.5, 0.5, float("nan"))}, "is no mean of three channels"),
        ({"mean": (0.5, 0.5, -float("inf"))}, "is no mean of three channels"),
        ({"mean": (0.5, 0.5, "0.5")}, "is no mean of three channels"),
        ({"mean": (0.5, 0.5, True)}, "is no mean of three channels"),
        ({"mean": None}, "mean=None is no mean"),
        ({"std": (1.0, 1.0, 0.0)}, "is no std of three channels; give three numbers from 1e-06 to 1e"),
        ({"std": (1.0, 1.0, -1.0)}, "is no std of three channels"),
        ({"std": (1.0, 1.0, 1e-300)}, "is no std of three channels"),
        ({"std": (1.0, 1.0, float("inf"))}, "is no std of three channels"),
        ({"std": (1.0, float("nan"), 1.0)}, "is no std of three channels"),
    ],
)
def test_statistics_are_three_finite_numbers(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        ClipSpec(8, 64, 64, **change)


@given(
    st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    st.tuples(*[st.floats(1e-6, 1e6)] * 3),
)
def test_whatever_is_allowed_keeps_pixels_finite(mean: Any, std: Any) -> None:
    pixels = torch.tensor([0, 255], dtype=torch.uint8)[:, None, None, None].expand(2, 3, 1, 1)
    spec = ClipSpec(1, 1, 1, mean=mean, std=std)
    assert spec.normalise(pixels).isfinite().all()
    assert spec.denormalise(spec.normalise(pixels)).dtype == torch.uint8


@given(anything)
def test_any_json_is_a_spec_or_is_refused(value: Any) -> None:
    try:
        spec = ClipSpec.from_json(value)
    except UserError as error:
        assert "\n" not in str(error) and len(str(error)) < 400
    else:
        assert spec.to_json() == value


@given(st.sampled_from(["frames", "height", "width", "mean", "std"]), anything)
def test_any_field_of_a_spec_is_sound_or_is_named(name: str, value: Any) -> None:
    sound = json.loads(json.dumps(ClipSpec(8, 48, 48).to_json()))
    try:
        spec = ClipSpec.from_json({**sound, name: value})
    except UserError as error:
        assert str(error).startswith(f"{name}=")
    else:
        assert spec.frame_numbers >= 3 and all(map(math.isfinite, (*spec.mean, *spec.std)))


@pytest.mark.parametrize("value", [None, [], "spec", 3, {}, {"frames": 8, "height": 4, "width": 4}])
def test_other_things_than_a_spec_say_what_belongs_in_one(value: Any) -> None:
    with pytest.raises(UserError, match="must have frames, height, width, mean, std, and nothing else"):
        ClipSpec.from_json(value)


def test_specs_are_equal_where_their_numbers_are() -> None:
    whole = ClipSpec.from_json({"frames": 8, "height": 4, "width": 4, "mean": [0, 0, 0], "std": [1, 1, 1]})
    assert whole == ClipSpec(8, 4, 4, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    assert hash(whole) == hash(ClipSpec(8, 4, 4, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)))


def test_prepare_meets_the_same_limit() -> None:
    settings = PrepareSettings("folder", 1, 8, 2, 5000, "squash", 1, 0)
    with pytest.raises(UserError, match="height=5000 is not a size"):
        assert settings.spec


@given(st.data())
def test_a_store_whose_index_holds_anything_opens_or_is_refused(tmp_path_factory: Any, data: st.DataObject) -> None:
    folder = STORE.setdefault("path", tmp_path_factory.mktemp("any") / "store")
    if not folder.exists():
        write_store(folder, videos=1, windows=1, spec=ClipSpec(2, 60, 60))
        STORE["index"] = (folder / INDEX).read_text()
    index = json.loads(STORE["index"])
    name = data.draw(st.sampled_from([key for key in index if key not in ("format", "version")]))
    rows = index[name] if name in ("videos", "shards") and data.draw(st.booleans()) else None
    if rows:
        field = data.draw(st.sampled_from(sorted(rows[0])))
        rows[0][field] = data.draw(anything)
    else:
        index[name] = data.draw(anything)
    (folder / INDEX).write_text(json.dumps(index))
    try:
        store = ClipStore.open(folder)
    except UserError as error:
        assert str(folder) in str(error)
    else:
        assert len(store.train) == len(store.test) == 3


STORE: dict[str, Any] = {}
