"""Benchmarks of jobs: what is done, the files they write, and the tables and figures made of them."""

import json
from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest

from benchmarks import command, figures, suite, uses
from benchmarks.command import run
from benchmarks.costs import cost_table
from benchmarks.jobs import Jobs
from benchmarks.processes import measure_each
from benchmarks.tables import ablated, gradient_shares
from benchmarks.ucf101_6 import SUITE
from benchmarks.ucf101_6_costs import JOBS as COSTS
from benchmarks.ucf101_6_sweeps import JOBS as SWEEPS
from benchmarks.ucf101_6_uses import JOBS as USES
from benchmarks.weizmann_flow import JOBS as WEIZMANN_FLOW
from vidense.records import write_json
from vidense.report.scales import Axis


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(suite, "prepare", lambda data, store, **clips: (tmp_path / "prepared").write_text(str(data)))
    return Jobs(name="toy", base=SUITE, jobs={"one": lambda work: {"folder": str(work)}, "two": lambda _: {}})


def test_a_job_is_written_with_what_repeats_it_and_is_then_done(toy, tmp_path, capsys):
    run(toy, "help", ["--point", "one", "--work", str(tmp_path / "work")])
    (record,) = toy.read()
    run(toy, "help", ["--list"])

    assert record["job"] == "one" and record["result"] == {"folder": str(tmp_path / "work")}
    assert {"command", "commit", "vidense", "date", "hardware", "seconds"} <= set(record)
    assert capsys.readouterr().out.splitlines() == ["done one", "     two"]


def test_only_what_is_missing_is_measured_then_the_tables_are_written(toy, tmp_path, monkeypatch, pages):
    started = []
    monkeypatch.setattr(command, "measure_each", lambda *arguments: started.append(arguments))
    toy.measure("one", tmp_path)
    shown = replace(toy, tables={"soft": lambda records: f"{len(records)} measured"})
    run(shown, "help", ["--work", str(tmp_path), "--processes", "3", "--data", "videos"])

    assert (tmp_path / "prepared").read_text() == "videos"
    assert started == [("toy", ["two"], tmp_path, 3)]
    assert "<!-- table soft -->\n1 measured\n<!-- end -->" in pages[0].read_text()


def test_a_failing_process_stops_no_other_and_is_told(tmp_path, capsys):
    measure_each("no_such_benchmark", ["a", "b"], tmp_path, 2)

    assert capsys.readouterr().out.splitlines() == ["FAILED a", "FAILED b"]
    assert "no_such_benchmark" in (tmp_path / "logs" / "b.log").read_text()


def test_what_a_teacher_names_is_ranked():
    record = {"job": "named", "result": {"methods": {"prism": [0.5, 0.0], "sre2l frame": [1.0]}}}
    assert uses.named([record]).splitlines()[2:] == ["| sre2l frame | 1 | 100 |", "| prism | 2 | 25 |"]
    assert uses.named([]) == "Not measured yet."


@pytest.mark.parametrize("found", [USES, SWEEPS, WEIZMANN_FLOW])
def test_the_pages_show_what_the_committed_json_says(found, pages):
    before = [page.read_text() for page in pages]
    found.write_tables()

    assert [page.read_text() for page in pages] == before
    assert {file.stem for file in found.results.glob("*.json")} <= set(found.jobs)
    assert all(f"<!-- table {name} -->" in before[0] for name in found.tables)


@pytest.mark.parametrize("found", [SUITE, SWEEPS, COSTS])
def test_the_committed_figures_are_those_of_the_committed_json(found, pages):
    from benchmarks import pages as project_pages

    committed = project_pages.ROOT / "docs" / "figures"
    found.write_tables()

    for file in project_pages.FIGURES.glob("*.svg"):
        assert file.read_text() == (committed / file.name).read_text(), file.name
        assert file.with_suffix(".png").exists() and (committed / file.name).with_suffix(".png").exists()


def scored(recall: float) -> dict:
    """Return a network's retrieval."""
    gallery = {"recall": [recall, 0.8, 0.9, 1.0], "chance": [0.1, 0.2, 0.3, 0.4]}
    return {"diverged": False, "recall1": recall, "in_train": gallery, "in_test": gallery, "other_sources": gallery}


