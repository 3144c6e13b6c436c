"""Experts on disk: every epoch as training left it, taken up after any of them, never half there."""

from contextlib import contextmanager

import pytest
import torch

from tests.engine.toys import SPEC, Killed, plugged_in
from tests.tiny import real_clips, task_on
from vidense import registry, trajectories
from vidense.errors import DivergenceError, UserError
from vidense.experts import Expertise, Experts
from vidense.method import Task
from vidense.nets import build_network
from vidense.trajectories import Untrained, expert_recipe, train_trajectory, trajectory_in


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def recipe(batch: int | None = 5):
    return expert_recipe(12, batch)


def train(cache, epochs: int = 3, seed: int = 0, progress=lambda *_: None, model: str = "toy_flat"):
    return train_trajectory(real_clips(spec=SPEC), model, seed, recipe(), epochs, cache, progress)


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_every_epoch_is_kept_from_the_untrained_network_on(tmp_path):
    made = train(tmp_path)
    assert made.epochs == 3
    fresh = {name: value.detach() for name, value in build_network("toy_flat", SPEC, 3, seed=0).named_parameters()}
    assert same(made.weights(0), fresh)
    assert not any(same(made.weights(epoch), made.weights(epoch + 1)) for epoch in range(3))


def test_training_is_plain_gradient_descent_on_standardised_batches(tmp_path):
    made = train_trajectory(real_clips(spec=SPEC), "toy_flat", 4, recipe(12), 2, tmp_path, lambda *_: None)
    network = build_network("toy_flat", SPEC, 3, seed=4).train()
    clips, labels = real_clips(spec=SPEC).decode(torch.arange(12)), real_clips(spec=SPEC).labels
    clips = (clips - clips.mean()) / clips.std()
    for _ in range(2):
        network.zero_grad()
        torch.nn.functional.cross_entropy(network(clips), labels).backward()
        with torch.no_grad():
            for weight in network.parameters():
                weight -= 0.01 * weight.grad
    for name, value in network.named_parameters():
        # The order of a batch moves the last bits, bfloat16 the last digits.
        assert torch.allclose(made.weights(2)[name], value, atol=2e-4)


@pytest.mark.parametrize("killed_at", [1, 3, 4, 8])
def test_an_interrupted_training_ends_where_an_unbroken_one_does(tmp_path, killed_at):
    def kill(done, total, loss):
        if done == killed_at:
            raise Killed

    with pytest.raises(Killed):
        train(tmp_path / "broken", progress=kill)
    seen = []
    broken, straight = train(tmp_path / "broken", progress=lambda done, *_: seen.append(done)), train(tmp_path / "one")
    assert all(same(broken.weights(epoch), straight.weights(epoch)) for epoch in range(4))
    # Three updates make an epoch; those of whole epochs are not taken again.
    assert seen[0] == killed_at // 3 * 3 + 1 or killed_at % 3 == 0


def test_epochs_that_another_process_trains_meanwhile_are_taken_up(tmp_path, monkeypatch):
    straight = train(tmp_path / "straight", 3)
    turn = trajectories.taking_turns

    @contextmanager
    def late(entry):
        with monkeypatch.context() as patch:
            patch.setattr(trajectories, "taking_turns", turn)
            train(tmp_path / "shared", 2)
        with turn(entry):
            yield

    monkeypatch.setattr(trajectories, "taking_turns", late)
    updates = []
    made = train(tmp_path / "shared", 3, progress=lambda done, *_: updates.append(done))
    assert len(updates) == recipe().per_epoch(12)
    assert all(same(made.weights(epoch), straight.weights(epoch)) for epoch in range(4))


def test_a_longer_training_takes_up_a_shorter_one_and_a_shorter_one_finds_it(tmp_path):
    counts = []
    for epochs in (2, 4, 3):
        steps = []
        train(tmp_path, epochs, progress=lambda *parts, steps=steps: steps.append(parts))
        counts.append(len(steps))
    assert counts == [6, 6, 0]
    assert same(train(tmp_path).weights(4), train(tmp_path / "at once", 4).weights(4))


