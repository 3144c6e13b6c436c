"""Flags, --set and a file become one set of settings."""

import pytest

from vidense.cli.options import gather
from vidense.config import Mistakes
from vidense.errors import UserError


def gathered(flags=None, assignments=None, config=None):
    mistakes = Mistakes()
    settings = gather(flags or {}, assignments, config, mistakes)
    mistakes.report()
    return settings


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "run.yaml"
        path.write_text(text)
        return path

    return write


def test_nothing_given_is_nothing_set():
    assert gathered({"vpc": None, "method": None}) == {"options": {}}


def test_flags_win(file):
    config = file("method: dm\nseed: 3\nscale: small\n")
    assert gathered({"seed": 0, "method": None}, None, config) == {
        "method": "dm",
        "seed": 0,
        "scale": "small",
        "options": {},
    }


@pytest.mark.parametrize(
    ("flags", "text", "size"),
    [
        ({"vpc": 2, "budget": None}, "budget: 5MB\n", {"vpc": 2}),
        ({"vpc": None, "budget": "1MB"}, "vpc: 3\n", {"budget": "1MB"}),
        ({"vpc": None, "budget": None}, "vpc: 3\n", {"vpc": 3}),
        # Both in one place contradict each other, and the engine says so.
        ({"vpc": 2, "budget": "1MB"}, "vpc: 3\n", {"vpc": 2, "budget": "1MB"}),
    ],
)
def test_a_size_by_flag_replaces_a_size_in_the_file(file, flags, text, size):
    assert gathered(flags, None, file(text)) == {**size, "options": {}}


def test_set_is_added_to_the_options_of_the_file(file):
    config = file("options: {lr: 1.0, momentum: 0.5}\n")
    found = gathered({}, ["lr=2", "network=minic3d_bn", "max_keys=null", "lr=3"], config)
    assert found["options"] == {"lr": 3, "momentum": 0.5, "network": "minic3d_bn", "max_keys": None}


@pytest.mark.parametrize("text", ["options: null\n", "", "# only a comment\n"])
def test_empty_options(file, text):
    assert gathered({}, ["lr=2"], file(text))["options"] == {"lr": 2}


def test_options_that_are_no_mapping_are_left_for_the_engine_to_refuse(file):
    assert gathered({}, ["lr=2"], file("options: 7\n"))["options"] == 7


def test_every_mistake_is_collected(tmp_path):
    with pytest.raises(UserError) as caught:
        gathered({}, ["one", "=two", "fine=1", "three"], tmp_path / "missing.yaml")
    for part in ("missing.yaml", "'one'", "'=two'", "'three'"):
        assert part in str(caught.value)
    assert "fine" not in str(caught.value)
