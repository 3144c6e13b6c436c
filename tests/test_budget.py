from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import CLASSES, SPEC
from vidense.budget import INDEX_BYTES, STORE_WIDTH, VIDEO_BYTES, Allowance, allowance, format_bytes, parse_bytes
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


def test_what_a_video_takes_beside_its_frames_is_paid_for_each_of_them():
    assert allowance(48_100, SPEC, 3, 99, "uint8", 2, 4, 10).vpc == 1
    with pytest.raises(UserError, match=r"need 48\.3 kB"):
        allowance(48_100, SPEC, 3, 99, "uint8", 2, 4, 100)
    frame = SPEC.frame_numbers + 8
    for videos in (1, 2, 5):
        exact = 3 * videos * (4 * frame + VIDEO_BYTES + 100) + INDEX_BYTES
        assert allowance(exact, SPEC, 3, 99, "uint8", 4, 4, 100) == Allowance(videos, 4)


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


budgets = st.tuples(
    st.sampled_from(["uint8", "float16", "float32"]),
    st.integers(1, 60),  # classes
    st.integers(1, 12),  # videos of the smallest class
    st.integers(1, 8).flatmap(lambda usual: st.tuples(st.integers(1, usual), st.just(usual))),
)


def bought(budget: int, case) -> Allowance | None:
    dtype, classes, smallest, (least, usual) = case
    try:
        return allowance(budget, SPEC, classes, smallest, dtype, least, usual)
    except UserError:
        return None


@given(budgets, st.lists(st.integers(0, 40_000_000), min_size=2, max_size=6))
def test_more_bytes_never_buy_fewer_videos_nor_fewer_frames_of_as_many(case, sizes):
    got = [bought(size, case) for size in sorted(sizes)]
    affordable = [one for one in got if one is not None]
    assert got == [None] * (len(got) - len(affordable)) + affordable
    for fewer, more in pairwise(affordable):
        assert fewer.vpc <= more.vpc
        if fewer.vpc == more.vpc:
            assert fewer.frames_per_video <= more.frames_per_video


@given(budgets, st.integers(0, 40_000_000))
def test_what_is_bought_is_enough_to_begin_with_and_usual_where_there_are_several(case, size):
    _, _, smallest, (least, usual) = case
    got = bought(size, case)
    if got is not None:
        assert 1 <= got.vpc <= smallest and least <= got.frames_per_video <= SPEC.frames
        assert got.vpc == 1 or got.frames_per_video >= usual


@given(budgets, st.integers(1, 12))
def test_a_budget_cut_to_measure_buys_exactly_that(case, videos):
    dtype, classes, smallest, (least, usual) = case
    frame = SPEC.frame_numbers * STORE_WIDTH[dtype] + (8 if dtype == "uint8" else 0)
    exact = classes * videos * (usual * frame + VIDEO_BYTES) + INDEX_BYTES
    assert bought(exact, case).vpc == min(videos, smallest)
    if videos > 1:
        assert bought(exact - classes, case).vpc == min(videos - 1, smallest)
    cheapest = classes * (least * frame + VIDEO_BYTES) + INDEX_BYTES
    assert bought(cheapest, case) is not None and bought(cheapest - 1, case) is None


@given(st.integers(1, 10**12), st.sampled_from(["", " ", "B", "b", " B"]))
def test_bytes_are_read_to_the_last_one(size, unit):
    assert parse_bytes(f"{size}{unit}") == size


@given(st.integers(1, 10**12))
def test_sizes_that_are_shown_can_be_given_again(size):
    assert parse_bytes(format_bytes(size)) == pytest.approx(size, rel=0.06)