def test_seed_data_network_and_recipe_tell_trainings_apart(tmp_path):
    real = real_clips(spec=SPEC)
    others = real_clips(spec=SPEC)
    others.content = "others"
    folders = {
        trajectory_in(tmp_path, *given).folder
        for given in (
            (real, "toy_flat", 0, recipe()),
            (real, "toy_flat", 1, recipe()),
            (others, "toy_flat", 0, recipe()),
            (real, "minic3d", 0, recipe()),
            (real, "toy_flat", 0, recipe(6)),
        )
    }
    assert len(folders) == 5


def test_a_network_of_a_plug_in_is_trained_again_when_the_plug_in_changes(tmp_path, monkeypatch):
    real, found = real_clips(spec=SPEC), set()
    for source in ("as it was", "changed", "as it was"):
        monkeypatch.setattr(registry, "foreign_source", lambda item, source=source: source)
        found.add(trajectory_in(tmp_path, real, "toy_flat", 0, recipe()).folder)
    assert len(found) == 2


def test_networks_of_ours_are_found_where_they_always_were():
    identity = trajectories._identity(real_clips(spec=SPEC), "r3d_18", 0, recipe())
    assert set(identity) == {"data", "model", "seed", "recipe"}


def test_weights_that_are_not_finite_are_no_epoch(tmp_path, monkeypatch):
    real = real_clips(spec=SPEC)
    true_decode = type(real).decode
    monkeypatch.setattr(type(real), "decode", lambda *given, **more: true_decode(*given, **more) * float("inf"))
    with pytest.raises(DivergenceError, match="expert 0 diverged"):
        train(tmp_path)
    assert trajectory_in(tmp_path, real, "toy_flat", 0, recipe()).epochs == 0


def test_a_damaged_epoch_is_named(tmp_path):
    made = train(tmp_path)
    made.file(2).write_bytes(b"nonsense")
    with pytest.raises(UserError, match="delete the folder"):
        made.weights(2)


@pytest.mark.parametrize(("videos", "batch"), [(4662, 256), (9537, 256), (529, 33), (12, 1)])
def test_small_datasets_get_smaller_batches_not_fewer_updates(videos, batch):
    assert expert_recipe(videos, None).batch == batch
    assert expert_recipe(videos, 100).batch == 100


def test_sizes_follow_the_scale_and_what_is_asked():
    task = task_on(real_clips(spec=SPEC), None)
    published = Task(task.real, 1, 0, None, scale="published")
    assert Experts(Expertise()).size(task) == (2, 10) and Experts(Expertise()).size(published) == (30, 50)
    assert Experts(Expertise(experts=3, expert_length=4)).size(published) == (3, 4)


def test_experts_are_shared_by_runs_of_every_seed_and_reported(tmp_path):
    told, need = [], Experts(Expertise(experts=2, expert_length=2, expert_batch=6, network="toy_flat"))
    made = need.make(task_on(real_clips(spec=SPEC), tmp_path), lambda *parts: told.append(parts[:3]))
    assert [expert.epochs for expert in made] == [2, 2]
    assert told[0] == ("expert 1 of 2", 1, 4) and told[-1] == ("expert 2 of 2", 4, 4)
    again = []
    need.make(task_on(real_clips(spec=SPEC), tmp_path, seed=5), lambda *parts: again.append(parts))
    assert again == []


def test_a_price_is_named_until_they_are_there(tmp_path):
    need = Experts(Expertise(experts=1, expert_length=2, expert_batch=6, network="toy_flat"))
    task = task_on(real_clips(spec=SPEC), tmp_path)
    assert need.seconds(task) > 0 and not (tmp_path / "experts").exists()
    need.make(task, lambda *_: None)
    assert need.seconds(task) == 0


def test_a_stand_in_has_the_shape_of_an_expert():
    stand_in = Untrained("toy_flat", real_clips(spec=SPEC))
    one, other = stand_in.weights(0), stand_in.weights(1)
    expected = {name: value.shape for name, value in build_network("toy_flat", SPEC, 3, seed=0).named_parameters()}
    assert {name: value.shape for name, value in one.items()} == expected and not same(one, other)
