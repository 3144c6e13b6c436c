"""What every registered method promises; a new one is tested by being registered."""

import json
import pickle
from pathlib import Path

import pytest
import torch

from tests.small_net import NAME, Linear
from tests.tiny import task_on, write_store
from vidense import condense, load
from vidense.engine.loop import Loop
from vidense.method import METHODS
from vidense.nets import NETWORKS
from vidense.runlog import read_log

# What makes a method quick, where it has the option.
QUICK = {"lr": 3.0, "batch_real": 2, "feature_net": "random"}
QUICK |= {"static_iterations": 2, "static_lr": 1.0, "pool": 2, "teacher_epochs": 1, "lifetime": 2, "segments": 3}
QUICK |= {"experts": 1, "expert_length": 2, "expert_batch": 6, "max_start": 2, "syn_steps": 2}
# The tiny store names videos that are not there.
QUICK |= {"footage": "stored", "boxes": "whole", "candidates": 3, "teacher": NAME}


@pytest.fixture(scope="module", autouse=True)
def _small_teacher():
    NETWORKS.register(NAME)(Linear)
    yield
    NETWORKS._items.pop(NAME)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("data") / "store")


def quick(name: str, **more) -> dict:
    method = METHODS.get(name)
    options = {key: value for key, value in QUICK.items() if key in method.options.model.model_fields}
    return {"method": name, "iterations": 3, "vpc": 2, "options": options, **more}


@pytest.fixture(params=sorted(METHODS), scope="module")
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def run(store, name, tmp_path_factory) -> Path:
    """Condense once by each method; pytest runs all tests of a method before those of the next."""
    folder = tmp_path_factory.mktemp("run")
    condense(store.path, folder, **quick(name))
    return folder


def bits(run: Path) -> bytes:
    return (run / "dataset" / "tensors.safetensors").read_bytes()


def test_another_seed_gives_other_bits(store, run, tmp_path, name):
    condense(store.path, tmp_path, **quick(name, seed=1))
    if name not in ("herding", "kcenter"):  # with so few clips another feature network may choose the same ones
        assert bits(tmp_path) != bits(run)


def test_storage_equals_bytes_on_disk_and_loading_decodes_identically(store, run):
    dataset, folder = load(run), run / "dataset"
    assert dataset.storage.bytes == sum(file.stat().st_size for file in folder.iterdir())
    assert json.loads((run / "run.json").read_text())["storage"] == dataset.storage.to_json()
    index = torch.arange(len(dataset))
    clips = dataset.decode(index)
    assert clips.shape == (6, *store.spec.shape) and torch.isfinite(clips).all()
    assert torch.equal(clips, load(folder).decode(index))
    assert dataset.labels.tolist() == [0, 0, 1, 1, 2, 2]


def test_resuming_equals_an_unbroken_run_of_the_same_seed(store, run, tmp_path, name):
    def kill(phase, done, total, entry):
        if phase == "condense" and done == 2:
            raise InterruptedError

    if (run / "log.jsonl").exists():
        with pytest.raises(InterruptedError):
            condense(store.path, tmp_path, progress=kill, checkpoint_seconds=0, **quick(name))
    condense(store.path, tmp_path, **quick(name))
    assert bits(tmp_path) == bits(run)
    logs = [[entry.get("loss") for entry in read_log(folder / "log.jsonl")] for folder in (run, tmp_path)]
    assert logs[0] == logs[1]


def test_every_group_receives_a_finite_gradient(store, tmp_path, name):
    method = METHODS.get(name)
    recipe = method.recipe(task_on(store.train, tmp_path), method.validate(quick(name)["options"]))
    if recipe.objective is None:
        assert recipe.synthetic.trainable() == {}
        return
    recipe.objective.prepare(store.train)
    list(Loop(recipe, store.train, seed=0, total=2).run(0, 1))
    groups = {**recipe.synthetic.trainable(), **recipe.objective.groups()}
    for group in recipe.optimizer.groups:
        for tensor in groups[group]:
            assert tensor.grad is not None and torch.isfinite(tensor.grad).all(), group
            assert tensor.grad.abs().sum() > 0, group


def test_the_page_is_complete(name):
    method = METHODS.get(name)
    assert method.summary and method.paper and method.stores
    assert set(method.iterations) == {"small", "published"}
    least, usual = method.frames(16, method.options.model().model_dump())
    assert 1 <= least <= usual <= 16
    assert all(option.description for option in method.options.model.model_fields.values())


def test_datasets_reach_worker_processes(run):
    dataset = load(run)
    again = pickle.loads(pickle.dumps(dataset))  # noqa: S301 - our own bytes, as a DataLoader sends them
    assert torch.equal(again[0][0], dataset[0][0])
