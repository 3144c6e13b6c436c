"""Every way to condense features: what it keeps, that it repeats, and that what it optimises goes down."""

from dataclasses import replace

import pytest
import torch

from vidense.errors import DivergenceError, UserError
from vidense.objectives.inversion import statistics_distance
from vidense.segmentation import optimise, prism
from vidense.segmentation.features import FeatureFolder
from vidense.segmentation.methods import METHODS
from vidense.segmentation.ms_tcn import build_ms_tcn, build_stage
from vidense.segmentation.optimise import Descent, descend, spread_of
from vidense.segmentation.prism import class_means
from vidense.segmentation.selection import mean_start
from vidense.segmentation.sequences import Script, SegmentKeys
from vidense.segmentation.tsgf import saliency_mask

NAMES = ("coreset", "mean", "prism", "random", "tsgf")


def made(name: str, task) -> SegmentKeys:
    return METHODS.get(name)(task).videos


def test_all_methods_are_registered():
    assert tuple(METHODS) == NAMES
    with pytest.raises(UserError, match="unknown segmentation method 'prsim'; did you mean 'prism'"):
        METHODS.get("prsim")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bits(name, task):
    one, same = made(name, task), made(name, task)
    assert one.scripts == same.scripts and torch.equal(one.vectors, same.vectors)
    before = torch.get_rng_state()
    other = made(name, replace(task, seed=1))
    assert other.scripts != one.scripts or not torch.equal(other.vectors, one.vectors)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("keys", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_no_method_stores_more_numbers_than_another(name, keys, task):
    asked = replace(task, keys=keys, iterations=1, updates=1)
    videos, room = made(name, asked), sum(len(script.times) for script in asked.scripts())
    assert len(videos.vectors) <= room and videos.vectors.isfinite().all() and not videos.vectors.requires_grad
    if name != "coreset":
        assert len(videos.vectors) == room
        assert [script.labels for script in videos.scripts] == [script.labels for script in asked.scripts()]


def test_which_videos_are_kept_follows_from_the_seed(task):
    kept = {seed: replace(task, seed=seed).kept() for seed in range(9)}
    assert all(len(set(of_seed)) == 2 and of_seed == sorted(of_seed) for of_seed in kept.values())
    assert len(set(map(tuple, kept.values()))) > 1
    assert replace(task, videos=None).kept() == [0, 1, 2]


def test_stored_frames_include_the_ends_of_a_segment(task):
    script = task.scripts()[0]
    assert all(stored in ([start, start + length - 1], [start]) for start, length, stored in script.parts())
    middle = replace(task, keys=1).scripts()[0]
    assert all(stored == [start + length // 2] for start, length, stored in middle.parts())
    whole = replace(task, keys=10_000).scripts()[0]
    assert list(whole.times) == list(range(whole.frames))


def test_the_mean_of_a_segment_is_its_mean(train, task):
    videos = made("mean", replace(task, keys=1, videos=None))
    for index in range(len(train)):
        features, held = train.features(index), videos.features(index)
        start = 0
        for length in videos.scripts[index].lengths:
            part = slice(start, start + length)
            expected = features[:, part].mean(1, keepdim=True).expand(-1, length)
            torch.testing.assert_close(held[:, part], expected)
            start += length


def test_means_of_parts_are_kept_where_the_parts_are(train, task):
    videos = made("mean", task)
    (index, *_), script = task.kept(), videos.scripts[0]
    start, length, stored = script.parts()[1]
    first = torch.arange(start, start + length).tensor_split(2)[0]
    place = script.times.index(stored[0])
    torch.testing.assert_close(videos.vectors[place], train.features(index)[:, first].mean(1))
    assert stored[0] in first.tolist()


@pytest.mark.parametrize("name", ["random", "coreset"])
def test_real_vectors_are_real(name, train, task):
    real = torch.cat([train.features(index).T for index in range(len(train))])
    assert all((real == vector).all(1).any() for vector in made(name, task).vectors)


def test_a_coreset_shows_every_class_in_whole_videos(train, task):
    videos = made("coreset", task)
    wanted = {label for index in range(len(train)) for label in train.labels(index).tolist()}
    assert {label for script in videos.scripts for label in script.labels} == wanted
    truths = [train.labels(index).tolist() for index in range(len(train))]
    assert all(videos.labels(index).tolist() in truths for index in range(len(videos)))


def test_a_coreset_is_dealt_by_length(task):
    script = made("coreset", replace(task, keys=6)).scripts[0]
    shares = [length / len(stored) for _, length, stored in script.parts() if len(stored) > 1]
    assert max(shares) < 2.1 * min(shares)


def test_a_coreset_with_room_for_all_is_all(train, task):
    videos = made("coreset", replace(task, videos=None, keys=10_000))
    assert len(videos) == len(train) and len(videos.vectors) == sum(len(train.labels(i)) for i in range(len(train)))
    found = sorted(videos.features(index).sum().item() for index in range(len(videos)))
    assert found == pytest.approx(sorted(train.features(index).sum().item() for index in range(len(train))))


def test_class_means_are_the_slow_ones(train):
    stage = build_stage(train.dimension, 8, seed=0)
    found, there = class_means(stage, train, [0, 2])
    frames: dict[int, list[torch.Tensor]] = {}
    for index in (0, 2):
        hidden = stage.hidden(train.features(index)[None])[0].T
        for vector, label in zip(hidden, train.labels(index).tolist(), strict=True):
            frames.setdefault(label, []).append(vector)
    assert there.tolist() == [label in frames for label in range(8)]
    for label, of_class in frames.items():
        torch.testing.assert_close(found[label], torch.stack(of_class).mean(0))


def distance(train, videos: SegmentKeys) -> float:
    """Return the matching loss to all real videos under networks that no run draws."""
    total = 0.0
    for seed in range(3):
        stage = build_stage(train.dimension, 8, seed=10**6 + seed)
        (real, _), (own, shown) = (class_means(stage, found, range(len(found))) for found in (train, videos))
        total += (real - own)[shown].square().sum().item()
    return total


def test_matching_moves_towards_the_real_videos(train, task):
    asked = replace(task, videos=1, iterations=60)
    assert distance(train, made("prism", asked)) < 0.7 * distance(train, mean_start(asked))


def test_inversion_lowers_what_the_teacher_is_asked(task, monkeypatch):
    asked = replace(task, iterations=12, updates=6)
    losses: list[float] = []
    told = replace(
        asked, progress=lambda phase, done, total, entry: losses.append(entry["loss"]) if phase == "inversion" else None
    )
    condensed = METHODS.get("tsgf")(told)
    assert len(losses) == 12 and losses[-1] < losses[0]
    assert condensed.teacher is not None and not condensed.teacher.training
    start = mean_start(asked).vectors
    still = (condensed.videos.vectors == start).all(1)
    assert still.any() and not still.all(), "the most salient vectors do not move"


def test_statistics_are_those_of_real_sequences(train):
    """A teacher that saw one sequence only, long enough, finds no distance to that sequence."""
    teacher = build_ms_tcn(train.dimension, 8, seed=0, normalised=True)
    first = teacher.stages[0].enter
    for _ in range(200):
        first(train.features(0)[None])
    entered = first[0](train.features(0)[None])
    norm = first[1]
    unbiased = statistics_distance(entered, norm.running_mean, norm.running_var)
    assert unbiased < 0.05 * entered.std()


def test_the_mask_is_smallest_where_the_features_jump():
    # Ten stored frames, a jump between the fifth and the sixth.
    values = torch.tensor([0.0, 0.1, 0.0, 0.1, 0.0, 9.0, 9.1, 9.0, 9.1, 9.0])
    videos = SegmentKeys(values[:, None], [Script((0,), (10,), tuple(range(10)))], ["a"])
    mask = saliency_mask(videos)
    assert mask.shape == (10,) and mask.min() == 0 and mask[5] == 0 and mask[0] == mask.max() > 0.3
    even = videos.replaced(torch.ones(10, 1))
    assert saliency_mask(even).tolist() == [1.0] * 10


def test_a_mask_keeps_its_share_of_the_update(task):
    start = mean_start(task)
    half = torch.full((len(start.vectors),), 0.5)
    half[0] = 0.0

    def pull(videos, batch, draw):
        return torch.stack([videos.features(index).sum() for index in batch]).sum()

    def moved(mask) -> torch.Tensor:
        how = Descent(0.1, (0.9, 0.999), mask)
        return descend(start, pull, how, replace(task, iterations=1), "x").vectors - start.vectors

    free, masked = moved(None), moved(lambda videos: half)
    torch.testing.assert_close(masked, half[:, None] * free)
    # The first step of Adam is the rate itself, in units of the features' deviation.
    torch.testing.assert_close(free, torch.full_like(free, -0.1 * spread_of(start.vectors)), rtol=1e-3, atol=1e-4)


def test_every_video_is_in_one_batch_of_every_iteration(task, monkeypatch):
    monkeypatch.setattr(optimise, "BATCH", 2)
    batches: list[list[int]] = []

    def loss(videos, batch, draw):
        batches.append(batch)
        return videos.vectors.sum()

    everyone = replace(task, videos=None, iterations=2)
    descend(mean_start(everyone), loss, Descent(0.1, (0.9, 0.9)), everyone, "x")
    assert len(batches) == 4 and all(len(batch) <= 2 for batch in batches)
    assert sorted(batches[0] + batches[1]) == sorted(batches[2] + batches[3]) == [0, 1, 2]


def test_a_loss_that_is_not_finite_ends_the_run(task):
    with pytest.raises(DivergenceError, match="at iteration 0"):
        descend(mean_start(task), lambda videos, *_: videos.vectors.sum() / 0, prism.HOW, task, "x")


def test_spread_of_features():
    assert spread_of(torch.tensor([[0.0, 0.0], [2.0, 4.0]])) == pytest.approx((2**0.5 + 8**0.5) / 2)
    assert spread_of(torch.ones(5, 2)) == 1.0 == spread_of(torch.zeros(1, 2))


def test_what_is_asked_must_be_there(kitchen, task):
    for wrong, words in (
        ({"videos": 4}, "videos=4 must be from 1 to 3"),
        ({"keys": 0}, "keys=0"),
        ({"updates": 0}, "updates=0"),
    ):
        with pytest.raises(UserError, match=words):
            replace(task, **wrong)
    assert FeatureFolder(kitchen).videos("train", 1).dimension == task.real.dimension
