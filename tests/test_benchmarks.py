"""The committed results, the tables written from them, and the bookkeeping of the runner."""

import json
import shutil
from dataclasses import replace

import pytest

from benchmarks import command, records, suite, tables
from benchmarks.command import run
from benchmarks.insertion import trigger
from benchmarks.points import Point
from benchmarks.records import CEILING
from benchmarks.ucf101_6 import SUITE
from benchmarks.ucf101_6_16 import SUITE as SUITE_16
from benchmarks.ucf101_6_112 import SUITE as SUITE_112
from benchmarks.ucf101_6_bytes import SUITE as SUITE_BYTES
from benchmarks.ucf101_6_cross import SUITE as SUITE_CROSS
from benchmarks.ucf101_6_published import SUITE as SUITE_PUBLISHED
from benchmarks.ucf101_6_soft import SUITE as SUITE_SOFT
from benchmarks.ucf101_6_tsgf import SUITE as SUITE_TSGF
from benchmarks.weizmann import SUITE as SUITE_WEIZMANN

TABLED = (SUITE, SUITE_16, SUITE_BYTES, SUITE_CROSS, SUITE_PUBLISHED, SUITE_SOFT, SUITE_TSGF, SUITE_WEIZMANN)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A copy of the committed JSON that a test may change."""
    folder = tmp_path / "results" / SUITE.name
    shutil.copytree(SUITE.results, folder)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    return folder


def edit(file, change) -> None:
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))


def test_the_pages_show_what_the_committed_json_says(pages):
    before = [page.read_text() for page in pages]
    for written in TABLED:
        written.write_tables()
    assert [page.read_text() for page in pages] == before


def test_every_result_is_of_a_known_point_with_the_settings_it_claims():
    known = {point.name: point for point in SUITE.points}
    files = sorted(SUITE.results.glob("*.json"))
    assert files
    for file in files:
        record = json.loads(file.read_text())
        assert SUITE.finished(known[file.stem])
        assert not record["commit"].endswith("-dirty") and record["command"] == SUITE.command
        assert {"hardware", "eval", "store", "date"} <= set(record)


def test_a_row_of_the_course_of_insertion_is_of_two_stretches():
    quiet, busy = [None] * 20, [0.01 * i if 4 <= i < 16 else None for i in range(20)]
    course = {"loss": list(range(20)), "key_frames": [*range(6), *[6] * 14], "cosine_histogram": [1] * 20}
    store = {"clip": {"frames": 6}}
    runs = [
        {"point": {"name": f"prism-vpc1-seed{seed}", "iterations": 100}, "store": store}
        | {"telemetry": {**course, "trigger_rate": rates}}
        for seed, rates in enumerate((quiet, busy))
    ]
    rows = trigger(runs).splitlines()
    # Of 4 % of 2.5 frames and 5 % of 1.5; then half a frame, and none that could trigger.
    assert rows[2] == "| 0 to 10 | 0.50 | 1.0 | off |" and rows[4] == "| 20 to 30 | 4.50 | 5.0 | 4.38 |"
    assert rows[5] == "| 30 to 40 | 6.50 | 6.0 | 6.00 |" and rows[6] == "| 40 to 50 | 8.50 | 6.0 | off |"


def test_a_changed_number_changes_the_page(results, pages):
    edit(results / "prism-vpc1-seed0.json", lambda record: record["networks"][0].update(top1=0.0))
    before = pages[0].read_text()
    SUITE.write_tables()
    assert pages[0].read_text() != before


def test_different_evaluations_never_share_a_table(results, pages):
    edit(results / "random-vpc1-seed0.json", lambda record: record["eval"].update(hash="other"))
    with pytest.raises(ValueError, match="different EvalSpecs"):
        SUITE.write_tables()


def test_a_diverged_network_is_not_averaged(results, pages):
    edit(results / "dm-vpc1-seed0.json", lambda record: record["networks"][0].update(diverged=True, top1=None))
    with pytest.raises(ValueError, match="diverged"):
        SUITE.write_tables()


def record(method: str, seed: int, top1: list[float], variant: str = "", evaluated: str = "") -> dict:
    """Return as much of a result as the tables read."""
    networks = [
        {"net_seed": i, "top1": value, "diverged": False, "per_class": [0.5] * 6} for i, value in enumerate(top1)
    ]
    return {
        "point": {"method": method, "vpc": 1, "seed": seed, "variant": variant, "name": f"{method}-vpc1-seed{seed}"}
        | ({"evaluated": evaluated} if evaluated else {}),
        "networks": networks,
        "random_equal_bytes": {"networks": networks},
        "storage": {"frames": 12.0, "float32_mib": 0.5, "bytes": 1000 + seed},
        "condense_seconds": 60.0,
    }


def test_differences_are_paired_by_seed_and_bold_where_zero_is_excluded():
    random = [record("random", seed, [0.3 + 0.1 * seed]) for seed in range(3)]
    better = [record("dm", seed, [0.4 + 0.1 * seed + 0.001 * seed]) for seed in range(3)]
    shown = records.difference(better, records.accuracies(random))
    assert shown.startswith("**+10.1 (") and shown.endswith(")**")
    assert "**" not in records.difference(better[:2], records.accuracies(random))
    assert records.difference(better, {7: {0: 0.1}}) == ""


def test_a_column_ranks_by_mean_and_averages_sizes():
    rows = tables.column([record("random", 0, [0.2, 0.4]), record("dm", 0, [0.5]), record("dm", 1, [0.7])], 1)
    first, second = rows.splitlines()[2:]
    assert first.startswith("| dm | 2 x 1 | 60.0 |") and "1,000" in first.replace("1,001", "1,000")
    assert second.startswith("| random | 1 x 2 | 30.0 |")
    assert tables.column([], 5) == "Not measured yet."


def test_an_ablation_sets_every_variant_against_the_method_itself():
    rows = tables.ablation(
        [record("tsgf", seed, [0.5 + 0.01 * seed]) for seed in range(3)]
        + [record("tsgf", seed, [0.4], "noise") for seed in range(3)]
        + [record("tsgf", seed, [0.6], evaluated="unmixed") for seed in range(3)]
        + [record("random", seed, [0.3 - 0.01 * seed]) for seed in range(3)]
    ).splitlines()[2:]
    assert [row.split(" |")[0] for row in rows] == ["| tsgf unmixed", "| tsgf", "| tsgf noise"]
    assert "+9.0 (" in rows[0] and rows[0].endswith("|  |"), "random clips were evaluated mixed"
    assert "-11.0 (" in rows[2] and "+11.0 (" in rows[2]


def test_trainings_that_diverged_are_counted_and_not_averaged():
    found = record("dm", 0, [0.2, 0.4])
    found["networks"][0].update(diverged=True, top1=None)
    rows = tables.trainings([found, record("dm", 1, [0.3]), record("prism", 0, [0.1])]).splitlines()[2:]
    assert rows == ["| dm | 3 | 1 | 40.0, 30.0 |", "| prism | 1 | 0 | 10.0 |"]


def test_budgets_are_columns_in_order_of_size():
    def bought(method: str, budget: str, **more) -> dict:
        found = record(method, 0, [0.5])
        return {**found, "point": {**found["point"], "budget": budget}, **more}

    rows = tables.budgets(
        [bought("prism", "1MB"), bought("prism", "5kB", refused="too small"), bought("codec", "20kB", videos=30)]
    ).splitlines()
    assert rows[0] == "| method | 5kB | 20kB | 1MB |"
    assert rows[2:] == [
        "| prism | nothing fits |  | 50.0 (1 x 1; 12 frames) |",
        "| codec |  | 50.0 (1 x 1; 30 clips) |  |",
    ]
    assert tables.budgets([record("prism", 0, [0.5]) | {"point": {"budget": ""}}]) == "Not measured yet."


def test_a_rate_is_searched_once_a_budget():
    later = Point("prism", 0, 1, 2, 300, budget="80kB")
    assert SUITE_BYTES.finder(later) == "prism-80kB-seed0" and later.name == "prism-80kB-seed1"


def test_networks_are_columns_and_methods_rows():
    rows = tables.crossed(
        [record("dm", seed, [0.4], evaluated="cnn_gru") for seed in range(2)]
        + [record("dm", 0, [0.2], evaluated="r3d_18"), record("random", 0, [0.7], evaluated="cnn_gru")]
    ).splitlines()
    assert rows[0] == "| method | cnn_gru (seeds x nets) | r3d_18 (seeds x nets) |"
    assert rows[2:] == ["| random | 70.0 (1 x 1) |  |", "| dm | 40.0 (2 x 1) | 20.0 (1 x 1) |"]
    rows = tables.crossed(
        [record("dm", 0, [0.4], evaluated=network) for network in ("cnn_gru", "r3d_18")]
        + [record("random", 0, [0.7], evaluated="cnn_gru")]
    ).splitlines()
    assert rows[2].startswith("| random"), "a network that is missing counts against nobody"
    assert tables.crossed([]) == "Not measured yet."


def test_the_same_runs_are_evaluated_on_every_network():
    runs = {point.run for point in SUITE_CROSS.points}
    assert {"prism-vpc1-seed0", "vdsd_dm-vpc1-seed1"} <= runs
    assert len(SUITE_CROSS.points) == 4 * len(runs) and runs <= {point.run for point in SUITE.points}


def test_motion_is_what_a_set_adds_to_its_middle_frames():
    def moving(method: str, seed: int) -> dict:
        found = record(method, seed, [0.5])
        return found | {"frozen": {"networks": [net | {"top1": 0.2 + 0.1 * seed} for net in found["networks"]]}}

    (row,) = tables.motion([moving("random", seed) for seed in range(3)]).splitlines()[2:]
    assert row.startswith("| random | 3 x 1 | 50.0 |  | 30.0 | +20.0 (")


def test_points_that_share_a_run_have_results_of_their_own():
    shared = [point for point in SUITE_TSGF.points if point.run == "tsgf-vpc1-seed0"]
    assert sorted(point.name for point in shared) == [
        "tsgf-vpc1-seed0",
        "tsgf-vpc1-seed0-image",
        "tsgf-vpc1-seed0-unmixed",
    ]
    assert all(Point.from_json(json.loads(json.dumps(point.to_json()))) == point for point in SUITE_TSGF.points)


def test_rates_come_from_the_search_at_seed_zero():
    later = Point("prism", 1, 3, 3, 500)
    assert SUITE.finder(later) == "prism-vpc1-seed0"
    assert SUITE.finder(Point("dfs", 5, 0, 3, 300)) == "prism-vpc5-seed0"
    assert SUITE.finder(Point("dm", 1, 1, 3, 500, {"start": "noise"}, "noise")) == "dm-noise-vpc1-seed0"
    assert SUITE.finder(Point("prism", 1, 0, 3, 500, {"lr": 1.0}, "lr1")) is None
    assert SUITE.finder(Point("random", 1, 0, 3)) is None
    found = json.loads((SUITE.results / "prism-vpc1-seed0.json").read_text())["tuning"]["lr"]
    assert SUITE.with_rate(later).options == {"lr": found}


def test_a_point_of_the_same_name_with_other_settings_is_not_taken_for_done():
    (point,) = [point for point in SUITE.points if point.name == "prism-vpc1-seed0"]
    assert SUITE.finished(point)
    with pytest.raises(ValueError, match="other settings"):
        SUITE.finished(replace(point, iterations=7))
    assert not SUITE.finished(Point("prism", 1, 99, 3, 500))


def test_a_suite_that_evaluates_otherwise_takes_the_runs_as_they_are():
    names = {point.name for point in SUITE.points}
    assert {point.name for point in SUITE_PUBLISHED.points} <= names and SUITE_PUBLISHED.base is SUITE
    point = next(point for point in SUITE_PUBLISHED.points if point.name == "prism-vpc1-seed1")
    assert SUITE_PUBLISHED.with_rate(point) == point and SUITE_PUBLISHED.evaluation == {"protocol": "published"}


@pytest.mark.parametrize("found", [SUITE, SUITE_112, SUITE_WEIZMANN])
def test_names_of_points_are_unique_and_every_column_has_its_baseline(found):
    names = [point.name for point in found.points]
    assert len(set(names)) == len(names) and CEILING in names
    columns = {point.vpc for point in found.points if point.method != CEILING}
    assert all(f"random-vpc{vpc}-seed0" in names for vpc in columns)


def test_the_list_says_what_is_done(capsys):
    run(SUITE, "help", ["--list", "--only", "prism-vpc1-seed0"])
    assert capsys.readouterr().out.split() == ["done", "prism-vpc1-seed0"]


def test_what_others_wait_for_is_measured_first(tmp_path, monkeypatch, pages):
    batches = []
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(suite, "prepare", lambda data, store, **clips: None)
    monkeypatch.setattr(command, "measure_each", lambda name, batch, work, processes: batches.append(batch))
    points = [
        Point("dm", 1, 1, 2),
        Point("dm", 1, 0, 2, evaluated="soft"),
        Point("dm", 1, 0, 2),
        Point(CEILING, 0, 0, 2),
    ]
    run(replace(SUITE, points=points, tables={}, figures={}), "help", ["--work", str(tmp_path)])
    assert batches == [["dm-vpc1-seed0", CEILING], ["dm-vpc1-seed1"], ["dm-vpc1-seed0-soft"]]
