"""Every registered method on clips of 4x4 pixels under a toy network: many settings in little time."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.toys import SPEC, plugged_in
from tests.tiny import CLASSES, real_clips, task_on, write_store
from vidense import condense, load
from vidense.engine.loop import Loop
from vidense.engine.plan import plan
from vidense.method import METHODS

FIXED = {"lr": 0.3, "network": "toy_flat", "precision": "float32", "batch_real": 2, "feature_net": "random"}
FIXED |= {"static_iterations": 2, "static_lr": 0.1, "teacher_epochs": 1, "pool_frames": 2, "segments": 2}
FIXED |= {"experts": 2, "expert_length": 3, "expert_batch": 6, "max_start": 2, "syn_steps": 2}
FIXED |= {"footage": "stored", "boxes": "whole", "teacher": "toy_flat"}
CHOICES = {
    "momentum": [0.0, 0.9],
    "start": ["real", "noise"],
    "clip_policy": ["frozen", "resample"],
    "initial_keys": [2, 3, 4],
    "all_learnable": [False, True],
    "criterion": ["cosine", "l2", "none"],
    "position": ["triggered", "random"],
    "most_negative_only": [False, True],
    "gradient": ["partial", "total"],
    "insert_from": ["interpolation", "noise"],
    "max_keys": [None, 4],
    "epsilon": [-1.0, 0.0, 1.1],
    "warm_up": [0.0, 0.5],
    "matching": ["dm", "gm_mse", "gm_dc"],
    "distance": ["dc", "mse"],
    "siamese": [False, True],
    "outer_loop": [1, 3],
    "memories": [1, 2],
    "batch_syn": [None, 2],
    "expert_epochs": [1, 2],
    "first_max_start": [None, 1],
    "train_static": [False, True],
    "learn_label": [False, True],
    "pool": [1, 3],
    "lifetime": [1, 2],
    "mask": ["update", "gradient", "none"],
    "mask_sign": ["magnitude", "both"],
    "window": ["hann", "triangular"],
    "look_back": [0, 3],
    "percentile": [50.0, 100.0],
    "r_bn": [0.0, 1.0],
    "batch": [4, 50],
    "mode": ["video", "frame"],
    "first_bn": [0.0, 10.0],
    "pool_frames": [1, 3],
    "segments": [2, 4],
    "segment_frames": [None, 2, 3],
    "diversity": [0.0, 1.0],
    "tiles": [1, 2, 3],
    "candidates": [None, 2],
    "one_per_video": [False, True],
    "score": ["label", "highest"],
    "labels": ["hard", "kept"],
}
NAMES = sorted(METHODS)
NUMBER = {"uint8": 1, "float16": 2, "float32": 4}
# Digits that a plan cannot know: of what is learned beside the videos, such as a teacher's accuracy.
DIGITS = 8


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("data") / "store", spec=SPEC)


def options_of(name: str, chosen: dict) -> dict:
    fields = METHODS.get(name).options.model.model_fields
    given = {**FIXED, **chosen}
    if given.get("labels") == "kept":
        given["labels"] = "regions" if name == "optdistill" else "soft"
    return {key: value for key, value in given.items() if key in fields}


any_options = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in CHOICES.items()})


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


def optimised(name: str, real, chosen: dict, cache: Path, total: int = 5, stop: int = 5):
    """Return a recipe after its first iterations, and its log."""
    method = METHODS.get(name)
    recipe = method.recipe(task_on(real, cache), method.validate(options_of(name, chosen)))
    if recipe.objective is None:
        return recipe, []
    recipe.objective.prepare(real)
    return recipe, list(Loop(recipe, real, seed=0, total=total).run(0, stop))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12)
@given(chosen=any_options, dtype=st.sampled_from(sorted(NUMBER)))
def test_any_options_run_and_come_back_from_disk(cache, name, chosen, dtype):
    real = real_clips(spec=SPEC)
    recipe, entries = optimised(name, real, chosen, cache)
    assert json.loads(json.dumps(entries)) == entries
    again, index = (
        type(recipe.synthetic).restore(recipe.synthetic.kind, recipe.synthetic.store(dtype), SPEC, CLASSES),
        torch.arange(6),
    )
    clips = recipe.synthetic.decode(index).detach()
    spread = float(clips.abs().max()) + 1
    assert torch.allclose(again.decode(index), clips, atol=spread * (0.01 if dtype != "float32" else 1e-5))
    limit = chosen.get("max_keys") or SPEC.frames
    if "key_frames" in recipe.synthetic.kind:
        assert recipe.synthetic.is_key.sum(1).max() <= limit


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=6)
@given(chosen=any_options)
def test_the_same_options_give_the_same_bits(cache, name, chosen):
    one, other = (optimised(name, real_clips(spec=SPEC), chosen, cache) for _ in range(2))
    assert one[1] == other[1]
    assert torch.equal(one[0].synthetic.decode(torch.arange(6)), other[0].synthetic.decode(torch.arange(6)))


@pytest.mark.parametrize("name", [n for n in NAMES if METHODS.get(n).iterations["small"]])
@settings(max_examples=6)
@given(chosen=any_options)
def test_claimed_independence_of_classes_holds_for_a_whole_run(cache, name, chosen):
    """Condense three classes, and two of them apart from the same start: the two end alike."""
    # Random positions are drawn for all videos at once, so a video's place among them matters.
    chosen = {**chosen, "position": "triggered"}
    real, kept = real_clips(spec=SPEC), [0, 1]
    whole, _ = optimised(name, real, chosen, cache)
    if not whole.class_independent:
        return
    method, apart = METHODS.get(name), real.only_classes(kept)
    recipe = method.recipe(task_on(apart, cache), method.validate(options_of(name, chosen)))
    start = optimised(name, real, chosen, cache, stop=0)[0].synthetic
    with torch.no_grad():
        for group, tensors in recipe.synthetic.groups().items():
            for mine, theirs in zip(tensors, start.groups()[group], strict=True):
                mine.copy_(theirs[: len(mine)])
    recipe.objective.prepare(apart)
    list(Loop(recipe, apart, seed=0, total=5).run(0, 5))
    found, expected = (made.synthetic.decode(torch.arange(4)) for made in (recipe, whole))
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", sorted(NUMBER))
def test_a_plan_brackets_what_a_run_takes(store, tmp_path, name, dtype):
    given = {"method": name, "vpc": 2, "iterations": 4, "store_dtype": dtype, "options": options_of(name, {})}
    found, real = plan(store.path, **given), condense(store.path, tmp_path, **given).storage
    assert found.least.bytes - DIGITS <= real.bytes <= found.most.bytes + DIGITS
    assert found.least.frames <= real.frames <= found.most.frames
    assert (found.method, found.classes, found.vpc, found.max_frames) == (name, 3, 2, None)
    stored = "uint8" if name in ("random", "herding", "kcenter", "optdistill") else dtype
    payload = [size for part, size in real.parts.items() if part.endswith(("frames", "pixels"))]
    assert sum(payload) == real.numbers * NUMBER[stored]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [7_500, 8_500, 12_000])
def test_a_budget_is_kept_by_every_method(store, tmp_path, name, size):
    method, options = METHODS.get(name), options_of(name, {"epsilon": 1.1, "warm_up": 0.0})
    given = {"method": name, "iterations": 4, "options": options}
    # What small videos take beside their frames would be most of it.
    size += 3 * method.beside(SPEC, 3, method.validate(options))
    dataset = condense(store.path, tmp_path, budget=f"{size} B", **given)
    assert dataset.storage.bytes <= size
    told = json.loads((tmp_path / "run.json").read_text())["settings"]
    assert told["budget"] == size and len(dataset) == 3 * told["vpc"]
    assert max(torch.bincount(dataset.labels)) == told["vpc"] <= 4
    if "is_key" in dict(dataset.parameterization.named_buffers()):
        assert dataset.parameterization.is_key.sum(1).max() <= told["max_frames"]


@pytest.mark.parametrize("name", NAMES)
def test_provenance_tells_what_made_a_dataset_and_where_not(store, tmp_path, name):
    given = {"method": name, "iterations": 2, "seed": 9, "options": options_of(name, {})}
    condense(store.path, tmp_path / "run", **given)
    index = load(tmp_path / "run").index
    assert index["method"] == {"name": name, "paper": METHODS.get(name).paper}
    assert index["settings"]["seed"] == 9 and index["settings"]["data"] == store.content_hash
    text = (tmp_path / "run" / "dataset" / "condensed.json").read_text() + (tmp_path / "run" / "run.json").read_text()
    assert str(tmp_path) not in text and str(store.path) not in text


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_of_a_class_is_the_most_there_is(store, tmp_path, name):
    quick = {"method": name, "iterations": 1, "options": options_of(name, {})}
    assert len(condense(store.path, tmp_path, vpc=4, **quick)) == 12
