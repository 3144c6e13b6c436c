"""Format hf: the table, the card, and that nothing a stranger wrote gets out of its quotes."""

import csv
import json
import re

import pytest
import yaml

from vidense.export.hf import SIZES

HOSTILE = ["```\n# Mine\n---\nlicense: mit\n---", "{{ 7 * 7 }}", "<script>alert(1)</script>\u2028=HYPERLINK()"]


def card(found) -> tuple[dict, str]:
    """Return the header and the text of the card."""
    _, header, text = (found.folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(header), text


def table(found) -> list[dict[str, str]]:
    with (found.folder / "train" / "metadata.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_table_names_every_file_beside_it_and_its_label(exported):
    found = exported("hf")
    rows = table(found)
    assert [set(row) for row in rows] == [{"file_name", "label"}] * 3
    assert [row["label"] for row in rows] == ["0", "1", "2"]
    assert [found.folder / "train" / row["file_name"] for row in rows] == found.files


def test_soft_labels_are_a_json_list_in_the_table_and_said_in_the_card(exported):
    found = exported("hf", "dense")
    assert [json.loads(row["soft_labels"]) for row in table(found)] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert "`soft_labels` is a JSON list" in card(found)[1]
    assert "soft_labels" not in card(exported("hf"))[1]


def test_the_header_says_what_it_is_and_leaves_the_licence_open(exported):
    header, text = card(exported("hf"))
    assert header["task_categories"] == ["video-classification"] and header["size_categories"] == ["n<1K"]
    assert "video" in header["tags"] and "license" not in header
    assert "**Licence: not filled in.**" in text


def test_the_card_says_how_it_was_made_and_how_to_normalise(exported):
    found = exported("hf")
    _, text = card(found)
    names, origin = (json.loads(block) for block in blocks(text, "json"))
    assert names == list(found.dataset.class_names) and origin == found.said["origin"]
    assert str(list(found.dataset.spec.mean)) in text and str(list(found.dataset.spec.std)) in text
    assert "3 videos of 3 classes, each of 4 frames of 6x5 pixels" in text


def test_the_code_of_the_card_is_python_and_names_a_file_that_is_there(exported):
    found = exported("hf")
    (code,) = blocks(card(found)[1], "python")
    compile(code, "card", "exec")
    (path,) = re.findall(r'open\("path/to/this/folder/([^"]+)"', code)
    assert json.loads((found.folder / path).read_text())["class_names"] == list(found.dataset.class_names)


def test_only_stochastic_videos_are_said_to_be(exported):
    assert "differently at every draw" in card(exported("hf", "memories"))[1]
    assert "differently at every draw" not in card(exported("hf"))[1]


def test_what_a_stranger_wrote_stays_in_its_quotes(exported):
    method = {"name": HOSTILE[0], "paper": HOSTILE[1]}
    found = exported("hf", class_names=HOSTILE, method=method)
    header, text = card(found)
    assert "license" not in header
    names, origin = (json.loads(block) for block in blocks(text, "json"))
    assert names == HOSTILE and origin["method"] == method
    outside = re.sub(r"^```\w+\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not any(word in outside for word in ("Mine", "7 * 7", "49", "script", "HYPERLINK"))
    assert [re.fullmatch(r"\d{5}-[\w-]+/\d{5}\.mp4", row["file_name"]) is not None for row in table(found)] == [
        True
    ] * 3


def test_sizes_are_those_of_the_hub():
    assert [most for most, _ in SIZES] == [1000, 10_000, 100_000, 1_000_000]


@pytest.mark.parametrize("name", ["NA", "null", "None"])
def test_labels_are_digits_whatever_readers_of_tables_make_of_names(exported, name):
    assert [row["label"] for row in table(exported("hf", class_names=[name, "b", "c"]))] == ["0", "1", "2"]
