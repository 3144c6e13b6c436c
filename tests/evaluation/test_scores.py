"""Accuracies against numbers worked out by hand."""

import pytest
import torch

from vidense.evaluation.scores import classification_scores


def logits(*rows: list[int]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float32)


def test_confusion_and_accuracies_by_hand() -> None:
    # Three classes, true 0 0 1 1; answered 0 2 1 1; class 2 has no video.
    windows = logits([9, 0, 0], [0, 0, 9], [0, 9, 0], [1, 2, 0])[None]
    scores = classification_scores(windows, torch.tensor([0, 0, 1, 1]), "mean_softmax")
    assert scores["confusion"] == [[1, 0, 1], [0, 2, 0], [0, 0, 0]]
    assert scores["per_class"] == [0.5, 1.0, None]
    assert (scores["top1"], scores["answers"]) == (0.75, 4)


def test_top5_needs_more_than_five_classes() -> None:
    five = classification_scores(torch.zeros(1, 2, 5), torch.tensor([0, 1]), "pooled")
    assert five["top5"] is None
    # Seven classes ranked 6, 5, 4, 3, 2 | 1, 0: label 2 is within the first five, label 1 is not.
    ranked = torch.arange(7.0).expand(1, 2, 7)
    assert classification_scores(ranked, torch.tensor([2, 1]), "pooled")["top5"] == 0.5


def test_windows_pool_into_answers_of_their_own_or_into_one() -> None:
    # One video of class 0: two windows say 1 faintly, one says 0 loudly.
    windows = torch.stack([logits([0, 1]), logits([0, 1]), logits([9, 0])])
    label = torch.tensor([0])
    pooled = classification_scores(windows, label, "pooled")
    assert (pooled["answers"], pooled["top1"]) == (3, pytest.approx(1 / 3))
    assert pooled["confusion"] == [[1, 2], [0, 0]]
    # Probabilities of class 0: 0.269, 0.269, 1.000; their mean is 0.513.
    assert classification_scores(windows, label, "mean_softmax")["top1"] == 1.0
