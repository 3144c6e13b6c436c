from dataclasses import dataclass
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from vidense.docstrings import description, entries
from vidense.options import NamesFile, hashed, options_of

Named = Annotated[str, NamesFile()] | None


@dataclass(frozen=True)
class Rule:
    """A group.

    Attributes:
        epsilon: a threshold
            of two lines.
        share: of the run.
    """

    epsilon: Annotated[float, Field(le=1)] = 0.0
    share: float = 0.2


def method(task: object, *, lr: float = 1.0, rule: Rule) -> object:
    """Do something.

    At length.

    Args:
        task: not an option.
        lr: a rate.
        rule: a group.

    Raises:
        ValueError: never.
    """
    return (task, lr, rule)


def test_groups_are_flat_for_users_and_whole_for_the_function():
    options = options_of(method)
    values = options.model(epsilon=0.5).model_dump()
    assert values == {"lr": 1.0, "epsilon": 0.5, "share": 0.2}
    assert method("t", **options.arguments(values)) == ("t", 1.0, Rule(0.5, 0.2))


def test_types_of_a_group_are_checked():
    with pytest.raises(ValidationError, match="epsilon"):
        options_of(method).model(epsilon=2)
    with pytest.raises(ValidationError, match="rule"):
        options_of(method).model(rule=Rule())


def test_every_option_carries_its_help():
    fields = options_of(method).model.model_fields
    assert {name: field.description for name, field in fields.items()} == {
        "lr": "a rate.",
        "epsilon": "a threshold of two lines.",
        "share": "of the run.",
    }


def test_defaults_can_be_replaced_and_keep_type_and_help():
    model = options_of(method, epsilon=0.9, lr=3.0).model
    assert model().model_dump() == {"lr": 3.0, "epsilon": 0.9, "share": 0.2}
    assert model.model_fields["epsilon"].description == "a threshold of two lines."
    with pytest.raises(ValidationError):
        model(epsilon=5)


def test_docstrings():
    text = "Do something.\n\nAt length.\n\nArgs:\n    a: one\n        more.\n    b: two.\n\nReturns:\n    c: three."
    assert description(text) == "Do something.\n\nAt length."
    assert entries(text, "Args") == {"a": "one more.", "b": "two."}
    assert entries(text, "Attributes") == {}


def clashing(*, epsilon: float = 1.0, rule: Rule) -> None:
    """Stand for a method whose option is also a field of its group."""


@dataclass(frozen=True)
class Other:
    """Another group.

    Attributes:
        share: of something else.
    """

    share: int = 1


def two_groups(*, rule: Rule, other: Other) -> None:
    """Stand for a method whose groups have a field in common."""


@pytest.mark.parametrize(("function", "name"), [(clashing, "epsilon"), (two_groups, "share")])
def test_one_name_for_two_options_is_a_mistake_of_the_method(function, name):
    with pytest.raises(ValueError, match=f"'{name}' stands for two things"):
        options_of(function)


def test_a_default_for_an_option_that_is_not_there_is_a_mistake_of_the_method():
    with pytest.raises(KeyError, match="speed"):
        options_of(method, speed=3)


def test_only_keyword_arguments_are_options():
    def mixed(task, extra=3, *rest, lr: float = 1.0, **more):
        """Stand for a method with every kind of argument."""

    assert list(options_of(mixed).model.model_fields) == ["lr"]


@dataclass(frozen=True)
class Strict:
    """A group with a field that has to be given."""

    size: int


def test_required_fields_of_a_group_stay_required():
    def needs(*, strict: Strict) -> None:
        """Stand for a method that cannot guess."""

    with pytest.raises(ValidationError, match="size"):
        options_of(needs).model()
    assert options_of(needs).arguments({"size": 2}) == {"strict": Strict(2)}


def test_validated_options_cannot_be_changed():
    values = options_of(method).model()
    with pytest.raises(ValidationError, match="frozen"):
        values.lr = 3.0


def test_files_are_known_by_what_they_hold(tmp_path):
    def reads(*, table: Annotated[str, NamesFile(lambda name: name.endswith(".csv"))] = "motion", more: Named = None):
        """Stand for a method with files among its options."""

    (tmp_path / "a.csv").write_text("same")
    (tmp_path / "b.csv").write_text("same")
    (tmp_path / "c.csv").write_text("other")
    options, files = options_of(reads), [str(tmp_path / f"{name}.csv") for name in "abc"]
    one, same, other = (options.with_files({"table": file, "more": file}, hashed) for file in files)
    assert one == same and set(one) == {"table", "more"}
    assert one["table"] == one["more"] != other["table"] == other["more"]
    assert one["table"] == "sha256:0967115f2813a354"
    assert options.with_files({"table": "motion", "more": None}, hashed) == {"table": "motion", "more": None}


def test_arguments_leave_the_given_values_alone():
    values = {"lr": 1.0, "epsilon": 0.5, "share": 0.2}
    options_of(method).arguments(values)
    assert values == {"lr": 1.0, "epsilon": 0.5, "share": 0.2}
