"""Randomness depends on the seed and on names, and on nothing else."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.seeding import derive, generator, seeded

KEYS = st.lists(st.integers(0, 10**6) | st.text("abcdef", min_size=1), max_size=4)


@given(st.integers(0, 2**63), KEYS)
def test_derived_seeds_fit_torch(seed, keys):
    assert 0 <= derive(seed, *keys) < 2**63
    assert derive(seed, *keys) == derive(seed, *keys)


def test_derived_seeds_never_change():
    # Written out: a change here would change every result of every seed.
    assert derive(0) == 7520536977032167579
    assert derive(0, "step", 311, "class", 4) == 2393764397140240075


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((0,), (1,)),
        ((0, "a"), (0, "b")),
        ((0, "a", "b"), (0, "b", "a")),
        ((0, "step", 1, 2), (0, "step", 12)),
        ((1, "x"), (0, 1, "x")),
        ((0, "a/b"), (0, "a", "b")),
        ((0, "1"), (0, 1)),
    ],
)
def test_other_keys_give_other_seeds(a, b):
    assert derive(*a) != derive(*b)


def test_draws_depend_on_names_and_not_on_what_was_drawn_before():
    first = torch.randn(4, generator=generator(0, "step", 3))
    torch.randn(100, generator=generator(0, "step", 2))
    torch.randn(100)
    assert torch.equal(first, torch.randn(4, generator=generator(0, "step", 3)))
    assert not torch.equal(first, torch.randn(4, generator=generator(0, "step", 4)))


def test_generators_are_on_the_cpu_and_apart_from_the_global_one():
    before = torch.get_rng_state()
    draw = generator(0, "x")
    torch.randn(3, generator=draw)
    assert draw.device.type == "cpu"
    assert torch.equal(torch.get_rng_state(), before)


def test_seeded_seeds_the_global_generator_inside_and_restores_it_after():
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    with seeded(0, "network"):
        inside = torch.randn(3)
    assert torch.equal(torch.randn(3), expected)
    with seeded(0, "network"):
        assert torch.equal(torch.randn(3), inside)


def test_seeded_restores_the_generator_after_an_error():
    before = torch.get_rng_state()
    with pytest.raises(KeyError), seeded(0, "x"):
        torch.randn(3)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), before)


def test_seeded_scopes_nest():
    with seeded(0, "outer"):
        expected = torch.randn(2)
    with seeded(0, "outer"):
        with seeded(0, "inner"):
            torch.randn(7)
        assert torch.equal(torch.randn(2), expected)


def test_another_process_derives_the_same():
    # Python salts the hashes of strings by process; ours must not depend on that.
    code = "from vidense.seeding import derive; print(derive(3, 'class', 4))"
    path = {"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    assert int(done.stdout) == derive(3, "class", 4)
