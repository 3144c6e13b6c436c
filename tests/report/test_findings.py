"""What may be ranked together, and what is said about it."""

import pytest

from tests.report.conftest import evaluation, settings_of
from vidense.report.findings import group_rows
from vidense.report.verdicts import sentences

NAN = float("nan")


def one(rows, seed=0, method="prism", **options):
    more = {key: options.pop(key) for key in ("spec", "store", "size") if key in options}
    return evaluation(rows, settings=settings_of(method, seed, **options), name=method, **more)


def test_seeds_share_a_row_and_other_settings_do_not():
    found = {0: [0.4, 0.6], 1: [0.5, 0.6], 2: [0.6, 0.6]}
    evaluations = [one({"method": {seed: nets}}, seed, size=1000 + 100 * seed) for seed, nets in found.items()]
    evaluations.append(one({"method": {0: [0.1]}}, 0, momentum=0.5))
    (table,) = group_rows(evaluations)
    assert [row.title for row in table.rows] == ["prism, momentum=0.95", "prism, momentum=0.5"]
    assert table.rows[0].accuracies == {seed: dict(enumerate(nets)) for seed, nets in found.items()}
    assert table.rows[0].disk == pytest.approx(1100)
    # t(2) * s / sqrt(3) around 0.55, s = 0.05.
    assert table.rows[0].interval == pytest.approx((0.55 - 0.12422, 0.55 + 0.12422), abs=1e-5)


def test_other_specifications_and_other_data_are_other_tables():
    evaluations = [one({"method": {0: [0.5]}}), one({"method": {0: [0.6]}}, spec="0the"), one({}, store="e15e")]
    evaluations[2]["rows"] = one({"method": {0: [0.7]}})["rows"]
    tables = group_rows(evaluations)
    assert [[row.mean for row in table.rows] for table in tables] == [[0.5], [0.6], [0.7]]


def test_baselines_stand_beside_their_method():
    rows = {"method": {0: [0.5]}, "random_equal_bytes": {0: [0.3], 1: [0.4]}}
    shared = {"random_equal_vpc": {0: [0.2], 1: [0.25]}, "ceiling": {0: [0.9, 0.8]}}
    (table,) = group_rows([one(rows | shared), one(rows | shared, method="dm")])
    assert [row.title for row in table.rows] == [
        "prism",
        "random, bytes of prism",
        "dm",
        "random, bytes of dm",
        "random, equal videos",
        "whole dataset",
    ]
    assert table.rows[1].method_row is table.rows[0] and table.rows[3].method_row is table.rows[2]


def test_a_baseline_that_differs_from_seed_to_seed_counts_its_mean():
    evaluations = [
        one({"method": {seed: [0.5]}, "random_equal_bytes": {0: [0.2 + 0.2 * seed], 1: [0.3]}}, seed) for seed in (0, 1)
    ]
    (table,) = group_rows(evaluations)
    assert table.rows[1].accuracies == {0: {0: pytest.approx(0.3)}, 1: {0: pytest.approx(0.3)}}


def test_the_ceiling_has_an_interval_over_networks():
    (table,) = group_rows([one({"ceiling": {0: [0.6, 0.7, 0.8]}})])
    # Student's t, 2 degrees of freedom: 4.303 * 0.1 / sqrt(3).
    assert table.rows[0].interval == pytest.approx((0.4516, 0.9484), abs=1e-4)
    assert table.rows[0].interval_over_sets is None


@pytest.mark.parametrize(
    ("method", "random", "starts", "says"),
    [
        ({0: [0.6], 1: [0.62], 2: [0.64]}, {0: [0.3], 1: [0.31], 2: [0.3]}, "prism beats random", "+31.7 points"),
        (
            {0: [0.6], 1: [0.2], 2: [0.4]},
            {0: [0.3], 1: [0.31], 2: [0.3]},
            "prism is not shown to beat",
            "includes zero",
        ),
        ({0: [0.2], 1: [0.1], 2: [0.1]}, {0: [0.3], 1: [0.3], 2: [0.3]}, "prism does not beat", "16.7 points (95 %"),
        (
            {0: [0.6], 1: [0.4]},
            {0: [0.3], 1: [0.1]},
            "prism scores above",
            "+30.0 points; two condensation seeds give as",
        ),
        ({0: [0.6], 7: [0.1]}, {0: [0.3], 1: [0.1]}, "prism scores above", "35.0 % against 20.0 %, +15.0 points; one"),
        # Where there is an interval, it is of the seeds that both have, and so are the means.
        (
            {0: [0.6], 1: [0.59], 2: [0.61]},
            {0: [0.3], 1: [0.3], 2: [0.3], 3: [0.9]},
            "prism beats random real clips at equal videos per class: 60.0 % against 30.0 %, +30.0 points",
            "3 condensation seeds",
        ),
        # Equal differences say nothing of how far the next may lie.
        (
            {0: [0.6], 1: [0.6], 2: [0.6]},
            {0: [0.3], 1: [0.3], 2: [0.3]},
            "prism scores above",
            "+30.0 points at each of 3 condensation seeds, which give no interval.",
        ),
        ({0: [0.3], 1: [0.3], 2: [0.3]}, {0: [0.3], 1: [0.3], 2: [0.3]}, "prism does not beat", "at each of 3"),
        ({0: [0.6]}, {0: [0.3], 1: [0.31]}, "prism scores above", "may be luck"),
        ({0: [0.3]}, {0: [0.3], 1: [0.31]}, "prism does not beat", "may be luck"),
        ({7: [0.6], 8: [0.6]}, {0: [0.3], 1: [0.31]}, "prism scores above", "share no seeds"),
        ({0: [NAN, 0.9]}, {0: [0.3]}, "prism against random", "training on prism diverged"),
        ({0: [0.9]}, {0: [NAN]}, "prism against random", "training on random, equal videos diverged"),
    ],
)
def test_what_is_said(method, random, starts, says):
    (table,) = group_rows([one({"method": method, "random_equal_vpc": random})])
    (sentence,) = sentences(table)
    assert sentence.startswith(starts) and says in sentence
    assert "at equal videos per class" in sentence


def test_the_whole_dataset_is_named_last():
    (table,) = group_rows([one({"method": {0: [0.4]}, "ceiling": {0: [0.8]}})])
    assert sentences(table) == ["The whole dataset gives 80.0 %: prism reaches 50 % of that with 2 of 9 videos."]


def test_a_diverged_row_has_no_mean():
    (table,) = group_rows([one({"method": {0: [0.4, NAN]}})])
    assert (table.rows[0].mean, table.rows[0].interval, table.rows[0].diverged) == (None, None, 1)


def test_a_title_tells_what_the_protocol_was_changed_in():
    plain, changed = one({"method": {0: [0.4]}}), one({"method": {0: [0.4]}})
    changed["asked"] = {"epochs": 40, "lr": 0.02, "mix": "none"}
    (before,), (after,) = group_rows([plain]), group_rows([changed])
    assert "protocol clean, hard labels" in before.title
    assert "protocol clean with 40 epochs with learning rate 0.02, hard labels" in after.title
