"""Means, deviations and intervals against numbers worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.statistics import bootstrap_interval, paired_difference, summarise


def test_spread_over_condensation_seeds_and_over_networks_apart() -> None:
    summary = summarise({0: {0: 0.2, 1: 0.4}, 1: {0: 0.5, 1: 0.7}})
    assert summary["mean"] == pytest.approx(0.45)
    assert summary["std_condensation"]["ddof0"] == pytest.approx(0.15)
    assert summary["std_condensation"]["ddof1"] == pytest.approx(0.15 * 2**0.5)
    assert summary["std_networks"]["ddof0"] == pytest.approx(0.1)
    assert summary["std_networks"]["ddof1"] == pytest.approx(0.1 * 2**0.5)
    assert (summary["condensation_seeds"], summary["networks"]) == (2, 2)


def test_one_of_each_has_no_spread_and_no_interval() -> None:
    summary = summarise({4: {0: 0.3}})
    assert summary["std_condensation"] == {"ddof0": 0.0, "ddof1": None}
    assert summary["std_networks"] == {"ddof0": 0.0, "ddof1": None}
    assert summary["interval"] is None


def test_the_interval_of_two_values_is_the_two_values() -> None:
    # Of the draws, a quarter is the low value twice and a quarter the high one.
    assert bootstrap_interval([0.2, 0.4]) == pytest.approx((0.2, 0.4))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_intervals_lie_within_the_values_around_the_mean_and_repeat(values: list[float]) -> None:
    interval = bootstrap_interval(values)
    assert interval is not None
    low, high = interval
    mean = sum(values) / len(values)
    assert min(values) - 1e-9 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= max(values) + 1e-9
    assert bootstrap_interval(values) == interval


def test_networks_of_one_set_are_no_independent_evidence() -> None:
    few = summarise({0: {0: 0.2}, 1: {0: 0.4}, 2: {0: 0.6}})
    many = summarise({seed: dict.fromkeys(range(20), value) for seed, value in ((0, 0.2), (1, 0.4), (2, 0.6))})
    assert few["interval"] == pytest.approx(many["interval"])


def test_pairs_share_condensation_and_network_seeds() -> None:
    first = {0: {0: 0.5, 1: 0.7}, 1: {0: 0.6}, 2: {0: 0.9}}
    second = {0: {0: 0.4, 1: 0.4}, 1: {0: 0.6, 1: 0.0}, 3: {0: 0.1}}
    found = paired_difference(first, second)
    assert found["pairs"] == 2
    assert found["difference"] == pytest.approx((0.2 + 0.0) / 2)
    assert found["interval"] == pytest.approx((0.0, 0.2))


def test_a_shared_shift_cancels_in_pairs_though_not_in_either_row() -> None:
    first = {seed: {0: 0.1 * seed + 0.05} for seed in range(5)}
    second = {seed: {0: 0.1 * seed} for seed in range(5)}
    assert paired_difference(first, second)["interval"] == pytest.approx((0.05, 0.05))


def test_rows_without_common_seeds_cannot_be_paired() -> None:
    assert paired_difference({0: {0: 0.5}}, {1: {0: 0.5}}) == {"difference": None, "interval": None, "pairs": 0}
