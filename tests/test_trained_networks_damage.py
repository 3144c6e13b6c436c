"""A cached network that is damaged in any way is trained again, from the very start, and the cache is whole again."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.small_net import NAME, linear, weights
from tests.tiny import real_clips
from vidense import trained_networks
from vidense.data.spec import ClipSpec
from vidense.records import file_hash
from vidense.trained_networks import HOLD_OUT, HoldOut, TrainedNetwork, Training
from vidense.training import accuracy
from vidense.training_recipe import TrainingRecipe

__all__ = ["linear"]
SPEC = ClipSpec(2, 60, 60)
RECIPE = TrainingRecipe(steps=20, epochs=0, batch=4, checks=5, lr=0.1, precision="float32")
pytestmark = pytest.mark.usefixtures("linear")


def train(cache: Path, **changes: Any) -> TrainedNetwork:
    call = {"model": NAME, "seed": 0, "recipe": RECIPE} | changes
    return Training(real_clips(spec=SPEC), **call).network(cache)


def cached(cache: Path) -> tuple[Path, Path]:
    """Return the index and the weights of the one network in a cache."""
    (index,), (tensors,) = cache.rglob("*.json"), cache.rglob("*.safetensors")
    return index, tensors


def with_index(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def damage(cache: Path) -> None:
        index, _ = cached(cache)
        index.write_text(json.dumps(change(json.loads(index.read_text()))))

    return damage


def with_text(text: str) -> Callable[[Path], None]:
    return lambda cache: cached(cache)[0].write_text(text) and None


def with_weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Callable[[Path], None]:
    """Change the weights and let the index name the hash of the changed ones."""

    def damage(cache: Path) -> None:
        index, tensors = cached(cache)
        save_file(change(load_file(tensors)), tensors)
        index.write_text(json.dumps({**json.loads(index.read_text()), "weights": file_hash(tensors)}))

    return damage


def cut(cache: Path) -> None:
    index, tensors = cached(cache)
    tensors.write_bytes(tensors.read_bytes()[:20])
    index.write_text(json.dumps({**json.loads(index.read_text()), "weights": file_hash(tensors)}))


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "no index": lambda cache: cached(cache)[0].unlink(),
    "no weights": lambda cache: cached(cache)[1].unlink(),
    "an empty index": with_text(""),
    "half an index": with_text('{"identity": '),
    "a list": with_text("[]"),
    "nothing": with_text("null"),
    "a text": with_text('"fit"'),
    "too deep": with_text("[" * 5000),
    "too long a number": with_text('{"fit": ' + "9" * 5000 + "}"),
    "an empty object": with_index(lambda stored: {}),
    "no fit": with_index(lambda stored: {**stored, "fit": None}),
    "half a fit": with_index(lambda stored: {**stored, "fit": {"diverged_at": None}}),
    "a garbled fit": with_index(lambda stored: {**stored, "fit": {**stored["fit"], "selected_step": "last"}}),
    "another identity": with_index(lambda stored: {**stored, "identity": {**stored["identity"], "seed": 1}}),
    "no identity": with_index(lambda stored: {n: v for n, v in stored.items() if n != "identity"}),
    "another hash": with_index(lambda stored: {**stored, "weights": "0" * 64}),
    "no hash": with_index(lambda stored: {**stored, "weights": None}),
    "weights cut short": cut,
    "a weight missing": with_weights(lambda state: {n: t for n, t in state.items() if n != "head.bias"}),
    "a weight too many": with_weights(lambda state: {**state, "extra": torch.zeros(1)}),
    "another shape": with_weights(lambda state: {**state, "head.bias": torch.zeros(7)}),
    "another type": with_weights(lambda state: {**state, "head.bias": state["head.bias"].half()}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_damaged_is_trained_again_from_the_start(
    tmp_path: Path, fits: list[int], damage: Callable[[Path], Any]
) -> None:
    first = train(tmp_path)
    damage(tmp_path)
    again = train(tmp_path)
    assert len(fits) == 2
    assert torch.equal(weights(first.network), weights(again.network))
    assert again.fit == first.fit
    # And now it is whole: nothing is trained a third time.
    assert torch.equal(weights(train(tmp_path).network), weights(first.network))
    assert len(fits) == 2


def test_an_interrupted_training_leaves_nothing_that_is_taken_for_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trained_networks, "write_json", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path)
    assert not list(tmp_path.rglob("*.json"))
    assert train(tmp_path).fit["diverged_at"] is None
    cached(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"recipe": replace(RECIPE, lr=0.05)},
        {"recipe": replace(RECIPE, checks=4)},
        {"hold_out": HoldOut(share=0.0, seed=0)},
        {"hold_out": HoldOut(share=HOLD_OUT.share, seed=1)},
        {"options": {"dropout": 0.2}},
    ],
)
def test_everything_that_decides_a_network_has_a_place_of_its_own(
    tmp_path: Path, fits: list[int], change: dict[str, Any]
) -> None:
    first, other = train(tmp_path), train(tmp_path, **change)
    assert len(fits) == 2
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2
    assert not torch.equal(weights(first.network), weights(other.network)) or "recipe" in change
    # Neither pushed the other out.
    train(tmp_path), train(tmp_path, **change)
    assert len(fits) == 2


def test_the_weights_of_the_best_check_are_kept(tmp_path: Path) -> None:
    ceiling = train(tmp_path)
    _, validation = HOLD_OUT.split(real_clips(spec=SPEC))
    checks = dict(map(tuple, ceiling.fit["checks"]))
    assert checks[ceiling.fit["selected_step"]] == max(checks.values())
    assert accuracy(ceiling.network, [validation], RECIPE) == pytest.approx(max(checks.values()))


def test_without_validation_the_last_weights_are_kept(tmp_path: Path) -> None:
    ceiling = train(tmp_path, hold_out=HoldOut(share=0.0, seed=0))
    assert not ceiling.fit["checks"]
    assert ceiling.fit["selected_step"] == 20
    assert ceiling.videos == 12


def test_a_record_read_from_the_cache_equals_the_one_that_was_made(tmp_path: Path) -> None:
    made, read = train(tmp_path), train(tmp_path)
    assert json.loads(json.dumps(made.fit)) == read.fit
    assert made.videos == read.videos
    assert not made.network.training and not read.network.training


def test_a_network_that_diverged_says_so_when_read_again(tmp_path: Path, fits: list[int]) -> None:
    wild = replace(RECIPE, lr=1e30, clip_norm=None, warmup=0.0)
    made, read = train(tmp_path, recipe=wild), train(tmp_path, recipe=wild)
    assert len(fits) == 1
    assert made.fit["diverged_at"] is not None
    assert read.fit["diverged_at"] == made.fit["diverged_at"]
