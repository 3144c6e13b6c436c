"""The hierarchy of errors, and the help with unknown names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.errors import DivergenceError, UserError, VidenseError, suggest


def test_what_a_user_can_fix_is_told_apart():
    assert issubclass(UserError, VidenseError)
    assert issubclass(DivergenceError, UserError)
    assert not issubclass(VidenseError, UserError)


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("prsm", ["dm", "prism"], "; did you mean 'prism'?"),
        ("zzz", ["dm", "prism"], "; known: dm, prism"),
        ("zzz", {"prism": 1, "dm": 2}, "; known: dm, prism"),
        ("zzz", [], "; none is known"),
        ("", ["b", "a"], "; known: a, b"),
    ],
)
def test_suggest(name, known, expected):
    assert suggest(name, known) == expected


@given(st.text(min_size=1), st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_suggest_always_names_something_known(name, known):
    help_text = suggest(name, known)
    assert help_text.startswith("; ")
    assert any(repr(item) in help_text or item in help_text for item in known)


@given(st.lists(st.text(min_size=1), min_size=1, unique=True), st.data())
def test_a_known_name_suggests_itself(known, data):
    name = data.draw(st.sampled_from(known))
    assert suggest(name, iter(known)) == f"; did you mean {name!r}?"
