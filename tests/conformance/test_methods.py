"""What every registered method promises; a new one is tested by being registered."""

import json
import pickle

import pytest
import torch

from tests.tiny import write_store
from vidense import condense, load
from vidense.engine.loop import Loop
from vidense.method import METHODS, Task
from vidense.runlog import read_log

# What makes a method quick, where it has the option.
QUICK = {"lr": 3.0, "batch_real": 2, "feature_net": "random"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("data") / "store")


def quick(name: str, **more) -> dict:
    method = METHODS.get(name)
    options = {key: value for key, value in QUICK.items() if key in method.options.model.model_fields}
    return {"method": name, "iterations": 4, "vpc": 2, "options": options, **more}


@pytest.fixture(params=sorted(METHODS))
def name(request) -> str:
    return request.param


def test_same_seed_same_bits_and_another_seed_other_bits(store, tmp_path, name):
    files = []
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        condense(store.path, tmp_path / folder, **quick(name, seed=seed))
        files.append((tmp_path / folder / "dataset" / "tensors.safetensors").read_bytes())
    assert files[0] == files[1]
    if name not in ("herding", "kcenter"):  # with so few clips another feature network may choose the same ones
        assert files[0] != files[2]


def test_storage_equals_bytes_on_disk_and_loading_decodes_identically(store, tmp_path, name):
    dataset = condense(store.path, tmp_path / "run", **quick(name))
    folder = tmp_path / "run" / "dataset"
    assert dataset.storage.bytes == sum(file.stat().st_size for file in folder.iterdir())
    assert json.loads((tmp_path / "run" / "run.json").read_text())["storage"] == dataset.storage.to_json()
    index = torch.arange(len(dataset))
    clips = dataset.decode(index)
    assert clips.shape == (6, *store.spec.shape) and torch.isfinite(clips).all()
    assert torch.equal(clips, load(folder).decode(index))
    assert dataset.labels.tolist() == [0, 0, 1, 1, 2, 2]


def test_resuming_equals_an_unbroken_run(store, tmp_path, name):
    def kill(phase, done, total, entry):
        if phase == "condense" and done == 2:
            raise InterruptedError

    condense(store.path, tmp_path / "straight", **quick(name))
    if (tmp_path / "straight" / "log.jsonl").exists():
        with pytest.raises(InterruptedError):
            condense(store.path, tmp_path / "broken", progress=kill, checkpoint_seconds=0, **quick(name))
    condense(store.path, tmp_path / "broken", **quick(name))
    tensors = [(tmp_path / run / "dataset" / "tensors.safetensors").read_bytes() for run in ("straight", "broken")]
    assert tensors[0] == tensors[1]
    logs = [[entry.get("loss") for entry in read_log(tmp_path / run / "log.jsonl")] for run in ("straight", "broken")]
    assert logs[0] == logs[1]


def test_every_group_receives_a_finite_gradient(store, tmp_path, name):
    job = Task(store.train, 2, 0, tmp_path)
    recipe = METHODS.get(name).recipe(job, METHODS.get(name).validate(quick(name)["options"]))
    if recipe.objective is None:
        assert recipe.synthetic.trainable() == {}
        return
    recipe.objective.prepare(store.train, tmp_path, 0)
    list(Loop(recipe, store.train, seed=0, total=2).run(0, 1))
    groups = {**recipe.synthetic.trainable(), **recipe.objective.groups()}
    assert set(recipe.optimizer.groups) == set(groups)
    for group, tensors in groups.items():
        for tensor in tensors:
            assert tensor.grad is not None and torch.isfinite(tensor.grad).all(), group
            assert tensor.grad.abs().sum() > 0, group


def test_the_page_is_complete(name):
    method = METHODS.get(name)
    assert method.summary and method.paper and method.stores
    assert set(method.iterations) == {"small", "published"}
    least, usual = method.frames(16, method.options.model().model_dump())
    assert 1 <= least <= usual <= 16
    assert all(option.description for option in method.options.model.model_fields.values())


def test_datasets_reach_worker_processes(store, tmp_path, name):
    dataset = condense(store.path, tmp_path / "run", **quick(name))
    again = pickle.loads(pickle.dumps(dataset))  # noqa: S301 - our own bytes, as a DataLoader sends them
    assert torch.equal(again[0][0], dataset[0][0])
