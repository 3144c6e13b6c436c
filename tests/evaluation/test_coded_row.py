"""The row of an evaluation whose clips a video codec stores."""

import pytest
import torch

from tests.small_net import linear
from vidense.condensed import save
from vidense.errors import UserError
from vidense.evaluation import evaluate_run
from vidense.parameterizations import SelectedClips
from vidense.report.findings import group_rows
from vidense.report.verdicts import sentences

__all__ = ["linear"]  # a fixture: pytest finds it by its name in this module


def test_a_codec_adds_its_row_to_every_selection(linear, store, tmp_path):
    chosen = torch.tensor([0, 4, 8])
    whole = SelectedClips(store.train.pixels(chosen), store.spec, store.class_names, store.train.labels[chosen])
    save(tmp_path, whole, dtype="uint8", provenance={})
    asked = {"models": (linear,), "seeds": 1, "epochs": 1, "baseline_seeds": 2, "ceiling": False}
    record = evaluate_run(tmp_path, store.path, codec="h264", **asked)
    (row,) = [row for row in record.rows if row["role"] == "random_coded"]
    assert row["videos"] >= 3 and row["top1"]["condensation_seeds"] == 2
    (table,) = group_rows([record.to_json()])
    assert "random coded, bytes of condensed" in [row.title for row in table.rows]
    assert any("equal bytes, stored by a video codec" in text for text in sentences(table))
    with pytest.raises(UserError, match="unknown codec 'mp3'"):
        evaluate_run(tmp_path, store.path, codec="mp3", **asked)
