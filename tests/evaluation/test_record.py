"""``evaluation.json``: rows by hand, and files that are damaged."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.evaluation import EvaluationRecord
from vidense.evaluation.record import accuracies, make_row
from vidense.evaluation.spec import eval_spec

SPEC = ClipSpec(8, 64, 64)
EVAL = eval_spec("clean", "minic3d")


def result(seed: int, net: int, top1: float | None) -> dict[str, Any]:
    scores = {} if top1 is None else {"top1": top1}
    return {"condensation_seed": seed, "net_seed": net, "diverged": top1 is None, **scores}


def record() -> EvaluationRecord:
    row = make_row("method", "prism", EVAL, SPEC, [result(0, 0, 0.5)], 6, 12.0)
    return EvaluationRecord({EVAL.hash: EVAL.to_json()}, {"content_hash": "s"}, {"content_hash": "d"}, [row])


def test_a_row_by_hand() -> None:
    results = [result(0, 0, 0.2), result(0, 1, 0.4), result(1, 0, 0.5), result(1, 1, 0.7)]
    row = make_row("random_equal_vpc", "random", EVAL, SPEC, results, 6, 12.0)
    assert (row["model"], row["protocol"], row["labels"]) == ("minic3d", "clean", "hard")
    assert row["spec_hash"] == EVAL.hash
    # 12 frames of 3 * 64 * 64 numbers of 4 bytes.
    assert row["float32_mib"] == round(12 * 12288 * 4 / 2**20, 4) == 0.5625
    assert row["top1"]["mean"] == pytest.approx(0.45)
    assert (row["top1"]["condensation_seeds"], row["top1"]["networks"]) == (2, 2)
    assert row["diverged"] == 0
    json.dumps(row, allow_nan=False)


@pytest.mark.parametrize("diverged", [1, 2, 3])
def test_one_diverged_network_leaves_no_mean(diverged: int) -> None:
    results = [result(seed, 0, None if seed < diverged else 0.5) for seed in range(3)]
    row = make_row("method", "dm", EVAL, SPEC, results, 6, 12.0)
    assert (row["diverged"], row["top1"]) == (diverged, None)
    assert accuracies(results) == {seed: {0: 0.5} for seed in range(diverged, 3)}


def test_no_results_have_no_mean() -> None:
    assert make_row("method", "dm", EVAL, SPEC, [], 0, 0)["top1"] is None


def test_a_record_is_read_as_it_was_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = record().write(tmp_path)
    assert file.name == "evaluation.json"
    assert EvaluationRecord.read(tmp_path).to_json() == json.loads(file.read_text())
    # A second one replaces the first, and says so where it is another.
    record().write(tmp_path)
    assert not caplog.text
    replace(record(), asked={"seeds": 5}).write(tmp_path)
    assert "held an evaluation with other arguments" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["evaluation.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "x"}, "is no vidense-evaluation file"),
        ({"version": 2}, "is of version 2, this vidense reads version 1"),
        ({"specs": None}, "field 'specs': Input should be a valid dictionary"),
        ({"specs": {"h": 1}}, "field 'specs.h'"),
        ({"store": []}, "field 'store'"),
        ({"dataset": "d"}, "field 'dataset'"),
        ({"rows": 5}, "field 'rows'"),
        ({"rows": [5]}, "field 'rows.0'"),
    ],
)
def test_damaged_records_name_their_field(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    value = {**record().to_json(), **change}
    (tmp_path / "evaluation.json").write_text(json.dumps(value))
    with pytest.raises(UserError, match=message) as caught:
        EvaluationRecord.read(tmp_path)
    assert "evaluate the run again" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["specs", "store", "dataset", "rows"])
def test_records_that_lack_a_field_name_it(tmp_path: Path, name: str) -> None:
    value = record().to_json()
    del value[name]
    (tmp_path / "evaluation.json").write_text(json.dumps(value))
    with pytest.raises(UserError, match=f"field '{name}'"):
        EvaluationRecord.read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"'])
def test_files_that_are_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "evaluation.json").write_text(text)
    with pytest.raises(UserError, match=r"evaluation\.json"):
        EvaluationRecord.read(tmp_path)


def test_a_missing_record(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        EvaluationRecord.read(tmp_path)


def test_numbers_that_json_has_not_are_never_written(tmp_path: Path) -> None:
    bad = EvaluationRecord({}, {"loss": float("nan")}, {}, [])
    with pytest.raises(ValueError, match="not JSON compliant"):
        bad.write(tmp_path)
    assert list(tmp_path.iterdir()) == []
