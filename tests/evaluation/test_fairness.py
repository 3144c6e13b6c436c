"""Scores of fairness against numbers worked out by hand, and what they are computed from."""

import json
import math

import pytest

from tests.small_net import NAME, linear, linear_teacher
from vidense.errors import UserError
from vidense.evaluation import measure
from vidense.evaluation.fairness import _accuracy, augmentation_robust, judge, label_robust

__all__ = ["linear", "linear_teacher"]  # fixtures: pytest finds them by their names in this module

NEUTRAL = (1 - math.exp(-1)) / (math.e - math.exp(-1))


def test_label_robust_by_hand():
    # Improvement 0.5 - 0.3, loss 0.8 - 0.4: half of one less half of the other is -0.1.
    wanted = (math.exp(-0.1) - math.exp(-1)) / (math.e - math.exp(-1))
    assert label_robust(0.8, 0.4, 0.5, 0.3) == pytest.approx(wanted)
    # All weight on the improvement: the loss does not count.
    assert label_robust(0.8, 0.1, 0.5, 0.3, weight=1.0) == label_robust(0.8, 0.7, 0.5, 0.3, weight=1.0)
    assert label_robust(0.6, 0.6, 0.4, 0.4) == pytest.approx(NEUTRAL)


def test_augmentation_robust_by_hand():
    wanted = (math.exp(0.15) - math.exp(-1)) / (math.e - math.exp(-1))
    assert augmentation_robust(0.6, 0.4, 0.5, 0.4) == pytest.approx(wanted)
    assert augmentation_robust(0.3, 0.3, 0.2, 0.2) == pytest.approx(NEUTRAL)


def test_scores_lie_between_nothing_and_everything():
    assert label_robust(1.0, 0.0, 0.0, 1.0) == pytest.approx(0) and label_robust(0.0, 1.0, 1.0, 0.0) == pytest.approx(1)


def test_a_baseline_that_diverged_leaves_no_score_and_a_set_that_did_has_a_poor_one():
    assert label_robust(None, 0.4, 0.5, 0.3) is None and label_robust(0.8, 0.4, 0.5, None) is None
    assert augmentation_robust(0.6, None, 0.5, 0.4) is None and augmentation_robust(0.6, 0.4, 0.5, None) is None
    results = [{"diverged": True}, {"diverged": False, "top1": 0.6}]
    assert _accuracy("condensed", results) == pytest.approx(0.3)
    assert _accuracy("random", results) is None and _accuracy("whole", results[1:]) == pytest.approx(0.6)


def test_every_part_is_trained_on_both_sets(linear_teacher, store, dataset):
    run, told = dataset.path.parent, []
    found = judge(run, store.path, models=(linear_teacher,), seeds=2, progress=told.append)
    scores = found["networks"][linear_teacher]
    assert list(scores["on"]) == ["hard", "soft", "soft, mixed"]
    assert [sorted(part) for part in scores["on"].values()] == [
        ["condensed", "random", "whole"],
        ["condensed", "random"],
        ["condensed", "random"],
    ]
    hard, soft = scores["on"]["hard"], scores["on"]["soft"]
    wanted = label_robust(hard["whole"], hard["condensed"], soft["condensed"], soft["random"])
    assert scores["label_robust"]["soft"] == pytest.approx(wanted)
    assert len(told) == 2 * (3 + 2 + 2)
    assert json.loads((run / "fairness.json").read_text()) == json.loads(json.dumps(found))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"seeds": 0}, "seeds=0 is too few"),
        ({"models": ()}, "models=0 is too few"),
        ({"models": (NAME, "typo")}, "'typo'"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_anything_is_trained(
    linear_teacher, store, dataset, monkeypatch, asked, words
):
    monkeypatch.setattr(measure, "_train_and_test", lambda *_: pytest.fail("trained"))
    with pytest.raises(UserError, match=words):
        judge(dataset.path.parent, store.path, **{"models": (linear_teacher,), **asked})
    assert not (dataset.path.parent / "fairness.json").exists()
