"""The package's front door: names that load when they are used."""

import pytest

import vidense
from vidense.method import METHODS


@pytest.mark.parametrize("name", vidense.__all__)
def test_every_public_name_is_documented_and_loads_when_it_is_asked_for(name):
    found = getattr(vidense, name)
    assert found.__doc__ and found.__module__.startswith("vidense.")
    assert getattr(vidense, name) is found


def test_homes_and_public_names_agree():
    assert set(vidense._HOMES) == set(vidense.__all__)


@pytest.mark.parametrize("name", ["condens", "torch", "_hidden", "methodz"])
def test_an_unknown_name_is_an_attribute_error(name):
    assert not hasattr(vidense, name)
    with pytest.raises(AttributeError, match=f"module 'vidense' has no attribute '{name}'"):
        getattr(vidense, name)


def test_whoever_uses_the_library_finds_its_methods():
    assert callable(vidense.condense)
    assert {"random", "herding", "kcenter", "dm", "prism", "dfs"} <= set(METHODS)


def test_the_version_is_one():
    assert len(vidense.__version__.split(".")) == 3
