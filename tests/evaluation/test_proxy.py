"""A ranking by proxy: what it trains, what it says of agreement, what it refuses."""

import json

import pytest

from tests.evaluation.conftest import write_store
from tests.small_net import linear
from vidense.errors import UserError
from vidense.evaluation import measure
from vidense.evaluation.proxy import _agreement, rank_by_proxy
from vidense.records import write_json
from vidense.run_files import RECORD
from vidense.runlog import FORMAT, VERSION

__all__ = ["linear"]  # a fixture: pytest finds it by its name in this module


def row(condensed: float, whole: float) -> dict:
    return {"on": {"condensed": {"top1": condensed, "seconds": 2.0}, "whole": {"top1": whole, "seconds": 50.0}}}


def test_agreement_and_regret_by_hand():
    rows = [row(0.5, 0.7), row(0.6, 0.6), row(0.2, 0.3), row(0.3, 0.4)]
    found = _agreement(rows, "condensed")
    assert found["kendall"] == pytest.approx(4 / 6) and found["spearman"] == pytest.approx(0.8)
    assert found["regret"] == pytest.approx(0.1) and found["seconds"] == 8


def test_of_variants_that_are_first_together_any_may_be_chosen():
    for rows in ([row(0.4, 0.5), row(0.4, 0.8), row(0.3, 0.7)], [row(0.4, 0.8), row(0.4, 0.5), row(0.3, 0.7)]):
        assert _agreement(rows, "condensed")["regret"] == pytest.approx(0.15)


def test_every_variant_is_trained_on_all_three_sets_once(linear, store, dataset):
    told: list[str] = []
    run, models = dataset.path.parent, (linear, f"{linear}:dropout=0.5")
    found = rank_by_proxy(run, store.path, models=models, rates=(1.0, 10.0), progress=told.append)
    assert [variant["name"] for variant in found["variants"]] == [
        "test_linear, lr 0.01",
        "test_linear, lr 0.1",
        "test_linear:dropout=0.5, lr 0.01",
        "test_linear:dropout=0.5, lr 0.1",
    ]
    assert all(set(variant["on"]) == {"condensed", "random", "whole"} for variant in found["variants"])
    assert len({variant["spec_hash"] for variant in found["variants"]}) == 4 and len(told) == 12
    assert set(found["agreement"]) == {"condensed", "random"} and found["whole_seconds"] >= 0
    assert json.loads((run / "proxy.json").read_text()) == json.loads(json.dumps(found))
    assert found["condense_seconds"] is None


def test_what_condensing_took_is_told_preparation_included(linear, store, dataset):
    head = {"format": FORMAT, "version": VERSION, "status": "done", "settings": {}}
    write_json(dataset.path.parent / RECORD, {**head, "preparation": 2.5, "seconds": 40.0})
    found = rank_by_proxy(dataset.path.parent, store.path, models=(linear,), rates=(1.0, 2.0, 3.0))
    assert found["condense_seconds"] == 42.5


def test_finished_networks_are_not_trained_again(linear, store, dataset, monkeypatch):
    def ask():
        return rank_by_proxy(dataset.path.parent, store.path, models=(linear,), rates=(1.0, 2.0, 3.0))

    first = ask()
    monkeypatch.setattr(measure, "_train_and_test", lambda *_: pytest.fail("trained again"))
    assert ask() == first


def test_a_diverged_variant_ranks_last(linear, store, dataset):
    found = rank_by_proxy(dataset.path.parent, store.path, models=(linear,), rates=(1.0, 3.0, 1e38))
    assert found["variants"][2]["on"]["condensed"]["top1"] == 0


def test_too_little_to_rank_and_foreign_data_are_refused(linear, store, dataset, tmp_path):
    with pytest.raises(UserError, match="rank nothing"):
        rank_by_proxy(dataset.path.parent, store.path, models=(linear,), rates=(1.0, 2.0))
    other = write_store(tmp_path / "other", size=47)
    with pytest.raises(UserError, match="evaluate on the store it was condensed from"):
        rank_by_proxy(dataset.path.parent, other.path, models=(linear,))
