"""Registries refuse duplicates and help with unknown names."""

from pathlib import Path

import pytest

from vidense.cli.plugins import load_plugins
from vidense.errors import UserError
from vidense.nets import NETWORKS, build_network
from vidense.records import file_hash
from vidense.registry import Registry, foreign_source


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


def test_what_is_ours_has_no_source_and_what_is_not_has_the_hash_of_its_file():
    assert foreign_source(Registry) is foreign_source(build_network) is None
    assert {foreign_source(NETWORKS.get(name)) for name in NETWORKS} == {None}
    own = file_hash(Path(__file__))
    assert foreign_source(test_an_empty_registry_says_so) == foreign_source(lambda: 1) == foreign_source(Called) == own
    assert foreign_source(Called()) == own, "an object is known by its class"


def test_what_no_file_defines_has_no_source():
    typed = type("Typed", (), {"__module__": "builtins"})
    assert [foreign_source(item) for item in (typed, typed(), len, dict)] == [None] * 4


@pytest.mark.usefixtures("no_plugin_left")
def test_a_plug_in_is_known_by_its_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from vidense.nets import NETWORKS\n@NETWORKS.register('mine')\ndef mine(spec, classes): ...\n")
    load_plugins([file])
    assert foreign_source(NETWORKS.get("mine")) == file_hash(file)


class Called:
    def __call__(self) -> None: ...
