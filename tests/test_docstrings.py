"""Docstrings as the source of help texts: what is read, and what is left alone."""

import inspect
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense import condense  # noqa: F401 - registers the methods
from vidense.docstrings import description, entries
from vidense.method import METHODS

names = st.text("abcdefgh_", min_size=1, max_size=6)
words = st.text(string.ascii_letters + ".,()[]`=%", min_size=1, max_size=8)
texts = st.lists(st.lists(words, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=3)


def written(help_texts: dict[str, list[str]], section: str) -> str:
    """Write a docstring as a person would, each text over several lines."""
    lines = ["Do something.", "", f"{section}:"]
    for name, (first, *rest) in help_texts.items():
        lines += [f"    {name}: {first}", *(f"        {line}" for line in rest)]
    return "\n".join([*lines, "", "Returns:", "    never: an entry of another section."])


@given(st.dictionaries(names, texts, max_size=4), st.sampled_from(["Args", "Attributes"]))
def test_what_is_written_is_read(help_texts, section):
    text = written(help_texts, section)
    assert entries(text, section) == {name: " ".join(lines) for name, lines in help_texts.items()}
    assert description(text) == "Do something."


@pytest.mark.parametrize("text", ["", "One line.", "Args", "Args: not a section", "    Args:\n        x: indented."])
def test_no_section_no_entries(text):
    assert entries(text, "Args") == {} and description(text) == text.strip()


def test_an_entry_may_hold_colons_and_blank_lines():
    text = "Do.\n\nArgs:\n    a: one of: x, y.\n\n        Second paragraph: too.\n    b: two."
    assert entries(text, "Args") == {"a": "one of: x, y. Second paragraph: too.", "b": "two."}


def test_sections_do_not_mix_whatever_their_order():
    text = "Do.\n\nRaises:\n    KeyError: no.\n\nArgs:\n    a: one.\n\nYields:\n    b: two."
    assert entries(text, "Args") == {"a": "one."}
    assert entries(text, "Raises") == {"KeyError": "no."} and entries(text, "Yields") == {"b": "two."}


def test_a_word_at_the_start_of_a_line_of_prose_is_no_section():
    text = "Do.\n\nReturns: of the market are not meant.\n\nArgs:\n    a: one."
    assert description(text).endswith("are not meant.") and entries(text, "Args") == {"a": "one."}


def test_text_before_the_first_entry_belongs_to_none():
    assert entries("Do.\n\nArgs:\n        floating.\n    a: one.", "Args") == {"a": "one."}


@pytest.mark.parametrize("name", sorted(METHODS))
def test_pages_of_methods_have_no_section_in_their_prose(name):
    text = inspect.getdoc(METHODS.get(name).build)
    assert description(text).startswith(METHODS.get(name).summary)
    assert not [word for word in ("Args:", "Returns:", "Raises:") if word in description(text)]
