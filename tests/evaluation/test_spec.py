"""Protocols as written down, and a hash that no field escapes."""

import math
import re
from dataclasses import fields, replace
from typing import Any

import pytest

from vidense.errors import UserError
from vidense.evaluation.spec import PROTOCOLS, eval_spec
from vidense.training_recipe import TrainingRecipe


def other(value: Any) -> Any:
    """Return a value of the same type that is not ``value``."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, tuple):
        return (*value, ("dropout", 0.1))
    return 3.0 if value is None else None


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_every_field_moves_the_hash(protocol: str) -> None:
    spec = eval_spec(protocol, "minic3d")
    changed = [replace(spec, **{f.name: other(getattr(spec, f.name))}) for f in fields(spec) if f.name not in NESTED]
    for name in NESTED:
        part = getattr(spec, name)
        changed += [
            replace(spec, **{name: replace(part, **{f.name: other(getattr(part, f.name))})}) for f in fields(part)
        ]
    hashes = {spec.hash, *(one.hash for one in changed)}
    assert len(hashes) == len(changed) + 1


NESTED = ("recipe", "hold_out")


def test_equal_specs_hash_equal_and_option_order_does_not_matter() -> None:
    first = eval_spec("clean", "minic3d:a=1:b=2")
    assert first.hash == eval_spec("clean", "minic3d:b=2:a=1").hash
    assert first.hash != eval_spec("clean", "minic3d").hash


def test_published_is_the_reference_loop() -> None:
    spec = eval_spec("published", "minic3d")
    recipe = spec.recipe
    assert (recipe.optimizer, recipe.lr, recipe.momentum, recipe.weight_decay) == ("sgd", 0.01, 0.9, 5e-4)
    assert (recipe.batch, recipe.test_batch, recipe.batch_standardise) == (256, 64, True)
    assert (recipe.clip_norm, recipe.warmup, recipe.precision) == (None, 0.0, "float32")
    assert recipe.length(50) == 501
    # Passes count from 0; the rate falls after number 251, so 252 passes run at the full rate.
    assert [recipe.rate(step, 50) for step in (251, 252)] == pytest.approx([0.01, 0.001])
    assert recipe.rate(2 * 252 - 1, 300) == pytest.approx(0.01)
    assert recipe.rate(2 * 252, 300) == pytest.approx(0.001)
    assert (spec.windows, spec.pooling, spec.hold_out.share) == (3, "pooled", 0.0)
    assert spec.legacy_best_on_test


def test_clean_never_looks_at_test_videos_and_uses_fixed_normalisation() -> None:
    spec = eval_spec("clean", "minic3d")
    assert spec.recipe == TrainingRecipe()
    assert not spec.recipe.batch_standardise
    assert not spec.legacy_best_on_test
    assert spec.hold_out.share > 0


def test_epochs_replace_the_protocols_length() -> None:
    assert eval_spec("clean", "minic3d", epochs=3).recipe.length(6) == 3
    short = eval_spec("published", "minic3d", epochs=10).recipe
    assert (short.length(50), short.drop_after) == (11, 7)


def test_a_learning_rate_replaces_the_protocols() -> None:
    own, other = eval_spec("published", "minic3d"), eval_spec("published", "minic3d", lr=0.02)
    assert (own.recipe.lr, other.recipe.lr) == (0.01, 0.02) and own.hash != other.hash
    assert eval_spec("published", "minic3d", lr=0.01).hash == own.hash


@pytest.mark.parametrize("lr", [0.0, -0.1, 1e300, math.inf, math.nan])
def test_what_is_no_learning_rate_is_refused(lr: float) -> None:
    with pytest.raises(UserError, match=re.escape(f"lr={lr:g} is no learning rate")):
        eval_spec("clean", "minic3d", lr=lr)


def test_mistakes_are_named() -> None:
    with pytest.raises(UserError, match="unknown protocol 'claen'; did you mean 'clean'"):
        eval_spec("claen", "minic3d")
    with pytest.raises(UserError, match="epochs=0"):
        eval_spec("clean", "minic3d", epochs=0)


def test_options_of_a_network_stand_behind_its_name() -> None:
    spec = eval_spec("clean", "cnn_lstm:lstm_hidden=1024")
    assert (spec.model, spec.model_options) == ("cnn_lstm", (("lstm_hidden", 1024),))
    with pytest.raises(UserError, match="cnn_lstm 'lstm_hidden': write key=value"):
        eval_spec("clean", "cnn_lstm:lstm_hidden")