def test_recalls_are_means_over_networks_the_best_first():
    def record(method: str, recalls: list[float]) -> dict:
        rows = [
            {"role": "method", "results": [*(scored(value) for value in recalls), {"diverged": True}]},
            {"role": "random_equal_bytes", "results": [scored(0.3)]},
            {"role": "ceiling", "results": [scored(0.9)]},
        ]
        return {"job": f"retrieval-{method}-0", "result": {"method": method, "rows": rows}}

    rows = uses.recalls([record("prism", [0.4, 0.6]), record("random", [0.2]), {"job": "flow-a"}]).splitlines()[2:]

    assert [row.split(" | ")[0] for row in rows] == [
        "| *whole training set*", "| prism", "| random, bytes of prism", "| random", "| *chance*",
    ]  # fmt: skip
    assert rows[1].startswith("| prism | 2 | 50.0 / 80.0 / 90.0 / 100.0 |")
    assert rows[-1].count("10.0 / 20.0 / 30.0 / 40.0") == 3
    assert uses.recalls([]) == "Not measured yet."


def test_flow_leaves_out_classes_that_have_none():
    def record(method: str, cosine: float | None) -> dict:
        numbers = {"cosine": cosine, "end_point_error": 1.0, "magnitude": 0.5, "difference": 9.0}
        mean = {"condensed": numbers, "random": numbers, "halves": {**numbers, "magnitude": None}}
        return {"job": f"flow-{method}", "result": {"method": method, "mean": mean}}

    rows = uses.motion_kept([record("prism", 0.2), record("prism", 0.4), record("dm", None)]).splitlines()[2:]

    assert rows[0] == "| prism | 2 | +0.30 | 1.00 | 0.50 | 9.0 |"
    assert rows[1] == "| dm | 1 |  | 1.00 | 0.50 | 9.0 |"
    assert rows[3].startswith("| *halves of the real videos* | 2 | +0.30 | 1.00 |  |")


def test_scores_stand_beside_the_accuracies_they_are_made_of():
    on = {part: {"condensed": 0.5, "random": 0.25} for part in ("hard", "soft", "soft, mixed")}
    scores = {"on": on, "label_robust": {"hard": 0.3, "soft": 0.25}, "augmentation_robust": 0.27}
    record = {"job": "fairness-dm-0", "result": {"method": "dm", "networks": {"minic3d": scores}}}

    (row,) = uses.robustness([record]).splitlines()[2:]

    assert row == "| dm | 1 | 50.0 / 25.0 | 50.0 / 25.0 | 50.0 / 25.0 | 0.300 | 0.250 | 0.270 |"


def test_a_ranking_stands_beside_that_of_random_clips():
    one = {"spearman": 0.5, "kendall": None, "regret": 0.02, "seconds": 10.4}
    agreement = {"condensed": one, "random": {**one, "spearman": -0.5}}
    result = {"method": "prism", "variants": [{}] * 12, "agreement": agreement, "whole_seconds": 600.0}

    rows = uses.agreement([{"job": "proxy-prism-0", "result": result}]).splitlines()[2:]

    assert rows == [
        "| prism | 12 | +0.50 | none | 2.0 | 10 |",
        "| random, bytes of prism | 12 | -0.50 | none | 2.0 | 10 |",
        "| *whole training set* | 12 |  |  |  | 600 |",
    ]


def row(variant: str, accuracies: list[float]) -> dict:
    """Return a row of an ablation, one accuracy a seed."""
    sets = [
        {"seed": seed, "storage": {"bytes": 1000}, "lr": 10.0, "key_frames": [2, 3 + seed]}
        | {key: [{"net_seed": 0, "top1": value, "diverged": False}] for key in ("networks", "random")}
        for seed, value in enumerate(accuracies)
    ]
    summary = {"mean": sum(accuracies) / len(accuracies), "condensation_seeds": len(sets), "networks": 1}
    difference = {"difference": 0.1, "interval": None, "pairs": len(sets)}
    return {"variant": variant, "sets": sets, "summary": summary} | dict.fromkeys(
        ("against_first", "against_random"), difference
    )


def test_a_grid_is_a_table_and_a_figure():
    record = {"job": "vpc", "result": {"rows": [row("1 videos per class", [0.4]), row("20 videos per class", [0.6])]}}
    first, second = ablated([record]).splitlines()[2:]
    drawn = Xml.fromstring(figures.sweep_figure([record], "vpc", "Videos per class", log=True).inline())

    assert first == "| 1 videos per class | 1 x 1 | 40.0 |  | +10.0 | 2.5 | 10 | 1,000 |"
    assert second.startswith("| 20 videos per class | 1 x 1 | 60.0 | +10.0 |")
    assert {"prism", "random", "20"} <= {text.text for text in drawn.iter("text")}
    assert figures.sweep_figure([record], "frames", "Frames", log=False) is None
    assert ablated([]) == "Not measured yet."


