"""Generated sequences: what is promised of them holds."""

import torch

from vidense.segmentation.generated import CLASS_NAMES, Kitchen

CLEAN = Kitchen(noise=0, person=0)


def names(labels: torch.Tensor) -> list[str]:
    return [CLASS_NAMES[label] for label in torch.unique_consecutive(labels).tolist()]


def test_a_seed_is_a_video():
    (one, labels), (same, _), (other, _) = (Kitchen().video(seed) for seed in (3, 3, 4))
    assert torch.equal(one, same) and one.shape == (32, len(labels))
    assert one.shape != other.shape or not torch.equal(one, other)


def test_every_video_keeps_the_grammar():
    seen = set()
    for seed in range(30):
        order = names(CLEAN.video(seed)[1])
        assert order[0] == "start" and order[-2:] == ["serve", "end"]
        first_mix = order.index("mix")
        assert set(order[1:first_mix]) == {"cut", "peel", "pour"} and len(order[1:first_mix]) in (3, 4)
        assert order[first_mix:-2] in (["mix"], ["mix", "season", "mix"])
        seen.add(tuple(order))
    assert len(seen) > 6


def test_without_noise_features_follow_from_class_and_progress():
    features, labels = CLEAN.video(0)
    places, paths = CLEAN.actions()
    start = 0
    for label, length in zip(
        *map(torch.Tensor.tolist, torch.unique_consecutive(labels, return_counts=True)), strict=True
    ):
        ends = features[:, [start, start + length - 1]].T
        expected = torch.stack([places[label] - paths[label], places[label] + paths[label]])
        torch.testing.assert_close(ends, expected)
        torch.testing.assert_close(features[:, start : start + length].mean(1), places[label])
        start += length
    # The nearest place is the answer, but for the two actions that look alike.
    alike = labels.clone()
    alike[labels == CLASS_NAMES.index("season")] = CLASS_NAMES.index("pour")
    assert torch.cdist(Kitchen(noise=0, person=0, path=0).video(0)[0].T, places).argmin(1).eq(alike).all()


def test_noise_has_the_deviation_it_is_asked_for():
    noisy, labels = Kitchen(noise=2.0, person=0).video(0)
    clean, _ = CLEAN.video(0)
    noise = noisy - clean
    assert abs(noise.std().item() - 2) < 0.2
    assert (noise[:, 1:] * noise[:, :-1]).mean() / noise.square().mean() > 0.7, "smooth over time"
    assert len(labels) == noise.shape[1]
