"""Registries refuse duplicates and help with unknown names."""

import pytest

from vidense.errors import UserError
from vidense.registry import Registry


@pytest.fixture
def animals() -> Registry[object]:
    registry: Registry[object] = Registry("animal")
    registry.register("cat")("a cat")
    registry.register("dog")("a dog")
    return registry


def test_register_hands_its_argument_back_unchanged():
    registry = Registry("thing")

    @registry.register("f")
    def function():
        return 1

    assert function() == 1
    assert registry.get("f") is function


def test_names_come_sorted_and_can_be_asked_for(animals):
    animals.register("ant")("an ant")
    assert list(animals) == ["ant", "cat", "dog"]
    assert "cat" in animals and "cow" not in animals and 3 not in animals


def test_a_taken_name_is_refused_and_keeps_its_meaning(animals):
    with pytest.raises(ValueError, match="animal 'cat' is registered already"):
        animals.register("cat")("another cat")
    assert animals.get("cat") == "a cat"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dogg", "unknown animal 'dogg'; did you mean 'dog'?"),
        ("elephant", "unknown animal 'elephant'; known: cat, dog"),
        ("", "unknown animal ''; known: cat, dog"),
    ],
)
def test_an_unknown_name_is_explained(animals, name, message):
    with pytest.raises(UserError) as caught:
        animals.get(name)
    assert str(caught.value) == message


def test_an_empty_registry_says_so():
    with pytest.raises(UserError, match="unknown plug 'x'; none is known"):
        Registry("plug").get("x")


def test_registries_do_not_share_names(animals):
    other = Registry("animal")
    assert list(other) == []
    other.register("cat")("another cat")
    assert animals.get("cat") == "a cat"
