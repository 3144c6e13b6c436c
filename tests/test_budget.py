import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import CLASSES, SPEC
from vidense.budget import allowance, format_bytes, parse_bytes
from vidense.condensed import save
from vidense.errors import UserError
from vidense.parameterizations import KeyFrames


@pytest.mark.parametrize(
    ("text", "size"),
    [("5MB", 5_000_000), ("500 kB", 500_000), ("1.5MiB", 1_572_864), ("4096", 4096), ("1gb", 10**9), (" 2 KiB ", 2048)],
)
def test_sizes_as_people_write_them(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-5MB", "5 parsecs", "0", "0.1", "five"])
def test_what_is_no_size(text):
    with pytest.raises(UserError, match="is not a size"):
        parse_bytes(text)


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_a_clear_error(text):
    try:
        assert parse_bytes(text) >= 1
    except UserError as error:
        assert repr(text) in str(error)


def test_format_bytes():
    assert [format_bytes(n) for n in (0, 999, 1500, 2_000_000, 3.2e9)] == ["0 B", "999 B", "1.5 kB", "2.0 MB", "3.2 GB"]


def test_too_small_a_budget_names_the_smallest():
    with pytest.raises(UserError, match=r"need 48\.0 kB"):
        allowance(20_000, SPEC, 3, 99, "uint8", 2, 4)
    assert allowance(48_100, SPEC, 3, 99, "uint8", 2, 4).vpc == 1


def test_never_more_videos_than_the_smallest_class_has():
    assert allowance(10**9, SPEC, 3, 7, "uint8", 2, 4) == allowance(10**10, SPEC, 3, 7, "uint8", 8, 8)


@given(st.integers(48_500, 2_000_000), st.sampled_from(["uint8", "float16", "float32"]))
def test_what_a_budget_buys_fits_on_disk(tmp_path, budget, dtype):
    try:
        bought = allowance(budget, SPEC, 3, 8, dtype, 2, 4)
    except UserError:
        return
    labels = torch.arange(3).repeat_interleave(bought.vpc)
    frames = torch.randn(len(labels), *SPEC.shape)
    videos = KeyFrames.from_clips(frames, [bought.frames_per_video] * len(labels), SPEC, CLASSES, labels)
    # Long class names and settings are what the index has to hold besides.
    settings = {"method": {"paper": "p" * 200}, "settings": {f"option {i}": "value" for i in range(30)}}
    assert save(tmp_path / "d", videos, dtype=dtype, provenance=settings).storage.bytes <= budget
