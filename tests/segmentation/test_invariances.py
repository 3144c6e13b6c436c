"""What must not change a score, what a network may not see, and what training does in which order."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from vidense.segmentation.metrics import Segment, edit_score, matches, score, segments
from vidense.segmentation.ms_tcn import LAYERS, Stage, build_ms_tcn, build_stage
from vidense.segmentation.sequences import Script, SegmentKeys
from vidense.segmentation.training import fit, predict

FRAMES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20)
VIDEOS = st.lists(FRAMES, min_size=1, max_size=3)
SPANS = st.tuples(st.integers(0, 12), st.integers(1, 12)).map(lambda pair: Segment(0, pair[0], pair[0] + pair[1]))


def scored(videos: list[list[tuple[int, int]]], ignored=()) -> dict[str, float]:
    """Score pairs of a predicted and a true class for every frame."""
    predicted, true = ([torch.tensor([pair[side] for pair in video]) for video in videos] for side in (0, 1))
    return score(predicted, true, ignored)


@given(VIDEOS, st.permutations(range(4)))
def test_names_of_classes_do_not_matter(videos, renamed):
    other = [[(renamed[p], renamed[t]) for p, t in video] for video in videos]
    assert scored(other) == pytest.approx(scored(videos))


@given(VIDEOS, st.integers(2, 4))
def test_a_higher_frame_rate_changes_nothing(videos, times):
    assert scored([[pair for pair in video for _ in range(times)] for video in videos]) == pytest.approx(scored(videos))


@given(VIDEOS, st.randoms(use_true_random=False))
def test_neither_the_order_of_videos_nor_a_second_look_matters(videos, chance):
    shuffled = videos * 2
    chance.shuffle(shuffled)
    assert scored(shuffled) == pytest.approx(scored(videos))


@given(VIDEOS)
def test_prediction_and_truth_may_change_places_in_accuracy_and_edit(videos):
    one, other = scored(videos), scored([[(t, p) for p, t in video] for video in videos])
    assert {name: one[name] for name in ("accuracy", "edit")} == pytest.approx(
        {name: other[name] for name in ("accuracy", "edit")}
    )


@given(VIDEOS, st.integers(0, 3))
def test_what_is_ignored_counts_neither_here_nor_there(videos, ignored):
    """Edit and F1 are those of the segments that are left; every frame counts for accuracy all the same."""
    found, whole = scored(videos, {ignored}), scored(videos)
    assert found["accuracy"] == whole["accuracy"]
    left = [
        [
            [Segment(s.label, s.start, s.stop) for s in segments(torch.tensor(side)) if s.label != ignored]
            for side in zip(*video, strict=True)
        ]
        for video in videos
    ]
    edits = [edit_score([s.label for s in guess], [s.label for s in truth]) for guess, truth in left]
    assert found["edit"] == pytest.approx(sum(edits) / len(edits))
    tp, fp, fn = (sum(column) for column in zip(*(matches(*pair, 0.5) for pair in left), strict=True))
    assert found["f1_50"] == pytest.approx(200 * tp / (2 * tp + fp + fn) if tp else 0)


@given(SPANS, SPANS)
def test_overlap_is_that_of_sets_of_frames(one, other):
    own, others = set(range(one.start, one.stop)), set(range(other.start, other.stop))
    assert one.overlap(other) == pytest.approx(len(own & others) / len(own | others)) == other.overlap(one)


@given(st.lists(st.integers(0, 3), max_size=8), st.lists(st.integers(0, 3), max_size=8), st.integers(0, 3))
def test_a_segment_more_on_both_sides_costs_nothing(left, right, label):
    def distance(one: list[int], other: list[int]) -> float:
        return (1 - edit_score(one, other) / 100) * max(len(one), len(other))

    assert distance([*left, label], [*right, label]) == pytest.approx(distance(left, right))
    assert distance([label, *left], [label, *right]) == pytest.approx(distance(left, right))


def by_hand(stage: Stage, features: torch.Tensor) -> torch.Tensor:
    """Compute a stage's scores of ``[D, T]`` frame by frame from its weights alone."""
    maps = [stage.enter[0].weight[:, :, 0] @ frame + stage.enter[0].bias for frame in features.T]
    for number, layer in enumerate(stage.layers):
        wide, point = layer.body[0], layer.body[3]
        reach, nothing, after = 2**number, torch.zeros(len(maps[0])), []
        for time, here in enumerate(maps):
            before = maps[time - reach] if time >= reach else nothing
            later = maps[time + reach] if time + reach < len(maps) else nothing
            seen = sum(wide.weight[:, :, i] @ frame for i, frame in enumerate((before, here, later))) + wide.bias
            after.append(here + point.weight[:, :, 0] @ seen.relu() + point.bias)
        maps = after
    return torch.stack([stage.leave.weight[:, :, 0] @ frame + stage.leave.bias for frame in maps], 1)


