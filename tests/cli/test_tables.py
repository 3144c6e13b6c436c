"""What commands say of results, made-up ones here: numbers stand where they belong, and what is missing is none."""

import re
from dataclasses import replace
from importlib import import_module
from unittest import mock

import pytest

from vidense.cli.comparisons import COMPARISONS
from vidense.cli.output import print_table
from vidense.cli.scores import _print_recall
from vidense.report.findings import Row, Table


@pytest.fixture
def said(capsys):
    """Calls something that prints; returns its lines."""

    def call(work, *args, **kwargs) -> list[str]:
        capsys.readouterr()
        work(*args, **kwargs)
        return capsys.readouterr().out.splitlines()

    return call


def cells(line: str) -> list[str]:
    """Return the cells of a line of a table; two spaces part them."""
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_columns_of_a_table_line_up(said):
    lines = said(print_table, ("name", "kind", "n"), [("a", "long kind", "1"), ("longer", "x", "1000")], left=2)
    assert lines == [
        "name    kind          n",
        "------  ---------  ----",
        "a       long kind     1",
        "longer  x          1000",
    ]


def variant(name: str, *scores: float) -> dict:
    return {
        "name": name,
        "on": {on: {"top1": s} for on, s in zip(("condensed", "random", "whole"), scores, strict=True)},
    }


def test_a_ranking_says_how_well_both_sets_agree_with_the_whole(said):
    agreement = {
        "condensed": {"spearman": 0.5, "kendall": -1 / 3, "regret": 0.021, "seconds": 4.4},
        "random": {"spearman": None, "kendall": None, "regret": 0.0, "seconds": 3.0},
    }
    found = {"variants": [variant("a", 0.5, 0.25, 1.0)], "agreement": agreement, "whole_seconds": 90.0}
    found["condense_seconds"] = 30.0
    lines = said(COMPARISONS["proxy"], found)
    assert cells(lines[2]) == ["a", "50.0", "25.0", "100.0"]
    assert lines[3] == (
        "condensed: Spearman +0.50, Kendall -0.33 with the whole dataset; its first choice is 2.1 points below the "
        "best; 4 s of training against 90 s"
    )
    assert "random: Spearman none, Kendall none" in lines[4]
    assert lines[5] == (
        "ranking on the condensed videos saves 86 s of training; condensing them took 30 s, without what the store "
        "had already (a teacher, experts, pictures), so that 56 s are saved in all"
    )
    lines = said(COMPARISONS["proxy"], {**found, "condense_seconds": 300.0})
    assert lines[5].endswith("pictures), so that nothing is saved by this one ranking")
    assert len(said(COMPARISONS["proxy"], {**found, "condense_seconds": None})) == 5


def test_scores_of_fairness_leave_out_what_was_not_trained(said):
    on = {"hard": {"condensed": 0.4, "random": 0.3, "whole": 0.9}, "soft": {"condensed": 0.5, "random": 0.45}}
    scores = {"on": on, "label_robust": {"hard": 0.2, "soft": 0.3}, "augmentation_robust": 0.271}
    lines = said(COMPARISONS["fairness"], {"networks": {"minic3d": scores}})
    assert cells(lines[4]) == ["hard", "40.0", "30.0", "90.0"] and cells(lines[5])[:3] == ["soft", "50.0", "45.0"]
    assert not any(letter.isdigit() for letter in lines[5].split("45.0")[1]), "no soft labels of the whole dataset"
    assert "0.200 with hard labels, 0.300 with soft ones" in lines[6] and lines[7].endswith("0.271")
    lines = said(COMPARISONS["fairness"], {"networks": {"minic3d": {**scores, "augmentation_robust": None}}})
    assert lines[7].endswith("score: none, for a baseline diverged")


@pytest.mark.parametrize("task", ["proxy", "fairness"])
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--protocol", "published"), "protocol"),
        (("--epochs", "3"), "epochs"),
        (("--mix", "video", "--codec", "h264"), "mix, codec"),
    ],
)
def test_a_comparison_refuses_what_it_decides_itself(refused, store, tmp_path, task, words, named):
    line = refused("evaluate", tmp_path, "--on", store, "--task", task, *words)
    assert f"--task {task} decides itself how networks are trained; leave out {named}\n" in line


