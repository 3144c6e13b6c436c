"""Means, deviations and intervals against numbers worked out by hand."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.records import difference
from vidense.statistics import (
    FEWEST_TO_REDRAW,
    T_QUANTILES,
    interval_kind,
    mean_interval,
    paired_difference,
    rank_correlation,
    summarise,
)

shares = st.floats(0, 1)


def spread(fewest: int, most: int) -> st.SearchStrategy[list[float]]:
    """Return lists of accuracies that are not all equal."""
    values = st.lists(shares, min_size=fewest, max_size=most)
    return values.filter(lambda found: max(found) - min(found) > 1e-6)


def rows(values, networks: int = 1):
    """Return accuracies with one value a condensation seed, the same for each network."""
    return {seed: dict.fromkeys(range(networks), value) for seed, value in enumerate(values)}


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
    assert (summary["interval"], summary["interval_kind"]) == (None, None)


def test_sets_weigh_the_same_however_many_networks_they_have() -> None:
    summary = summarise({0: {0: 0.0, 1: 0.0, 2: 0.0}, 1: {0: 1.0}})
    assert summary["mean"] == 0.5
    assert summary["networks"] == 1
    # One network has no deviation with n - 1, so no average over the sets is given.
    assert summary["std_networks"] == {"ddof0": 0.0, "ddof1": None}


@pytest.mark.parametrize(
    ("count", "kind"), [(0, None), (1, None), (2, "t"), (3, "t"), (9, "t"), (10, "bootstrap"), (50, "bootstrap")]
)
def test_the_kind_of_interval_follows_from_how_many_values_there_are(count: int, kind: str | None) -> None:
    values = [0.1 * (i % 3) for i in range(count)]
    assert interval_kind(values) == kind
    assert (mean_interval(values) is None) == (kind is None)
    if values:
        assert summarise(rows(values))["interval_kind"] == kind
    found = paired_difference(rows(values), rows([0.0] * count))
    assert (found["interval_kind"], found["pairs"]) == (kind, count)
    assert found["interval"] == mean_interval(values)


@pytest.mark.parametrize(
    ("values", "half"),
    [
        # t(1) * s / sqrt(2), s = 0.1 sqrt(2) for two values 0.2 apart.
        ([0.2, 0.4], 12.706 * 0.1),
        # s = 0.1 for three values in steps of 0.1.
        ([0.5, 0.6, 0.7], 4.303 * 0.1 / 3**0.5),
        # Squares of deviations 0.02 (-2, -1, 0, 1, 2): 10 * 0.0004 / 4 = 0.001.
        ([0.26, 0.28, 0.30, 0.32, 0.34], 2.776 * 0.001**0.5 / 5**0.5),
        # Four at +-0.1 around the middle: s^2 = 8 * 0.01 / 8.
        ([0.4] * 4 + [0.5] + [0.6] * 4, 2.306 * 0.1 / 3),
    ],
)
def test_small_intervals_by_hand(values: list[float], half: float) -> None:
    mean = sum(values) / len(values)
    assert mean_interval(values) == pytest.approx((mean - half, mean + half))


def t_probability(end: float, freedom: int, steps: int = 4000) -> float:
    """Return P(T <= end) of Student's t for a positive ``end``, its density integrated by Simpson's rule."""
    scale = math.gamma((freedom + 1) / 2) / (math.sqrt(freedom * math.pi) * math.gamma(freedom / 2))

    def density(x: float) -> float:
        return scale * (1 + x * x / freedom) ** (-(freedom + 1) / 2)

    width = end / steps
    inner = sum((4 if i % 2 else 2) * density(i * width) for i in range(1, steps))
    return 0.5 + (density(0) + inner + density(end)) * width / 3


def test_the_quantiles_are_those_of_the_distribution() -> None:
    assert len(T_QUANTILES) == FEWEST_TO_REDRAW - 2
    for freedom, quantile in enumerate(T_QUANTILES, start=1):
        assert t_probability(quantile, freedom) == pytest.approx(0.975, abs=3e-5)


def test_an_interval_of_few_values_is_not_cut_to_possible_accuracies() -> None:
    low, high = mean_interval([0.1, 0.9])
    assert low < 0 and high > 1


@given(spread(2, 9), st.floats(-1, 1))
def test_small_intervals_are_symmetric_and_follow_a_shift(values: list[float], shift: float) -> None:
    low, high = mean_interval(values)
    mean = sum(values) / len(values)
    assert low <= mean + 1e-9 and mean <= high + 1e-9
    assert mean - low == pytest.approx(high - mean, abs=1e-9)
    assert mean_interval([value + shift for value in values]) == pytest.approx((low + shift, high + shift), abs=1e-6)


@given(spread(2, 9), st.randoms())
def test_the_order_of_few_values_does_not_matter(values: list[float], random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert mean_interval(shuffled) == pytest.approx(mean_interval(values))


@given(spread(10, 14))
def test_redrawn_intervals_lie_within_the_values_around_the_mean_and_repeat(values: list[float]) -> None:
    interval = mean_interval(values)
    assert interval is not None
    low, high = interval
    mean = sum(values) / len(values)
    assert min(values) - 1e-9 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= max(values) + 1e-9
    assert mean_interval(values) == interval


def test_redrawing_finds_the_quantiles_of_a_binomial() -> None:
    # Ten values, half of them 1: the mean of a redraw is Binomial(10, 1/2) / 10, whose 2.5 % quantile is 2 of 10
    # (P(<= 1) = 0.011, P(<= 2) = 0.055).
    assert mean_interval([0.0, 1.0] * 5) == pytest.approx((0.2, 0.8))


def test_redrawing_agrees_with_drawing_everything_where_that_can_be_counted() -> None:
    # A single 1 among ten: a redraw's mean is Binomial(10, 1/10) / 10, and every draw of three places is countable
    # as a check of that reasoning.
    means = [sum(draw) / 3 for draw in product([0.0, 0.0, 1.0], repeat=3)]
    assert sum(mean == 0 for mean in means) == 8
    below = [sum(math.comb(10, k) * 0.1**k * 0.9 ** (10 - k) for k in range(top + 1)) for top in range(11)]
    expected = [next(k for k in range(11) if below[k] >= level) / 10 for level in (0.025, 0.975)]
    assert mean_interval([1.0] + [0.0] * 9) == pytest.approx(tuple(expected))


def test_networks_of_one_set_are_no_independent_evidence() -> None:
    few, many = summarise(rows([0.2, 0.4, 0.6])), summarise(rows([0.2, 0.4, 0.6], networks=20))
    assert few["interval"] == pytest.approx(many["interval"])


def test_pairs_share_condensation_and_network_seeds() -> None:
    first = {0: {0: 0.5, 1: 0.7}, 1: {0: 0.6}, 2: {0: 0.9}}
    second = {0: {0: 0.4, 1: 0.4}, 1: {0: 0.6, 1: 0.0}, 3: {0: 0.1}}
    found = paired_difference(first, second)
    assert found["pairs"] == 2
    # Seed 0 differs by the mean of 0.1 and 0.3, seed 1 by nothing; 0.1 +- t(1) * 0.1.
    assert found["difference"] == pytest.approx((0.2 + 0.0) / 2)
    assert found["interval"] == pytest.approx((0.1 - 1.2706, 0.1 + 1.2706))


def test_a_shared_shift_cancels_in_pairs_though_not_in_either_row() -> None:
    first = rows([0.1 * seed + 0.05 + 0.01 * (seed % 2) for seed in range(5)])
    second = rows([0.1 * seed for seed in range(5)])
    for found, least, most in [(paired_difference(first, second), 0, 0.02), (summarise(first), 0.3, 1)]:
        low, high = found["interval"]
        assert least < high - low < most


@pytest.mark.parametrize("seeds", [2, 3, 9, 10, 20])
def test_equal_values_give_no_interval_of_no_width(seeds: int) -> None:
    first, second = rows([0.1 * seed + 0.05 for seed in range(seeds)]), rows([0.1 * seed for seed in range(seeds)])
    alike = paired_difference(first, second)
    assert (alike["interval"], alike["interval_kind"], alike["pairs"]) == (None, None, seeds)
    assert alike["difference"] == pytest.approx(0.05)
    constant = summarise(rows([0.25] * seeds))
    assert (constant["interval"], constant["interval_kind"], constant["mean"]) == (None, None, 0.25)


@given(st.lists(st.tuples(shares, shares), min_size=1, max_size=12))
def test_the_other_way_round_the_difference_changes_its_sign(pairs: list[tuple[float, float]]) -> None:
    first, second = rows([a for a, _ in pairs]), rows([b for _, b in pairs])
    there, back = paired_difference(first, second), paired_difference(second, first)
    assert there["difference"] == pytest.approx(-back["difference"])
    assert there["interval_kind"] == back["interval_kind"]
    if there["interval_kind"] == "t":
        assert there["interval"] == pytest.approx((-back["interval"][1], -back["interval"][0]))


@pytest.mark.parametrize("second", [{1: {0: 0.5}}, {0: {1: 0.5}}, {}])
def test_rows_without_common_seeds_cannot_be_paired(second) -> None:
    nothing = {"difference": None, "first": None, "second": None, "interval": None, "interval_kind": None, "pairs": 0}
    assert paired_difference({0: {0: 0.5}}, second) == nothing


def records(values):
    networks = ([{"net_seed": 0, "top1": value, "diverged": False}] for value in values)
    return [{"point": {"seed": seed}, "networks": nets} for seed, nets in enumerate(networks)]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([], ""),
        ([0.5], "+50.0"),
        ([0.50, 0.52], "+51.0"),
        # Equal by chance: no evidence of how far the next may lie.
        ([0.5, 0.5, 0.5], "+50.0"),
        # 4.303 * 1 / sqrt(3) = 2.5 points.
        ([0.02, 0.03, 0.04], "**+3.0 (+0.5 to +5.5)**"),
        ([0.01, 0.02, 0.03], "+2.0 (-0.5 to +4.5)"),
        ([-0.02, -0.03, -0.04], "**-3.0 (-5.5 to -0.5)**"),
    ],
)
def test_tables_print_in_bold_what_three_pairs_or_more_show(values: list[float], shown: str) -> None:
    assert difference(records(values), rows([0.0] * len(values))) == shown


def slow_kendall(first, second):
    """Return tau-b pair by pair."""
    score = one = other = 0
    for i, j in product(range(len(first)), repeat=2):
        a, b = (first[i] > first[j]) - (first[i] < first[j]), (second[i] > second[j]) - (second[i] < second[j])
        score, one, other = score + a * b, one + a * a, other + b * b
    return score / math.sqrt(one * other) if one and other else None


def slow_spearman(first, second):
    """Return Pearson's correlation of mean ranks."""

    def deviations(values):
        ranks = [sum(w < v for w in values) + (sum(w == v for w in values) + 1) / 2 for v in values]
        return [rank - sum(ranks) / len(ranks) for rank in ranks]

    left, right = deviations(first), deviations(second)
    size = math.sqrt(sum(v * v for v in left) * sum(v * v for v in right))
    return sum(a * b for a, b in zip(left, right, strict=True)) / size if size else None


@given(st.integers(2, 9).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n)] * 2)))
def test_rank_correlations_equal_the_slow_references(lists):
    found = rank_correlation(*lists)
    assert found["spearman"] == pytest.approx(slow_spearman(*lists))
    assert found["kendall"] == pytest.approx(slow_kendall(*lists))


def test_rank_correlations_by_hand():
    assert rank_correlation([1, 2, 3], [10, 20, 30]) == pytest.approx({"spearman": 1, "kendall": 1})
    assert rank_correlation([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx({"spearman": 0.8, "kendall": 2 / 3})
    assert rank_correlation([1, 1], [1, 2]) == {"spearman": None, "kendall": None}
