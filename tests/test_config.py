from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from vidense.config import Mistakes, load_yaml, parse_assignments, sound, validate
from vidense.errors import UserError
from vidense.options import options_of


def method(
    task: object,
    *,
    lr: Annotated[float, Field(gt=0)] | Literal["auto"] = "auto",
    batch_real: Annotated[int, Field(ge=1)] = 8,
    criterion: Literal["cosine", "l2"] = "cosine",
) -> None:
    """Stand for a method."""


OPTIONS = options_of(method).model


def test_all_mistakes_are_reported_at_once():
    with pytest.raises(UserError) as caught:
        validate(OPTIONS, {"batch_reel": 4, "lr": -1, "criterion": "angle"}, "options of method 'x'")
    message = str(caught.value)
    assert "did you mean 'batch_real'" in message
    assert "lr=-1" in message and "greater than 0" in message
    assert "criterion='angle'" in message and "\n" not in message


def test_a_required_option_without_value():
    def needs(*, size: int) -> None:
        """Stand for a function with a required keyword."""

    with pytest.raises(UserError, match="size"):
        validate(options_of(needs).model, {}, "x")


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.integers() | st.booleans(), max_size=4))
def test_assignments_read_back(values):
    assert parse_assignments([f"{key}={str(value).lower()}" for key, value in values.items()]) == values


def test_assignments_keep_text_and_equal_signs():
    assert parse_assignments(["a=b=c", "x=auto", "y=[1, 2]", "z=: :"]) == {
        "a": "b=c",
        "x": "auto",
        "y": [1, 2],
        "z": ": :",
    }


def test_bad_assignments_are_listed():
    with pytest.raises(UserError, match="'lr', '=3'"):
        parse_assignments(["lr", "ok=1", "=3"])


@pytest.mark.parametrize(
    ("text", "words"),
    [("- 1\n- 2", "holds list"), ("a: [", "cannot be read"), ("1: 2", "lines of"), ("a: 2024-99-99", "month must be")],
)
def test_yaml_that_is_no_mapping(tmp_path, text, words):
    (tmp_path / "run.yaml").write_text(text)
    with pytest.raises(UserError, match=words):
        load_yaml(tmp_path / "run.yaml")


def test_yaml(tmp_path):
    (tmp_path / "run.yaml").write_text("method: prism\noptions: {lr: 3}\n")
    assert load_yaml(tmp_path / "run.yaml") == {"method": "prism", "options": {"lr": 3}}
    (tmp_path / "empty.yaml").write_text("")
    assert load_yaml(tmp_path / "empty.yaml") == {}
    with pytest.raises(UserError, match="cannot be read"):
        load_yaml(tmp_path / "none.yaml")


def test_mistakes_are_gathered():
    mistakes = Mistakes()
    assert not mistakes
    for text in ("one", "two", "one"):
        with mistakes.collect():
            raise UserError(text)
    assert mistakes
    with pytest.raises(UserError, match=r"^one; two$"):
        mistakes.report()
    Mistakes().report()


def test_what_is_sound_is_kept_so_that_checking_can_go_on():
    values = {"lr": 3.0, "batch_real": 0, "criterion": "angle", "speed": 1}
    assert sound(OPTIONS, values) == {"lr": 3.0}
    assert sound(OPTIONS, {"lr": 3.0}) == {"lr": 3.0} and sound(OPTIONS, {}) == {}
    assert values["speed"] == 1


@given(st.dictionaries(st.sampled_from(["lr", "batch_real", "criterion", "x"]), st.none() | st.integers(-2, 2)))
def test_what_is_sound_is_always_valid(values):
    kept = sound(OPTIONS, values)
    assert validate(OPTIONS, kept, "x") and kept.items() <= values.items()


def test_a_mistake_in_a_union_is_told_once_with_every_way_out():
    with pytest.raises(UserError) as caught:
        validate(OPTIONS, {"lr": "fast"}, "options")
    assert str(caught.value).count("lr=") == 1 and ", or " in str(caught.value)


def test_collected_mistakes_let_other_errors_through():
    mistakes = Mistakes()
    with pytest.raises(KeyError), mistakes.collect():
        raise KeyError("a defect")
    mistakes.report()


def test_the_last_of_equal_assignments_counts():
    assert parse_assignments(["a=1", "a=2", " b = null"]) == {"a": 2, "b": None}


def test_settings_that_nest_without_end_or_multiply_are_one_short_sentence(tmp_path):
    (tmp_path / "deep.yaml").write_text("a: " + "[" * 3000)
    with pytest.raises(UserError, match="cannot be read"):
        load_yaml(tmp_path / "deep.yaml")
    assert parse_assignments(["a=" + "[" * 3000])
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    (tmp_path / "bomb.yaml").write_text("\n".join([*lines, "rate: *a8"]))
    with pytest.raises(UserError) as caught:
        validate(OPTIONS, {"lr": load_yaml(tmp_path / "bomb.yaml")["rate"]}, "config")
    assert len(str(caught.value)) < 1000