def reproduction(**parts) -> dict:
    """Return what a reproduction found: two printed numbers, ours between them and better at its best."""
    recipe = {"name": "r", "metric": "top5", "evaluation": {"protocol": "published"}, "options": {}, "unstated": ["lr"]}
    recipe |= {"readings": ["batch_real"], "evaluation_departures": ["they train longer"]}
    printed = [{"source": "A", "mean": 10.0, "spread": 0.5}, {"source": "B", "mean": 30.0, "spread": None}]
    ours = {"mean": 0.2, "std_networks": {"ddof0": 0.013}, "networks": 3, "condensation_seeds": 2}
    found = {"recipe": {**recipe, "printed": printed}, "ours": ours, "random": None, "gaps": [10.0, -10.0]}
    found |= {"ours_best_on_test": {**ours, "mean": 0.215}, "gaps_best_on_test": [11.5, -8.5]}
    return {**found, "departures": [], **parts}


def test_a_reproduction_stands_beside_what_is_printed(said):
    lines = said(import_module("vidense.cli.reproduce")._print, reproduction())
    assert lines[1] == "left unstated by the paper, and chosen by us: lr"
    assert lines[2] == "our reading, since the paper's table ends before: batch_real"
    assert lines[3] == "evaluated otherwise: they train longer"
    assert lines[4] == "ours: 20.0 % ± 1.3 over 3 networks of a set, 2 condensed"
    assert lines[6] == "random clips, equal videos: a network diverged"
    assert lines[5].startswith("ours, each network at its best check on the test videos: 21.5 % ± 1.3 over 3")
    assert lines[7] == "A: 10.0 ± 0.5 %; ours is +10.0 points from it, +11.5 at its best on the test videos"
    assert lines[8].startswith("B: 30.0 %; ours is ") and "10.0 points" in lines[8] and "+10.0" not in lines[8]
    assert lines[9] == "papers print the best of their checks on the test videos, too, made while they condense"
    assert len(lines) == 10


def test_a_reproduction_without_checks_on_the_test_videos_says_nothing_of_them(said):
    found = reproduction(ours_best_on_test=None, gaps_best_on_test=[None, None])
    lines = said(import_module("vidense.cli.reproduce")._print, found)
    assert lines[6] == "A: 10.0 ± 0.5 %; ours is +10.0 points from it"
    assert len(lines) == 8 and "best" not in "".join(lines)


def test_a_reproduction_that_diverged_has_no_gap_and_one_on_other_data_says_so(said):
    lines = said(
        import_module("vidense.cli.reproduce")._print,
        reproduction(
            ours=None,
            gaps=[None, None],
            ours_best_on_test=None,
            gaps_best_on_test=[None, None],
            departures=["split is 2 in the store, 1 in the paper", "more"],
        ),
    )
    assert lines[4] == "ours: a network diverged" and lines[6:8] == ["A: 10.0 ± 0.5 %", "B: 30.0 %"]
    assert lines[8].endswith("the gap says nothing about the paper")
    assert lines[9:] == ["- split is 2 in the store, 1 in the paper", "- more"]


def ablated(name: str, mean: float | None, difference: dict | None, keys: list[int] | None, *sizes: int) -> dict:
    sets = [{"storage": {"bytes": size}, "key_frames": keys, "motion": 0.025} for size in sizes]
    summary = None if mean is None else {"mean": mean}
    return {
        "variant": name,
        "summary": summary,
        "against_first": difference,
        "against_random": difference,
        "sets": sets,
        "motion": 0.04,
    }


def test_an_ablation_has_a_line_a_variant(said):
    rows = [
        ablated("as published", 0.5, None, [2, 3, 3], 1000, 3000),
        ablated("other", 0.25, {"difference": -0.25, "interval": (-0.3, 0.1), "pairs": 3}, None, 10),
        ablated("diverged", None, {"difference": None, "interval": None, "pairs": 0}, [8], 10),
        ablated("twice", 0.75, {"difference": 0.25, "interval": (0.25, 0.25), "pairs": 2}, [8], 10),
    ]
    found = {"method": "prism", "grid": "components", "source": "", "left_out": {}, "rows": rows}
    title, _, _, first, other, diverged, twice = said(import_module("vidense.cli.ablate")._print, found)
    assert title.startswith("prism, components: top-1 %")
    # Key-frames over all videos of all sets, bytes over the sets.
    assert cells(first)[:2] == ["as published", "50.0"] and cells(first)[-3:] == ["2.7", "2.5, 4.0", "2,000"]
    assert "(" in other and "to +10.0)" in other and cells(other)[-3:] == ["all", "2.5, 4.0", "10"]
    assert "+25.0" in twice and "(" not in twice
    assert not any(letter.isdigit() for letter in re.split(r"8\.0 +2\.5, 4\.0 +10$", diverged)[0])


