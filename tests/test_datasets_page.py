"""What docs/datasets.md says about layouts is what they do."""

import re
from pathlib import Path

import pytest

from vidense.data.layouts import LAYOUTS, hmdb51, ssv2, ucf101
from vidense.segmentation.stock import SALADS, SALADS_SPLITS

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "datasets.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TEXT.splitlines() if line.startswith("| `")]
UCF = {name: counts for (name, split), counts in ucf101._EXPECTED.items() if split == 1}
EXPECTED = {**UCF, **hmdb51._EXPECTED, "ssv2": ssv2._EXPECTED}


def number(text: str) -> int:
    return int(text.removeprefix("about ").replace(",", ""))


def test_every_layout_is_described():
    assert {name for name in LAYOUTS if f"`{name}`" not in TEXT} == set()


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_table_agrees_with_the_layouts_and_with_itself(row):
    name = row[0].strip("`")
    train, test, clips, frames, side = map(number, row[1:6])
    assert name in LAYOUTS and EXPECTED.get(name, (train, test)) == (train, test)
    assert row[6] == f"{(train + test) * clips * frames * 3 * side**2 / 1e9:.1f} GB"


@pytest.mark.parametrize("split", [2, 3])
def test_the_other_splits_of_ucf101_are_counted(split):
    train, test = ucf101._EXPECTED["ucf101", split]
    assert f"{train:,} and {test:,}" in TEXT and train + test == sum(ucf101._EXPECTED["ucf101", 1])


def test_50salads_is_as_large_as_a_folder_of_it_is_compared_with():
    (sizes,) = set(SALADS_SPLITS.values())
    assert (
        f"{sum(sizes)} videos, {len(SALADS_SPLITS)} splits of {sizes[0]} for training and {sizes[1]} for testing, "
        f"{len(SALADS)} classes, start and end included"
    ) in TEXT


def test_commands_name_layouts():
    commands = re.findall(r"`vidense prepare (.*?)`", TEXT)
    named = [re.search(r"--layout (\w+)", command) for command in commands]
    assert len(commands) == 6 and all(match[1] in LAYOUTS for match in named if match)
