"""Feature regression as a method: labels that are learned, stored, and left alone by evaluation."""

import pytest
import torch

from tests.engine.toys import SPEC as TOY
from tests.engine.toys import plugged_in
from tests.tiny import SPEC, task, write_store
from vidense import condense, load
from vidense.engine.loop import Loop
from vidense.method import METHODS
from vidense.nets import build_network
from vidense.training import accuracy, fit
from vidense.training_recipe import TrainingRecipe

QUICK = {"lr": 0.05, "batch_real": 4, "pool": 2}


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("data") / "store", spec=TOY)


def recipe(job, **options):
    method = METHODS.get("frepo")
    return method.recipe(job, method.validate({**QUICK, **options}))


def test_starts_from_the_real_clips_of_every_method_and_from_scaled_labels(tmp_path):
    job = task(tmp_path, vpc=2, spec=TOY)
    videos = recipe(job).synthetic
    assert torch.equal(videos.frames, job.real.decode(job.random_videos()))
    own, other = 2 / 3 / 0.3**0.5, -1 / 3 / 0.3**0.5
    for row, label in zip(videos.soft_labels, videos.labels.tolist(), strict=True):
        assert row.tolist() == pytest.approx([own if c == label else other for c in range(3)])


def test_rates_fall_to_a_tenth_along_a_cosine(tmp_path):
    moving = recipe(task(tmp_path, spec=TOY)).optimizer
    assert {name: group.rate for name, group in moving.groups.items()} == {"frames": 0.05, "soft_labels": 1e-3}
    assert (moving.kind, moving.factor(0), moving.factor(1)) == ("adam", 1.0, 0.1)


def test_building_makes_no_network(tmp_path, monkeypatch):
    job = task(tmp_path, spec=TOY)
    monkeypatch.setattr("vidense.objectives.kernel_regression.build_network", None)
    made = recipe(job, network="toy_flat")
    made.objective.prepare(job.real)


def test_fixed_labels_are_not_stored(store, tmp_path):
    options = {**QUICK, "network": "toy_flat"}
    for learned in (False, True):
        given = {"method": "frepo", "iterations": 3, "options": {**options, "learn_label": learned}}
        dataset = condense(store.path, tmp_path / str(learned), **given)
        assert (dataset.soft_labels is not None) == learned
    # As documented: float32 [N, C], still about where learning started, neither positive nor of sum one.
    assert dataset.soft_labels.shape == (3, 3) and dataset.soft_labels.min() < 0
    assert dataset.storage.parts["soft_labels"] == 36
    assert dataset.soft_labels.argmax(1).tolist() == dataset.labels.tolist()
    assert torch.equal(dataset[1][1], dataset.soft_labels[1])


def test_evaluation_trains_on_the_classes(store, tmp_path):
    given = {"method": "frepo", "iterations": 3, "vpc": 2, "options": {**QUICK, "network": "toy_flat"}}
    condense(store.path, tmp_path, **given)
    dataset = load(tmp_path)
    assert dataset.labels.tolist() == [0, 0, 1, 1, 2, 2]
    network, brief = build_network("toy_flat", TOY, 3, seed=0, width=32), TrainingRecipe(precision="float32")
    record = fit(network, dataset, brief, 0)
    assert record.diverged_at is None and accuracy(network, [dataset], brief) == 1.0


def test_a_budget_leaves_room_for_learned_labels(store):
    method = METHODS.get("frepo")
    assert [method.beside(SPEC, 50, method.validate({"learn_label": on})) for on in (True, False)] == [200, 0]
    assert METHODS.get("dm").beside(SPEC, 50, {}) == 0


def test_the_held_out_loss_falls(tmp_path):
    job = task(tmp_path, spec=TOY)
    made = recipe(job, start="noise", network="toy_flat")
    made.objective.prepare(job.real)
    before = made.objective.held_out_loss(made.synthetic, job.real, 0)
    list(Loop(made, job.real, seed=0, total=60).run(0, 60))
    assert made.objective.held_out_loss(made.synthetic, job.real, 0) < before - 0.1
