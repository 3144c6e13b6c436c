"""The worked example of CONTRIBUTING.md runs as it stands."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from tests.tiny import write_store
from vidense import condense
from vidense.method import METHODS

PAGE = Path(__file__).resolve().parent.parent / "CONTRIBUTING.md"


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Import the page's one Python block as a module, as a reader who saved it would."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "mean_clip_example.py").write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("mean_clip_example")
    sys.modules.pop("mean_clip_example")
    METHODS._items.pop("mean_clip")


def test_the_worked_example_condenses(example: ModuleType, tmp_path):
    store = write_store(tmp_path / "store")
    dataset = condense(store.path, tmp_path / "run", method="mean_clip", iterations=200)
    clips = dataset.decode(torch.arange(3))
    for label in range(3):
        mean = store.train.decode(store.train.members(label)).mean(0)
        assert (clips[label] - mean).abs().mean() < 0.05
    assert example.mean_clip.__doc__.startswith("Match the mean clip")