def test_a_variant_that_diverged_is_named_and_not_drawn():
    rows = [row("1 videos per class", [0.4]), {**row("2 videos per class", [0.6]), "summary": None}]
    rows[1]["against_first"] = rows[1]["against_random"] = None
    rows[1]["sets"][0]["networks"] = [{"net_seed": 0, "diverged": True}]
    rows.append(row("5 videos per class", [0.6]))
    rows[2]["sets"][0]["random"] = [{"net_seed": 0, "diverged": True}]
    record = {"job": "vpc", "result": {"rows": rows}}

    assert ablated([record]).splitlines()[3] == "| 2 videos per class |  | diverged |  |  | 2.5 | 10 | 1,000 |"
    drawn = Xml.fromstring(figures.sweep_figure([record], "vpc", "t", log=True).inline())
    assert not any(title.text.endswith(("at 2", "at 5")) for title in drawn.iter("title"))


def test_shares_of_the_gradient_are_means_over_seeds_of_the_variants_that_learn_all_frames():
    learned = {"variant": "all", "sets": [{"gradient_share": [0.2, 0.8]}, {"gradient_share": [0.4, 0.6]}]}
    record = {"result": {"rows": [{"variant": "two", "sets": [{"gradient_share": None}]}, learned]}}

    assert gradient_shares([record]).splitlines() == [
        "| variant | frame 1 | frame 2 |",
        "| --- | --- | --- |",
        "| all | 30.0 % | 70.0 % |",
    ]
    assert gradient_shares([]) == "Not measured yet."


def cost(method: str, seconds: float, needed: float) -> dict:
    needs = [{"what": "a teacher", "seconds": needed}] if needed else []
    parts = {"seconds_setup": 0.0, "seconds_search": 60.0, "iterations": 10, "seconds_per_iteration": 30.0}
    return {"result": {"method": method, "seconds": seconds, "needs": needs, "peak_memory": 5e8, **parts}}


def test_costs_are_drawn_for_what_was_measured_and_takes_time(tmp_path):
    for method in ("prism", "random"):
        point = {"method": method, "vpc": 1, "seed": 0, "variant": "", "name": f"{method}-vpc1-seed0"}
        networks = [{"net_seed": 0, "top1": 0.5, "diverged": False}]
        write_json(tmp_path / f"{method}.json", {"point": point, "networks": networks, "eval": {"hash": "a"}})

    def draw(*records: dict):
        return figures.cost_figure(records, tmp_path, Axis("min", log=True), lambda found: found["seconds"] / 60, "t")

    drawn = Xml.fromstring(draw(cost("prism", 600, 0), cost("random", 0.01, 0), cost("mtt", 600, 0)).inline())

    labels = {text.text for text in drawn.iter("text")}
    assert "prism" in labels and not labels & {"random", "mtt"}
    assert "prism: 50 at 10" in {title.text for title in drawn.iter("title")}
    assert draw(cost("random", 0.01, 0)) is None


def test_a_table_of_costs_names_every_part():
    rows = cost_table([cost("tsgf", 660, 300), cost("dm", 360, 0)]).splitlines()[2:]
    assert rows == [
        "| dm |  |  | 1.0 | 5.0 | 6.0 | 500 |",
        "| tsgf | a teacher | 5.0 | 1.0 | 5.0 | 11.0 | 500 |",
    ]
    assert cost_table([]) == "Not measured yet."


def test_budgets_are_drawn_at_their_true_bytes():
    def record(budget: str, size: int, top1: float) -> dict:
        point = {"method": "prism", "seed": 0, "budget": budget}
        networks = [{"net_seed": 0, "top1": top1, "diverged": False}]
        return {"point": point, "networks": networks, "storage": {"bytes": size}}

    drawn = figures.budget_figure([record("1MB", 900_000, 0.6), record("5kB", 4_000, 0.4)])

    tips = [title.text for title in Xml.fromstring(drawn.inline()).iter("title")]
    assert tips == ["prism: 40 at 4", "prism: 60 at 900"]
    assert figures.budget_figure([record("5kB", 1, 0.1) | {"refused": "too small"}]) is None


def test_the_names_of_jobs_can_be_files():
    assert all(json.dumps(name).isascii() and "/" not in name for name in (*USES.jobs, *SWEEPS.jobs))
