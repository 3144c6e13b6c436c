"""The whole of an evaluation: rows, resuming, divergence, mistakes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from vidense.condensed import CondensedDataset
from vidense.data.store import ClipStore
from vidense.errors import UserError
from vidense.evaluation import EvaluationRecord, evaluate_run
from vidense.evaluation import measure as measure_module
from vidense.evaluation.bench import Bench
from vidense.evaluation.measure import TrainSet, evaluate
from vidense.evaluation.spec import eval_spec
from vidense.nets import build_network
from vidense.trained_networks import HOLD_OUT
from vidense.training import fit, predict

from .conftest import write_dataset, write_store

CPU = torch.device("cpu")


def run_folder(dataset: CondensedDataset) -> Path:
    return dataset.path.parent


def test_rows_of_a_run_and_resuming(store: ClipStore, dataset: CondensedDataset, monkeypatch: Any) -> None:
    folder = run_folder(dataset)
    lines: list[str] = []
    record = evaluate_run(folder, store.path, seeds=2, baseline_seeds=2, epochs=1, progress=lines.append)
    roles = [(row["role"], row["videos"], row["frames"], len(row["results"])) for row in record.rows]
    assert roles == [
        ("method", 3, 6, 2),
        ("random_equal_vpc", 3, 24, 4),
        ("random_equal_bytes", 3, 6, 4),
        ("ceiling", 6, 48, 2),
    ]
    assert len(lines) == 12 and lines[2].startswith("random at equal videos: minic3d, 3 videos")
    method = record.rows[0]
    assert method["name"] == "toy"
    assert method["top1"]["networks"] == 2
    assert [result["condensation_seed"] for result in method["results"]] == [1, 1]
    assert len(list((store.cache / "jobs").glob("*.json"))) == 12
    assert EvaluationRecord.read(folder).to_json() == json.loads(json.dumps(record.to_json()))
    assert {row["spec_hash"] for row in record.rows} == set(record.specs)

    # Everything is known now: no network is trained again, and the file comes out the same.
    before = (folder / "evaluation.json").read_bytes()
    monkeypatch.setattr(measure_module, "fit", None)
    evaluate_run(folder, store.path, seeds=2, baseline_seeds=2, epochs=1)
    assert (folder / "evaluation.json").read_bytes() == before


def test_a_job_is_what_training_and_testing_by_hand_give(store: ClipStore, dataset: CondensedDataset) -> None:
    spec = eval_spec("clean", "minic3d", epochs=2)
    bench = Bench(store, spec, CPU)
    (result,) = evaluate(TrainSet(dataset, "c", 1, 6), bench, [4])
    network = build_network("minic3d", store.spec, 3, seed=4).place(CPU)
    validation = store.train.hold_out(HOLD_OUT.share, HOLD_OUT.seed)[1]
    record = fit(network, dataset, spec.recipe, 4, validation=[validation], keep_best=True)
    right = predict(network, store.test, spec.recipe).argmax(1) == store.test.labels
    assert result["top1"] == pytest.approx(right.float().mean().item())
    assert result["fit"]["selected_step"] == record.selected_step
    assert result["top5"] is None


def test_published_pools_three_windows_and_reports_best_on_test_apart(
    store: ClipStore, dataset: CondensedDataset
) -> None:
    spec = eval_spec("published", "minic3d", epochs=2)
    (result,) = evaluate(TrainSet(dataset, "c", 1, 6), Bench(store, spec, CPU), [0])
    assert result["answers"] == 3 * 6
    assert result["fit"]["selected_step"] == 3
    assert result["legacy_best_on_test"] == max(value for _, value in result["fit"]["checks"])
    assert result["top1"] <= result["legacy_best_on_test"]
    assert result["top1"] == pytest.approx(result["fit"]["checks"][-1][1])


def test_divergence_is_reported_and_never_scored(store: ClipStore, dataset: CondensedDataset, monkeypatch: Any) -> None:
    real = eval_spec

    def wild(*args: Any, **kwargs: Any) -> Any:
        spec = real(*args, **kwargs)
        return replace(spec, recipe=replace(spec.recipe, lr=1e8, clip_norm=None, warmup=0.0, steps=20))

    monkeypatch.setattr("vidense.evaluation.run.eval_spec", wild)
    record = evaluate_run(run_folder(dataset), store.path, seeds=1, baseline_seeds=1)
    for row in record.rows:
        assert row["diverged"] == 1
        assert row["top1"] is None
        assert "top1" not in row["results"][0]
        assert isinstance(row["results"][0]["fit"]["diverged_at"], int)


def test_several_networks_have_specs_of_their_own(store: ClipStore, dataset: CondensedDataset) -> None:
    record = evaluate_run(
        run_folder(dataset),
        store.path,
        models=("minic3d", "minic3d_bn"),
        seeds=1,
        baseline_seeds=1,
        epochs=1,
        ceiling=False,
    )
    assert [row["model"] for row in record.rows] == ["minic3d"] * 3 + ["minic3d_bn"] * 3
    assert len(record.specs) == 2


def test_validation_never_shares_a_group_with_training(store: ClipStore) -> None:
    training, validation = HOLD_OUT.split(store.train)
    assert len(validation)
    assert not set(training.groups) & set(validation.groups)
    assert len(training) + len(validation) == len(store.train)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": ("minic3",)}, "unknown network 'minic3'; did you mean 'minic3d'"),
        ({"protocol": "cleen"}, "unknown protocol 'cleen'"),
        ({"seeds": 0}, "seeds=0"),
        ({"baseline_seeds": 0}, "baseline_seeds=0"),
        ({"models": ()}, "models=0"),
        ({"device": "tpu9"}, "device 'tpu9'"),
    ],
)
def test_mistakes_are_named(store: ClipStore, dataset: CondensedDataset, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        evaluate_run(run_folder(dataset), store.path, **options)


def test_folders_that_are_no_run_are_refused(store: ClipStore, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no condensed dataset"):
        evaluate_run(tmp_path / "nothing", store.path)


def test_other_stores_are_refused(dataset: CondensedDataset, tmp_path: Path) -> None:
    larger = write_store(tmp_path / "larger", size=64)
    with pytest.raises(UserError, match=r"holds clips of \[8, 3, 43, 43\]"):
        evaluate_run(run_folder(dataset), larger.path)


def test_clips_that_a_network_cannot_take_are_refused(tmp_path: Path) -> None:
    small = write_store(tmp_path / "small", size=24)
    write_dataset(tmp_path / "run" / "dataset", small)
    with pytest.raises(UserError, match="height=24 does not fit minic3d"):
        evaluate_run(tmp_path / "run", small.path)


def test_published_wants_three_windows_and_all_want_test_videos(tmp_path: Path) -> None:
    single = write_store(tmp_path / "single", windows=1)
    write_dataset(tmp_path / "run" / "dataset", single)
    with pytest.raises(UserError, match="--clips 3"):
        evaluate_run(tmp_path / "run", single.path, protocol="published")
    untested = write_store(tmp_path / "untested", test=0)
    write_dataset(tmp_path / "other" / "dataset", untested)
    with pytest.raises(UserError, match="no test videos"):
        evaluate_run(tmp_path / "other", untested.path)


def test_records_of_another_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text("{}")
    with pytest.raises(UserError, match="evaluate the run again"):
        EvaluationRecord.read(tmp_path)
