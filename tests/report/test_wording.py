import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.printable import printable
from vidense.report.wording import EMPTY, interval_text, percent, points, spread


@pytest.mark.parametrize(("share", "text"), [(0.4123, "41.2"), (0.0, "0.0"), (1.0, "100.0"), (None, EMPTY)])
def test_shares_in_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("difference", "text"), [(0.123, "+12.3"), (-0.05, "\N{MINUS SIGN}5.0"), (0.0, "+0.0"), (1.0, "+100.0")]
)
def test_differences_carry_a_sign(difference, text):
    assert points(difference) == text


def test_intervals():
    assert interval_text((0.25, 0.5)) == "25.0 to 50.0"
    assert interval_text((-0.1, 0.5)) == "\N{MINUS SIGN}10.0 to 50.0"
    assert interval_text(None) == EMPTY


def test_spreads():
    summary = {"std_networks": {"ddof0": 0.1, "ddof1": 0.12}, "std_condensation": {"ddof0": 0.0, "ddof1": None}}
    assert spread(summary, "std_networks") == "12.0"
    assert spread(summary, "std_condensation") == spread(None, "std_networks") == EMPTY


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Jump \N{SNOWMAN}", "Jump \N{SNOWMAN}"),
        ("a\x1b[2Jb\n", "a\\x1b[2Jb\\n"),
        ("\u202e\ud800", "\\u202e\\ud800"),
        ("", ""),
    ],
)
def test_names_cannot_steer_a_terminal(name, text):
    assert printable(name) == text


@given(st.text())
def test_what_is_printable_stays_and_the_rest_becomes_so(name):
    shown = printable(name)
    assert shown.isprintable() and shown.encode("utf-8").decode("utf-8") == printable(shown)
