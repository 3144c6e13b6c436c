"""Types that methods share: what they take, and what they say when they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.engine.toys import plugged_in
from vidense.config import validate
from vidense.errors import UserError
from vidense.nets import NETWORKS
from vidense.option_types import Count, FileName, LearningRate, Momentum, NetworkName, Weight


class Given(BaseModel):
    rate: LearningRate = "auto"
    momentum: Momentum = 0.0
    count: Count = 1
    network: NetworkName = "minic3d"
    weight: Weight = 0.0
    file: FileName | None = None


def message(**values) -> str:
    with pytest.raises(UserError) as caught:
        validate(Given, values, "here")
    return str(caught.value)


@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers())
def test_a_rate_is_a_number_above_zero_or_auto(rate):
    if 0 < rate <= 3.4e38:
        assert validate(Given, {"rate": rate}, "x").rate == rate
    else:
        assert "rate=" in message(rate=rate)


def test_what_float32_cannot_hold_is_refused():
    assert "float32, whose largest number is 3.4e+38" in message(rate=1e300)
    assert "float32" in message(weight=4e38)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_weight_is_a_number_of_at_least_zero(weight):
    if 0 <= weight <= 3.4e38:
        assert validate(Given, {"weight": weight}, "x").weight == weight
    else:
        assert "weight=" in message(weight=weight)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_momentum_lies_in_the_half_open_unit_interval(momentum):
    if 0 <= momentum < 1:
        assert validate(Given, {"momentum": momentum}, "x").momentum == momentum
    else:
        assert "momentum=" in message(momentum=momentum)


@given(st.integers(-3, 10**9))
def test_a_count_is_at_least_one(count):
    if count >= 1:
        assert validate(Given, {"count": count}, "x").count == count
    else:
        assert "greater than or equal to 1" in message(count=count)


@pytest.mark.parametrize("word", ["Auto", "automatic", "", "fast"])
def test_auto_is_the_only_word_for_a_rate_and_both_rules_are_told(word):
    told = message(rate=word)
    assert told.count("rate=") == 1 and "'auto'" in told and "number" in told


@pytest.mark.parametrize("count", [1.5, "many", None])
def test_a_count_is_whole(count):
    assert "count=" in message(count=count)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_every_registered_network_can_be_named(name):
    assert validate(Given, {"network": name}, "x").network == name


def test_a_network_of_a_plug_in_can_be_named_once_it_is_there():
    assert "unknown network" in message(network="toy_flat")
    with plugged_in():
        assert validate(Given, {"network": "toy_flat"}, "x").network == "toy_flat"


def test_mistakes_of_all_types_are_one_sentence():
    told = message(rate=-1, momentum=1, count=0, network="minic3")
    assert told.startswith("here: ") and "\n" not in told
    assert all(word in told for word in ("rate=-1", "momentum=1", "count=0", "did you mean 'minic3d'"))


def test_a_file_is_one_that_can_be_read(tmp_path):
    (tmp_path / "here").touch()
    assert validate(Given, {"file": str(tmp_path / "here")}, "x").file == str(tmp_path / "here")
    for name in (str(tmp_path / "gone"), str(tmp_path), ""):
        assert f"file={name!r}: value error, the file cannot be read (" in message(file=name)
