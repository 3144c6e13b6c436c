"""An evaluation that is interrupted anywhere ends, in the end, with the very same record."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.small_net import linear
from vidense.condensed import CondensedDataset
from vidense.data.store import ClipStore
from vidense.errors import UserError
from vidense.evaluation import EvaluationRecord, evaluate_run
from vidense.evaluation import measure as measure_module
from vidense.report.findings import group_rows
from vidense.report.verdicts import sentences
from vidense.trained_networks import Training

from .conftest import write_dataset

__all__ = ["linear"]
JOBS = 2 + 2 * 2 + 2 * 2 + 2  # the method, two baselines of two selections, the ceiling, each with two networks


class Fits:
    """Counts trainings and interrupts before one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done, self.stop = 0, -1
        for owner, name in ((measure_module, "fit"), (Training, "network")):
            monkeypatch.setattr(owner, name, self._counting(getattr(owner, name)))

    def _counting(self, original: Any) -> Any:
        def count(*args: Any, **kwargs: Any) -> Any:
            if self.done == self.stop:
                raise KeyboardInterrupt
            self.done += 1
            return original(*args, **kwargs)

        return count


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Fits:
    return Fits(monkeypatch)


def call(dataset: CondensedDataset, store: ClipStore, model: str, **options: Any) -> dict[str, Any]:
    chosen = {"seeds": 2, "baseline_seeds": 2, "epochs": 2} | options
    return evaluate_run(dataset.path.parent, store.path, models=(model,), **chosen).to_json()


def timeless(record: Any) -> Any:
    """Return a record without the seconds that were measured."""
    if isinstance(record, dict):
        return {name: timeless(value) for name, value in record.items() if name != "seconds"}
    return [timeless(value) for value in record] if isinstance(record, (list, tuple)) else record


def forget(dataset: CondensedDataset, store: ClipStore) -> None:
    shutil.rmtree(store.cache, ignore_errors=True)
    (dataset.path.parent / "evaluation.json").unlink(missing_ok=True)


def test_interrupted_before_any_job_and_called_again(
    store: ClipStore, dataset: CondensedDataset, linear: str, fits: Fits
) -> None:
    whole = timeless(call(dataset, store, linear))
    assert fits.done == JOBS
    for stop in range(JOBS):
        forget(dataset, store)
        fits.done, fits.stop = 0, stop
        with pytest.raises(KeyboardInterrupt):
            call(dataset, store, linear)
        # Nothing half done is taken for an evaluation.
        assert not (dataset.path.parent / "evaluation.json").exists()
        fits.done, fits.stop = 0, -1
        assert timeless(call(dataset, store, linear)) == whole
        assert fits.done == JOBS - stop


@pytest.mark.parametrize("damage", ["", "{", "null", '{"identity": {}}', "\0\0"])
def test_damaged_jobs_are_done_again_and_nothing_else_is(
    store: ClipStore, dataset: CondensedDataset, linear: str, fits: Fits, damage: str
) -> None:
    whole = timeless(call(dataset, store, linear))
    jobs = sorted((store.cache / "jobs").glob("*.json"))
    jobs[0].write_text(damage)
    fits.done = 0
    assert timeless(call(dataset, store, linear)) == whole
    assert fits.done == 1


def test_results_that_came_with_a_run_are_not_believed(
    store: ClipStore, dataset: CondensedDataset, linear: str, fits: Fits, tmp_path: Path
) -> None:
    whole = timeless(call(dataset, store, linear))
    (store.cache / "jobs").rename(dataset.path.parent / "jobs")
    fits.done = 0
    assert timeless(call(dataset, store, linear)) == whole
    assert fits.done == JOBS


def test_more_seeds_and_selections_continue_from_fewer(
    store: ClipStore, dataset: CondensedDataset, linear: str, fits: Fits
) -> None:
    few = call(dataset, store, linear, seeds=1, baseline_seeds=1)
    assert fits.done == 4
    more = call(dataset, store, linear)
    assert fits.done == JOBS
    for before, after in zip(few["rows"], more["rows"], strict=True):
        assert timeless(before["results"][0]) in timeless(after["results"])


@pytest.mark.parametrize(("own", "selected"), [(1, {0, 1, 2}), (8, {0, 1, 2, 8})])
def test_the_selection_of_the_own_seed_is_among_those_of_its_own_accord(
    store: ClipStore, linear: str, own: int, selected: set[int], tmp_path: Path
) -> None:
    dataset = write_dataset(tmp_path / "run" / "dataset", store, seed=own)
    found = call(dataset, store, linear, seeds=1, epochs=1, baseline_seeds=None, ceiling=False)
    seeds = [{result["condensation_seed"] for result in row["results"]} for row in found["rows"]]
    assert seeds == [{own}, selected, selected]


def test_named_selections_are_those_seeds(store: ClipStore, dataset: CondensedDataset, linear: str, fits: Fits) -> None:
    named = call(dataset, store, linear, baseline_seeds=[1, 7], ceiling=False)
    seeds = [{result["condensation_seed"] for result in row["results"]} for row in named["rows"]]
    assert seeds == [{1}, {1, 7}, {1, 7}]
    fits.done = 0
    call(dataset, store, linear, ceiling=False)
    # Of the selections 0 and 1, the second is known.
    assert fits.done == 2 * 2