@torch.no_grad()
def test_a_stage_is_the_paper_by_hand():
    stage, features = build_stage(3, 2, seed=1), torch.randn(3, 9, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(stage(features[None])[0], by_hand(stage, features), rtol=1e-4, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("layer", range(LAYERS))
def test_a_layer_looks_at_three_frames(layer):
    body = build_stage(2, 2, seed=0).layers[layer]
    maps = torch.randn(1, 64, 2 * 2**layer + 3, generator=torch.Generator().manual_seed(0))
    touched, middle = maps.clone(), maps.shape[2] // 2
    touched[:, :, middle] += 1
    moved = (body(touched) - body(maps)).abs().sum(1)[0].nonzero().flatten().tolist()
    assert moved == [middle - 2**layer, middle, middle + 2**layer]


@torch.no_grad()
def test_later_stages_see_probabilities_and_not_the_features():
    network = build_ms_tcn(4, 3, seed=0).eval()
    scores = network(torch.randn(1, 4, 11, generator=torch.Generator().manual_seed(0)))
    for stage, before, after in zip(network.stages[1:], scores, scores[1:], strict=False):
        # Scores that are higher by the same for all classes say the same.
        torch.testing.assert_close(stage((before + 5).softmax(1)), after, rtol=1e-4, atol=1e-5)
    assert [stage.dimension for stage in network.stages] == [4, 3, 3, 3]


@torch.no_grad()
def test_a_prediction_is_the_last_stages_and_draws_nothing():
    network, features = build_ms_tcn(4, 3, seed=2), torch.randn(4, 15, generator=torch.Generator().manual_seed(0))
    network.train()
    found = predict(network, features)
    assert torch.equal(found, predict(network, features)), "no dropout"
    assert torch.equal(found, network(features[None])[-1][0].argmax(0))


def numbered(count: int) -> SegmentKeys:
    """Return videos of five frames, each of which holds its own number in every feature."""
    values = torch.arange(float(count))[:, None].expand(-1, 2)
    return SegmentKeys(values, [Script((i % 2,), (5,), (0,)) for i in range(count)], ["a", "b"])


class Listening(nn.Module):
    """A network that notes which video it is shown, and answers with one number."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(2))
        self.seen: list[int] = []

    def forward(self, features: torch.Tensor) -> list[torch.Tensor]:
        self.seen.append(int(features[0, 0, 0]))
        return [self.bias[None, :, None].expand(1, 2, features.shape[2])]


def test_every_pass_shows_every_video_once_in_an_order_of_its_own():
    network = Listening()
    fit(network, numbered(6), updates=6 * 4 + 2, seed=0)
    passes = [network.seen[start : start + 6] for start in range(0, 24, 6)]
    assert all(sorted(order) == list(range(6)) for order in passes) and len(set(map(tuple, passes))) > 1
    assert len(set(network.seen[24:])) == 2
    other = Listening()
    fit(other, numbered(6), updates=6, seed=1)
    assert other.seen != passes[0]


@pytest.mark.parametrize(("updates", "counted"), [(2, 2), (3, 3), (8, 3)])
def test_the_loss_is_the_mean_of_the_last_pass(updates, counted):
    told: list[float] = []
    found = fit(Listening(), numbered(3), updates=updates, seed=0, progress=lambda done, total, loss: told.append(loss))
    assert found == pytest.approx(sum(told[-counted:]) / counted) and len(told) == updates


def test_training_takes_the_published_optimiser():
    """One update of Adam at 5e-4 moves a weight by 5e-4 against its gradient, whatever the size of that."""
    network = Listening()
    fit(network, numbered(1), updates=1, seed=0)
    assert network.bias.tolist() == pytest.approx([5e-4, -5e-4], rel=1e-3)
    assert functional.cross_entropy(network.bias[None], torch.tensor([0])) < 0.6932


def test_training_draws_its_dropout_from_its_seed_and_leaves_other_draws_alone():
    def trained(global_seed: int, seed: int) -> torch.Tensor:
        torch.default_generator.manual_seed(global_seed)
        network, before = build_ms_tcn(2, 2, seed=0), torch.get_rng_state()
        fit(network, numbered(2), updates=2, seed=seed)
        assert torch.equal(torch.get_rng_state(), before)
        return network.stages[0].leave.weight.detach()

    assert torch.equal(trained(1, 0), trained(2, 0)) and not torch.equal(trained(1, 0), trained(1, 1))
