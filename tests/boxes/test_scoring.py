"""What a teacher says, in numbers."""

import copy
import math

import pytest
import torch

from tests.boxes.judges import Colours, colours, painted
from vidense.boxes import Scorer
from vidense.errors import DivergenceError

CLIPS = torch.stack([painted(4, (255, 0, 0)), painted(4, (0, 51, 102))])


def test_probabilities_are_those_of_the_networks_scores():
    found = colours().log_probabilities(CLIPS)
    expected = torch.tensor([[10.0, 0, 0], [0, 2.0, 4.0]]).log_softmax(1)
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("size", [(4, 4), (8, 8), (33, 17)])
def test_clips_of_any_size_are_scaled_to_the_networks(size):
    clips = painted(4, (0, 51, 102), size)[None]
    assert torch.allclose(colours().log_probabilities(clips), colours().log_probabilities(CLIPS[1:]), atol=1e-5)


def test_pixels_are_normalised_as_the_network_was_trained():
    network = Colours()
    network.spec = type(network.spec)(4, 8, 8, (0.1, 0.2, 0.3), (0.5, 0.5, 0.25))
    found = Scorer(network.eval(), True).log_probabilities(CLIPS[:1])
    expected = torch.tensor([[10 * 0.9 / 0.5, -10 * 0.2 / 0.5, -10 * 0.3 / 0.25]]).log_softmax(1)
    assert torch.allclose(found, expected, atol=1e-4)


def test_a_score_is_the_true_labels_or_the_highest():
    judge = colours()
    for label in range(3):
        of_label = judge.score(CLIPS, label, "label")
        assert of_label == pytest.approx(judge.log_probabilities(CLIPS)[:, label].tolist())
    sure = judge.score(CLIPS, 1, "highest")
    expected = [-math.log(1 + 2 * math.exp(-10)), -math.log(1 + math.exp(-2) + math.exp(-4))]
    assert sure == pytest.approx(expected, abs=1e-5)


def test_the_fingerprint_tells_weights_apart():
    one, other = colours(), colours()
    assert one.fingerprint == other.fingerprint == copy.deepcopy(one).fingerprint
    with torch.no_grad():
        other.network.scale += 1e-6 * 10
    assert one.fingerprint != other.fingerprint


def test_a_teacher_that_diverged_is_no_teacher():
    judge = colours()
    with torch.no_grad():
        judge.network.scale.fill_(float("nan"))
    with pytest.raises(DivergenceError, match="scores are not finite"):
        judge.log_probabilities(CLIPS)


@pytest.mark.gpu
def test_the_gpu_says_the_same():
    judge = colours()
    expected = judge.log_probabilities(CLIPS)
    judge.network.place(torch.device("cuda"))
    assert torch.allclose(judge.log_probabilities(CLIPS), expected, atol=1e-3)
    assert judge.fingerprint == colours().fingerprint
