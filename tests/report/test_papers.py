import json

import pytest

from tests.report.test_page import ROWS
from vidense.errors import UserError
from vidense.report import write_for_papers


def test_every_table_and_figure_is_a_file(make_run, tmp_path):
    run = make_run("prism-0", ROWS)
    (run / "log.jsonl").write_text(
        json.dumps({"step": 0, "loss": 1.0}) + "\n" + json.dumps({"step": 1, "loss": 0.5}) + "\n"
    )
    written = write_for_papers([run, make_run("dm-0", ROWS, method="dm")], tmp_path / "paper")

    names = {file.name for file in written}
    assert names == {file.name for file in (tmp_path / "paper").iterdir()}
    assert {
        "storage.csv",
        "storage.tex",
        "storage.md",
        "accuracy-da7a-5bec.tex",
        "bytes-da7a-5bec.svg",
        "bytes-da7a-5bec.png",
    } <= names
    assert {"loss-00000-prism-0.svg", "loss-00000-prism-0.png"} <= names


def test_names_of_runs_lead_nowhere(make_run, tmp_path):
    make_run("a", ROWS, method="../../b")
    written = write_for_papers([tmp_path / "a"], tmp_path / "paper")

    assert all(file.parent == tmp_path / "paper" for file in written)


def test_a_folder_that_is_no_run_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UserError, match="is no run"):
        write_for_papers([tmp_path], tmp_path / "paper")
    assert not (tmp_path / "paper").exists()


def test_tables_of_different_stores_do_not_replace_each_other(make_run, tmp_path):
    runs = [make_run("a", ROWS), make_run("b", ROWS)]
    value = json.loads((runs[1] / "evaluation.json").read_text())
    value["store"]["content_hash"] = "07e5"
    (runs[1] / "evaluation.json").write_text(json.dumps(value))
    written = write_for_papers(runs, tmp_path / "paper")

    assert len(written) == len(set(written)) == len(list((tmp_path / "paper").iterdir()))
    assert {"accuracy-da7a-5bec.csv", "accuracy-07e5-5bec.csv"} <= {file.name for file in written}