def found_recalls(title: str, *recalls: list[float | None]) -> Row:
    """Return a row of retrieval with the same recalls in all galleries, one for each network that did not diverge."""
    galleries = [{"recall": recall, "chance": [0.1, 0.2, 0.3, None]} for recall in recalls]
    results = [dict.fromkeys(("in_train", "in_test", "other_sources"), gallery) for gallery in galleries]
    return Row("method", title, 3, 24, 1.0, None, 0, {}, results)


def retrieved(*rows: Row) -> Table:
    return Table({}, {"model": "cnn_gru", "model_options": {"gru_hidden": 64}}, "", list(rows))


def test_recall_is_the_mean_of_networks_of_which_none_diverged(said):
    rows = [found_recalls("prism", [0.5, 0.6, 1.0, None], [0.7, 0.8, 1.0, None]), found_recalls("random")]
    rows.append(replace(found_recalls("dm", [0.9, 0.9, 0.9, None]), diverged=1))
    lines = said(_print_recall, retrieved(*rows))
    assert [line for line in lines if "among" in line] == [
        "cnn_gru:gru_hidden=64, among training videos",
        "cnn_gru:gru_hidden=64, among other test videos",
        "cnn_gru:gru_hidden=64, among test videos of other sources",
    ]
    own, chance = (next(cells(line) for line in lines if line.startswith(name)) for name in ("prism", "chance"))
    assert own[:4] == ["prism", "60.0", "70.0", "100.0"] and chance[:4] == ["chance", "10.0", "20.0", "30.0"]
    assert not any("random" in line for line in lines), "nothing of it was found"
    assert not any(letter.isdigit() for line in lines if line.startswith("dm") for letter in line), "others diverged"


def test_nothing_is_printed_where_every_network_diverged(said):
    lines = said(_print_recall, retrieved(found_recalls("prism")))
    assert sum("among" in line for line in lines) == 3 and not any("chance" in line for line in lines)


def test_experts_are_told_with_their_time(vidense, store, monkeypatch):
    asked = {}
    made = mock.Mock(to_json=lambda: {"what": "3 experts", "experts": 3, "epochs": 20, "seconds": 61.26})

    def provide(path, kind, progress, **how):
        asked.update(how)
        return [made]

    monkeypatch.setattr("vidense.engine.provide.provide", provide)
    out = vidense("experts", store, "--set", "experts=3", "--scale", "small").out.splitlines()
    following = f"next: vidense condense {store} --out RUN --method mtt --scale small --set experts=3"
    assert out == ["3 experts: 3 of 20 epochs, in 61.3 s", following]
    assert (asked["method"], asked["scale"], asked["options"]) == ("mtt", "small", {"experts": 3})


def test_a_method_without_experts_is_no_mistake_of_ours(refused, store):
    assert "unknown method 'mt'; did you mean 'mtt'" in refused("experts", store, "--method", "mt")
    assert "method 'dm' needs no experts with these options" in refused("experts", store, "--method", "dm")


def segmented(accuracy: float, deviation: float | None) -> dict:
    summary = {"mean": accuracy, "std_condensation": {"ddof1": deviation}}
    return dict.fromkeys(("accuracy", "edit", "f1_10", "f1_25", "f1_50"), summary)


def test_sizes_of_segmentation_are_means_over_sets_and_full_has_none(said):
    storages = [{"seed": seed, "storage": {"frames": 10 + seed, "bytes": 2000 * (seed + 1)}} for seed in (0, 1, 2)]
    rows = [
        {"name": "mean", "results": storages, "summary": segmented(61.34, 1.58)},
        {"name": "random", "results": storages, "summary": segmented(60.0, None)},
        {"name": "full", "results": [{"seed": 0}], "summary": segmented(90.0, None)},
    ]
    lines = said(import_module("vidense.cli.segment")._print, {"settings": {"splits": [1, 3]}, "rows": rows})
    assert lines[1] == "MS-TCN on split 1, 3, mean of 3 seeds (deviation over them)"
    assert cells(lines[4])[:4] == ["mean", "11", "4,000", "61.3 (1.6)"]
    assert cells(lines[6])[:3] == ["full", "all", "90.0"] and len(lines) == 7
