"""MS-TCN: its size, what a frame sees, and its loss against a slow reference."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from vidense.errors import DivergenceError, UserError
from vidense.segmentation.ms_tcn import MsTcn, build_ms_tcn, build_stage
from vidense.segmentation.sequences import SegmentKeys, script_of
from vidense.segmentation.training import fit, predict, segmentation_loss


def numbers(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def slow_loss(scores: list[torch.Tensor], labels: torch.Tensor) -> float:
    """Frame by frame, class by class, as the paper writes it."""
    total = 0.0
    for stage in scores:
        logs = [[math.log(p) for p in frame] for frame in stage[0].double().softmax(0).T.tolist()]
        total -= sum(frame[label] for frame, label in zip(logs, labels.tolist(), strict=True)) / len(logs)
        pairs = [pair for before, after in pairwise(logs) for pair in zip(before, after, strict=True)]
        changes = [min((b - a) ** 2, 16.0) for a, b in pairs]
        total += 0.15 * sum(changes) / len(changes)
    return total


def toy(count: int = 3, frames: int = 12) -> SegmentKeys:
    """Two actions that anybody can tell apart."""
    labels = torch.tensor([0] * (frames // 2) + [1] * (frames - frames // 2))
    return SegmentKeys(
        torch.tensor([[1.0, 0.0], [0.0, 1.0]] * count), [script_of(labels, [1, frames - 1])] * count, ["a", "b"]
    )


def test_the_size_of_the_published_network():
    # 2048 features, 19 classes: 64 maps in, ten layers of 64 x 64 x 3 and 64 x 64, scores out; three stages on classes.
    layer = 64 * 64 * 3 + 64 + 64 * 64 + 64
    first = 2048 * 64 + 64 + 10 * layer + 64 * 19 + 19
    later = 19 * 64 + 64 + 10 * layer + 64 * 19 + 19
    assert numbers(build_ms_tcn(2048, 19, seed=0)) == first + 3 * later == 800_396


def test_a_teacher_has_normalisation_after_each_convolution_of_its_first_stage():
    teacher = build_ms_tcn(5, 3, seed=0, normalised=True)
    norms = [name for name, layer in teacher.named_modules() if isinstance(layer, nn.BatchNorm1d)]
    assert len(norms) == 1 + 2 * 10 and all(name.startswith("stages.0.") for name in norms)
    assert not any(isinstance(layer, nn.BatchNorm1d) for layer in build_ms_tcn(5, 3, seed=0).modules())


@pytest.mark.parametrize("frames", [1, 2, 7, 50])
def test_every_stage_scores_every_frame(frames):
    scores = build_ms_tcn(5, 3, seed=0)(torch.randn(1, 5, frames))
    assert [tuple(stage.shape) for stage in scores] == [(1, 3, frames)] * 4


def test_a_frame_sees_1023_frames_to_either_side():
    stage = build_stage(2, 3, seed=0)
    features = torch.zeros(1, 2, 4001)
    changed = features.clone()
    changed[:, :, 2000] = 100.0
    moved = (stage.hidden(changed) - stage.hidden(features)).abs().sum(1)[0].nonzero().flatten()
    assert moved.min() >= 2000 - 1023 and moved.max() <= 2000 + 1023
    assert moved.max() - moved.min() > 1000


def test_weights_follow_from_the_seed_and_disturb_no_other_draw():
    before = torch.get_rng_state()
    one, same, other = (build_ms_tcn(3, 2, seed=seed).stages[0].leave.weight for seed in (0, 0, 1))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert not any(parameter.requires_grad for parameter in build_stage(3, 2, seed=0).parameters())


def test_a_network_of_nothing_is_refused():
    with pytest.raises(UserError, match="at least 1 of both"):
        MsTcn(0, 3)


def test_the_loss_is_the_slow_one():
    generator = torch.Generator().manual_seed(0)
    # Large enough that some changes are cut.
    scores = [6 * torch.randn(1, 4, 9, generator=generator) for _ in range(4)]
    labels = torch.randint(4, (9,), generator=generator)
    assert segmentation_loss(scores, labels).item() == pytest.approx(slow_loss(scores, labels), rel=1e-5)


def test_smoothing_pulls_on_the_later_frame_only():
    scores = torch.tensor([[[0.0, 2.0], [0.0, -2.0]]], requires_grad=True)
    both = segmentation_loss([scores], torch.tensor([0, 0]))
    (gradient,) = torch.autograd.grad(both, scores)
    entropy = nn.functional.cross_entropy(scores, torch.tensor([[0, 0]]))
    (plain,) = torch.autograd.grad(entropy, scores)
    assert torch.equal(gradient[:, :, 0], plain[:, :, 0]) and not torch.equal(gradient[:, :, 1], plain[:, :, 1])


def test_one_frame_has_no_change_to_smooth():
    scores = torch.tensor([[[0.0], [1.0]]])
    assert segmentation_loss([scores], torch.tensor([1])).item() == pytest.approx(math.log(1 + math.exp(-1)))


def test_training_repeats_bit_for_bit_and_learns():
    def trained() -> tuple[MsTcn, float]:
        network = build_ms_tcn(2, 2, seed=0)
        return network, fit(network, toy(), updates=24, seed=0)

    (one, loss), (same, again) = trained(), trained()
    assert loss == again and all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert predict(one, toy().features(0)).tolist() == [0] * 6 + [1] * 6
    assert not one.training


def test_progress_is_told():
    told: list[tuple[int, int]] = []
    fit(
        build_ms_tcn(2, 2, seed=0),
        toy(2),
        updates=3,
        seed=0,
        progress=lambda done, total, _: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_loss_that_is_not_finite_is_reported():
    huge = toy(1).replaced(torch.full((2, 2), 1e38))
    with pytest.raises(DivergenceError, match="at update 0"):
        fit(build_ms_tcn(2, 2, seed=0), huge, updates=1, seed=0)
