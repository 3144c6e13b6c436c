"""Videos that decode to another clip at every draw: through the loop, a run, and the training of a network."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import SPEC, Flat, Killed, Paired, plugged_in
from tests.tiny import CLASSES, write_store
from vidense import condense, load
from vidense.nets import build_network
from vidense.parameterizations import Parameterization
from vidense.seeding import Draw
from vidense.training import fit, predict
from vidense.training_recipe import TrainingRecipe

BRIEF = TrainingRecipe(steps=5, epochs=0, batch=2, precision="float32")


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    store = write_store(tmp_path_factory.mktemp("data") / "store", spec=SPEC)
    condense(store.path, store.path.parent / "run", method="toy_paired", vpc=2, store_dtype="float32")
    return store.path.parent / "run"


def videos(count: int = 6) -> Paired:
    rng = torch.Generator().manual_seed(1)
    still, motions = torch.randn(count, *SPEC.shape[1:], generator=rng), torch.randn(3, *SPEC.shape, generator=rng)
    return Paired(still, motions, SPEC, CLASSES, torch.arange(count) % 3)


@given(st.integers(0, 99), st.permutations(range(6)))
def test_a_draw_decides_video_by_video_whatever_else_is_decoded(step, order):
    made, draw = videos(), Draw(0, ("step", step))
    whole = made.decode(torch.arange(6), draw)
    assert torch.equal(made.decode(torch.tensor(order), draw), whole[torch.tensor(order)])
    assert all(torch.equal(made.decode(torch.tensor([i]), draw)[0], whole[i]) for i in order[:2])


def test_draws_differ_and_none_is_the_clip_that_stands_for_the_video():
    made, index = videos(), torch.arange(6)
    drawn = [made.decode(index, Draw(0, ("update", i))) for i in range(8)]
    assert any(not torch.equal(drawn[0], other) for other in drawn[1:])
    assert torch.equal(made.decode(index), made.still[:, None] + made.motions[0])


def test_gradients_reach_every_motion_that_was_drawn_and_frames_are_collected():
    made, index, draw = videos(), torch.arange(6), Draw(0, ("step", 1))
    made.watch_frames(True)
    made.decode(index, draw).sum().backward()
    uses = torch.bincount(made.chosen(index, draw), minlength=3)
    assert torch.equal(made.motions.grad[:, 0, 0, 0, 0], uses.float())
    assert torch.equal(made.frame_gradient, torch.ones(6, *SPEC.shape))


def test_a_run_is_repeatable_and_resumes(run, tmp_path):
    def kill(phase, done, total, entry):
        if done == 4:
            raise Killed

    given = {"method": "toy_paired", "vpc": 2, "store_dtype": "float32"}
    with pytest.raises(Killed):
        condense(run.parent / "store", tmp_path, progress=kill, checkpoint_seconds=0, **given)
    again = condense(run.parent / "store", tmp_path, **given)
    assert again.content_hash == load(run).content_hash


def test_a_dataset_knows_that_it_is_stochastic(run):
    read = load(run)
    assert read.stochastic and isinstance(read.parameterization, Parameterization)
    clips = [read.decode(torch.arange(6), Draw(0, ("update", i))) for i in range(4)]
    assert any(not torch.equal(clips[0], other) for other in clips[1:])
    assert torch.equal(read[2][0], read.decode(torch.tensor([2]))[0])


class Spied:
    """A dataset that remembers what was decoded of it."""

    def __init__(self, dataset) -> None:
        self.dataset, self.seen = dataset, []
        self.spec, self.class_names, self.labels = dataset.spec, dataset.class_names, dataset.labels
        self.stochastic = dataset.stochastic

    def decode(self, index, draw=None):
        clips = self.dataset.decode(index, draw)
        self.seen.append((index.tolist(), None if draw is None else draw.keys, clips))
        return clips


def trained(run, seed: int) -> tuple[Spied, Flat]:
    network, spied = build_network("toy_flat", SPEC, 3, seed=0), Spied(load(run))
    fit(network, spied, BRIEF, seed)
    return spied, network


def test_training_draws_anew_for_every_update_and_the_same_again(run):
    (first, one), (again, two), (other, _) = (trained(run, seed) for seed in (0, 0, 1))
    assert [keys for _, keys, _ in first.seen] == [("update", step) for step in range(5)]
    for (index, _, clips), (index_again, _, clips_again) in zip(first.seen, again.seen, strict=True):
        assert index == index_again and torch.equal(clips, clips_again)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert [index for index, _, _ in other.seen] != [index for index, _, _ in first.seen]


def test_a_video_is_seen_as_several_clips_in_one_training(run):
    spied, _ = trained(run, 0)
    by_video: dict[int, list[torch.Tensor]] = {}
    for index, _, clips in spied.seen:
        for video, clip in zip(index, clips, strict=True):
            by_video.setdefault(video, []).append(clip)
    repeated = [clips for clips in by_video.values() if len(clips) > 1]
    assert any(not torch.equal(clips[0], other) for clips in repeated for other in clips[1:])


def test_scoring_takes_the_clip_that_stands_for_the_video(run):
    spied, network = trained(run, 0)
    spied.seen.clear()
    scores = predict(network, spied, BRIEF)
    assert [keys for _, keys, _ in spied.seen] == [None] and scores.shape == (6, 3)


def test_what_does_not_depend_on_a_draw_is_decoded_once(run):
    spied = Spied(load(run))
    spied.stochastic = False
    fit(build_network("toy_flat", SPEC, 3, seed=0), spied, BRIEF, 0)
    assert [(index, keys) for index, keys, _ in spied.seen] == [(list(range(6)), None)]
