"""Metrics against cases worked out by hand, and against a slow reference that follows the definitions word by word."""

from functools import cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.segmentation.metrics import METRICS, OVERLAPS, Segment, edit_score, matches, score, segments

LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=24)


def frames(text: str) -> torch.Tensor:
    """Return a class for each letter: ``aab`` is [0, 0, 1]."""
    return torch.tensor([ord(letter) - ord("a") for letter in text])


def slow_edit(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """Levenshtein's distance as it is defined."""

    @cache
    def distance(i: int, j: int) -> int:
        if min(i, j) == 0:
            return max(i, j)
        changed = distance(i - 1, j - 1) + (left[i - 1] != right[j - 1])
        return min(changed, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    return distance(len(left), len(right))


def slow_segments(labels: list[int]) -> list[tuple[int, set[int]]]:
    """Return each segment's class and the set of its frames."""
    found: list[tuple[int, set[int]]] = []
    for frame, label in enumerate(labels):
        if frame == 0 or labels[frame - 1] != label:
            found.append((label, set()))
        found[-1][1].add(frame)
    return found


def slow_f1(videos: list[tuple[list[int], list[int]]], overlap: float) -> float:
    tp = fp = fn = 0
    for predicted, true in videos:
        found, wanted = slow_segments(predicted), slow_segments(true)
        hit = [False] * len(wanted)
        for label, own in found:
            ratios = [len(own & other) / len(own | other) * (label == name) for name, other in wanted]
            best = ratios.index(max(ratios))
            if ratios[best] >= overlap and not hit[best]:
                tp, hit[best] = tp + 1, True
            else:
                fp += 1
        fn += hit.count(False)
    precision, recall = tp / (tp + fp), tp / (tp + fn)
    return 200 * precision * recall / (precision + recall) if tp else 0.0


def test_segments_of_a_sequence():
    assert segments(frames("aabcc")) == [Segment(0, 0, 2), Segment(1, 2, 3), Segment(2, 3, 5)]
    assert segments(frames("aabcc"), ignored={0, 1}) == [Segment(2, 3, 5)]
    # What is left out still parts its neighbours.
    assert segments(frames("aba"), ignored={1}) == [Segment(0, 0, 1), Segment(0, 2, 3)]


def test_overlap_of_segments():
    assert Segment(0, 0, 4).overlap(Segment(1, 2, 6)) == pytest.approx(2 / 6)
    assert Segment(0, 0, 2).overlap(Segment(0, 5, 9)) == 0
    assert Segment(0, 3, 7).overlap(Segment(0, 3, 7)) == 1


@pytest.mark.parametrize(
    ("predicted", "true", "expected"),
    [
        ([0, 1, 2], [0, 1, 2], 100.0),
        ([0, 2], [0, 1, 2], 100 * (1 - 1 / 3)),
        ([0, 1, 0, 1], [0, 1], 50.0),
        ([3], [0, 1], 0.0),
        ([], [0], 0.0),
        ([], [], 100.0),
    ],
)
def test_edit_scores_by_hand(predicted, true, expected):
    assert edit_score(predicted, true) == pytest.approx(expected)


def test_a_true_segment_counts_once():
    true = segments(frames("aaaaaaaabb"))
    # Two predicted pieces of the first segment (IoU 4/8 and 3/8), and the second one whole.
    predicted = segments(frames("aaaabaaabb"))
    assert matches(predicted, true, 0.25) == (2, 2, 0)
    assert matches(predicted, true, 0.5) == (2, 2, 0)
    assert matches(predicted, true, 0.51) == (1, 3, 1)


def test_a_prediction_is_held_against_its_best_segment_only():
    true = [Segment(0, 0, 10), Segment(1, 10, 20), Segment(0, 20, 24)]
    # The second prediction reaches two of its class; the better one is taken already, and the other stays missed.
    predicted = [Segment(0, 0, 10), Segment(0, 2, 23)]
    assert matches(predicted, true, 0.1) == (1, 1, 2)


def test_scores_by_hand():
    predicted, true = [frames("aaab"), frames("cccccc")], [frames("aabb"), frames("ccbbcc")]
    found = score(predicted, true)
    # 3 of 4 and 4 of 6 frames; edit 100 and 1 - 2/3; one of the three true segments c, b, c is found at IoU 2/6.
    assert found["accuracy"] == pytest.approx(70)
    assert found["edit"] == pytest.approx((100 + 100 / 3) / 2)
    assert found["f1_10"] == found["f1_25"] == pytest.approx(100 * 6 / 8)
    assert found["f1_50"] == pytest.approx(100 * 4 / 8)


def test_accuracy_is_pooled_over_frames_not_over_videos():
    found = score([frames("a" * 8), frames("b")], [frames("a" * 8), frames("a")])
    assert found["accuracy"] == pytest.approx(100 * 8 / 9)


def test_background_counts_for_accuracy_alone():
    found = score([frames("aabb")], [frames("accb")], ignored={2})
    assert found["accuracy"] == 50 and found["edit"] == 100 and found["f1_50"] == 100
    nothing = score([frames("cc")], [frames("cc")], ignored={2})
    assert nothing == {"accuracy": 100.0, "edit": 100.0, "f1_10": 0.0, "f1_25": 0.0, "f1_50": 0.0}


@given(LABELS, LABELS)
def test_edit_is_the_distance_by_definition(left, right):
    expected = 100 * (1 - slow_edit(tuple(left), tuple(right)) / max(len(left), len(right)))
    assert edit_score(left, right) == pytest.approx(expected)
    assert edit_score(left, right) == edit_score(right, left)


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=24), min_size=1, max_size=3)
)
def test_scores_are_the_slow_ones(videos):
    pairs = [([p for p, _ in video], [t for _, t in video]) for video in videos]
    found = score([torch.tensor(p) for p, _ in pairs], [torch.tensor(t) for _, t in pairs])
    for overlap in OVERLAPS:
        assert found[f"f1_{100 * overlap:.0f}"] == pytest.approx(slow_f1(pairs, overlap))
    right = [p == t for video in videos for p, t in video]
    assert found["accuracy"] == pytest.approx(100 * sum(right) / len(right))
    assert all(0 <= value <= 100 for value in found.values()) and tuple(found) == METRICS
    assert found["f1_10"] >= found["f1_25"] >= found["f1_50"]


@given(LABELS)
def test_the_truth_scores_a_hundred(labels):
    truth = torch.tensor(labels)
    assert set(score([truth], [truth]).values()) == {100.0}


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(ValueError, match="3 frames does not fit a video of 2"):
        score([frames("aab")], [frames("ab")])
    with pytest.raises(ValueError, match="no video"):
        score([], [])