def test_random_rows_and_the_ceiling_are_shared_by_runs_on_one_store(
    store: ClipStore, dataset: CondensedDataset, tmp_path: Path, linear: str, fits: Fits
) -> None:
    first = call(dataset, store, linear)
    fits.done = 0
    other = write_dataset(tmp_path / "second" / "dataset", store, key_frames=3)
    second = call(other, store, linear)
    # The method, and real clips at the bytes of this dataset.
    assert fits.done == 2 + 4
    roles = {row["role"]: timeless(row) for row in first["rows"]}
    again = {row["role"]: timeless(row) for row in second["rows"]}
    assert roles["random_equal_vpc"] == again["random_equal_vpc"]
    assert roles["ceiling"] == again["ceiling"]
    assert roles["random_equal_bytes"]["frames"] == 6 and again["random_equal_bytes"]["frames"] == 9


@pytest.mark.parametrize("change", [{"epochs": 3}, {"protocol": "published"}])
def test_another_specification_shares_no_result(
    store: ClipStore, dataset: CondensedDataset, linear: str, fits: Fits, change: dict[str, Any]
) -> None:
    first = call(dataset, store, linear)
    fits.done = 0
    second = call(dataset, store, linear, **change)
    assert fits.done == JOBS
    assert not set(first["specs"]) & set(second["specs"])


def test_another_dataset_in_the_same_folder_is_not_taken_for_the_first(
    store: ClipStore, dataset: CondensedDataset, linear: str, fits: Fits
) -> None:
    before = call(dataset, store, linear, ceiling=False)
    write_dataset(dataset.path, store, key_frames=4)
    fits.done = 0
    after = call(dataset, store, linear, ceiling=False)
    assert fits.done == 2 + 4
    assert after["dataset"]["content_hash"] != before["dataset"]["content_hash"]


def test_the_record_describes_what_was_evaluated(
    store: ClipStore, dataset: CondensedDataset, linear: str, caplog: pytest.LogCaptureFixture
) -> None:
    record = call(dataset, store, linear)
    assert record["dataset"]["condensed_from_this_store"] is True
    assert not caplog.text
    assert "does not say" not in str(sentences(group_rows([record])[0]))
    assert record["dataset"]["settings"] == {"seed": 1, "data": store.content_hash}
    assert record["dataset"]["storage"]["bytes"] == dataset.storage.bytes
    assert (record["store"]["train_videos"], record["store"]["test_videos"]) == (12, 6)
    assert json.loads((dataset.path.parent / "evaluation.json").read_text()) == json.loads(json.dumps(record))
    for row in record["rows"]:
        assert row["top1"]["mean"] == pytest.approx(
            sum(result["top1"] for result in row["results"]) / len(row["results"])
        )
        seeds = {"method": 1, "ceiling": 1}.get(row["role"], 2)
        assert row["top1"]["condensation_seeds"] == seeds
        assert EvaluationRecord.read(dataset.path.parent).specs[row["spec_hash"]]["model"] == linear


@pytest.mark.parametrize(
    ("garbled", "message"),
    [
        ({"settings": "seed=1"}, "field 'settings'"),
        ({"settings": {"seed": "one"}}, "field 'settings.seed'"),
        ({"settings": None}, "field 'settings'"),
        ({"settings": {"options": 5}}, "field 'settings.options'"),
        ({"settings": {"scale": 7}}, "field 'settings.scale'"),
        ({"settings": {"data": ["x"]}}, "field 'settings.data'"),
        ({"method": ["prism"]}, "field 'method'"),
        ({"method": {"name": 7}}, "field 'method.name'"),
        ({"store_dtype": "int3"}, "field 'store_dtype'"),
        ({"versions": 1}, "field 'versions'"),
    ],
)
def test_garbled_settings_are_refused_before_anything_is_trained(
    store: ClipStore, dataset: CondensedDataset, fits: Fits, linear: str, garbled: dict[str, Any], message: str
) -> None:
    file = dataset.path / "condensed.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | garbled))
    with pytest.raises(UserError, match=message):
        call(dataset, store, linear)
    assert fits.done == 0


def test_a_dataset_without_method_and_settings_has_default_names(
    store: ClipStore, dataset: CondensedDataset, linear: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = dataset.path / "condensed.json"
    index = json.loads(file.read_text())
    file.write_text(json.dumps({name: value for name, value in index.items() if name not in ("method", "settings")}))
    record = call(dataset, store, linear, ceiling=False)
    assert record["rows"][0]["name"] == "condensed"
    assert {result["condensation_seed"] for result in record["rows"][0]["results"]} == {0}
    assert record["dataset"]["condensed_from_this_store"] is False
    assert "does not say that it was condensed from" in caplog.text
    (table,) = group_rows([record])
    assert sentences(table)[0].startswith("condensed does not say that it was condensed from this store: test videos")


def test_the_ceiling_uses_the_cache_of_networks(
    store: ClipStore, dataset: CondensedDataset, linear: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = call(dataset, store, linear)
    shutil.rmtree(store.cache / "jobs")
    monkeypatch.setattr("vidense.trained_networks.fit", None)
    again = call(dataset, store, linear)
    assert timeless(again["rows"][-1]) == timeless(record["rows"][-1])
