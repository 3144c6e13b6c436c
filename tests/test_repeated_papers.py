"""Published cells and grids that are stopped, continued, diverge, or run elsewhere."""

from types import SimpleNamespace

import pytest
import torch

from tests.evaluation.conftest import write_store
from tests.small_net import NAME, linear
from vidense import ablation, ablation_grids, reproduction
from vidense import methods as _registered  # noqa: F401 - registers them
from vidense.ablation import ablate
from vidense.ablation_grids import Grid, Variant
from vidense.errors import UserError
from vidense.named_recipes import find_recipe
from vidense.reproduction import _best_on_test, _summary, reproduce

__all__ = ["linear"]  # a fixture: pytest finds it by its name in this module


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store")


@pytest.fixture
def asked(monkeypatch):
    """What condensations and evaluations are asked for, in place of doing them."""
    calls: dict[str, list[dict]] = {"condense": [], "evaluate": []}

    def condense(store, run, **how):
        calls["condense"].append({"store": store, "run": run, **how})
        return SimpleNamespace(index={"outcome": {"step_size": 0.02}})

    def evaluate_run(run, store, *, seeds, baseline_seeds, **how):
        calls["evaluate"].append({"run": run, "seeds": seeds, "baseline_seeds": baseline_seeds, **how})
        (seed,) = baseline_seeds
        scores = {"method": 0.1, "random_equal_vpc": 0.1, "random_equal_bytes": 0.3}
        rows = [
            {"role": role, "results": [result(seed, net, score * (1 + net)) for net in range(seeds)]}
            for role, score in scores.items()
        ]
        return SimpleNamespace(rows=rows)

    monkeypatch.setattr(reproduction, "condense", condense)
    monkeypatch.setattr(reproduction, "evaluate_run", evaluate_run)
    return calls


def result(
    seed: int,
    net: int,
    top1: float | None,
    diverged: bool = False,
    best: float | None = None,
    top5: float | None = None,
) -> dict:
    scores = {} if diverged else {"top1": top1, "top5": top5}
    return {"condensation_seed": seed, "net_seed": net, "diverged": diverged, "legacy_best_on_test": best, **scores}


def test_a_recipe_is_condensed_and_evaluated_as_it_says_on_the_device_it_is_told(store, tmp_path, asked, monkeypatch):
    monkeypatch.setattr(reproduction, "pick_device", lambda name: torch.device("cpu"))
    found = reproduce("miniucf-tsgf-5vpc", tmp_path / "out", store=store.path, seeds=2, nets=4, device="cuda:3")
    recipe = find_recipe("miniucf-tsgf-5vpc")
    assert [call["seed"] for call in asked["condense"]] == [0, 1]
    for number, (made, judged) in enumerate(zip(asked["condense"], asked["evaluate"], strict=True)):
        assert made["run"] == judged["run"] == tmp_path / "out" / f"run-{number}"
        assert (made["method"], made["vpc"], made["options"]) == ("tsgf", 5, dict(recipe.options))
        assert made["store_dtype"] == "float32" and judged["lr"] is None
        assert made["scale"] == "published" and made["device"] == judged["device"] == "cuda:3"
        assert judged["baseline_seeds"] == [number] and judged["seeds"] == 4 and not judged["ceiling"]
        assert (judged["protocol"], judged["labels"], judged["mix"]) == ("published", "soft", "video")
    assert found["ours"]["mean"] == pytest.approx(0.25)
    assert not found["as_published"], "the store is not of the paper's layout"
    assert not any(departure.startswith("scale") for departure in found["departures"])


@pytest.mark.parametrize(("name", "rate"), [("miniucf-mtt-1vpc", 0.02), ("miniucf-vdsd_mtt-5vpc", None)])
def test_networks_learn_at_the_step_size_that_was_learned_where_the_paper_trains_it(
    store, tmp_path, asked, name, rate, monkeypatch
):
    monkeypatch.setattr(reproduction, "_departures", lambda *_: [])
    found = reproduce(name, tmp_path / "out", store=store.path)
    assert [judged["lr"] for judged in asked["evaluate"]] == [rate]
    assert not found["as_published"], "its evaluation is not the paper's, though data and length are"


def test_rows_of_other_baselines_are_not_counted(store, tmp_path, asked):
    """Random clips at equal bytes are no part of what the papers print."""
    found = reproduce("miniucf-prism-1vpc", tmp_path / "out", store=store.path, nets=3)
    assert found["ours"]["mean"] == found["random"]["mean"] == pytest.approx(0.2)
    assert found["ours_best_on_test"] is None and found["gaps_best_on_test"] == [None]


def test_the_best_on_the_test_videos_is_there_where_every_network_has_one():
    fine = [result(0, 0, 0.5, best=0.6), result(0, 1, 0.7, best=0.7)]
    assert _best_on_test(fine, "top1")["mean"] == pytest.approx(0.65)
    assert _best_on_test([*fine, result(1, 0, 0.5)], "top1") is None
    assert _best_on_test([*fine, result(1, 0, None, diverged=True, best=0.9)], "top1") is None


def test_checks_count_top_one_so_a_top_five_recipe_has_no_best(store):
    assert _best_on_test([result(0, 0, 0.5, best=0.6, top5=0.9)], "top5") is None


def test_one_diverged_network_leaves_no_mean_to_flatter():
    fine = [result(0, 0, 0.5), result(0, 1, 0.7)]
    assert _summary(fine, "top1")["mean"] == pytest.approx(0.6)
    assert _summary([*fine, result(1, 0, None, diverged=True)], "top1") is None


def test_the_same_reproduction_again_trains_nothing(store, tmp_path, monkeypatch):
    trained: list[int] = []

    def train(train, bench, seed):
        trained.append(seed)
        scores = {"top1": 0.25, "top5": None, "legacy_best_on_test": 0.5}
        return {**scores, "diverged": False, "fit": {}, "seconds": 0.0}

    monkeypatch.setattr("vidense.evaluation.measure._train_and_test", train)
    asked = {"store": store.path, "scale": "small"}
    first = reproduce("miniucf-random-1vpc", tmp_path / "out", **asked, nets=2)
    before = len(trained)
    assert reproduce("miniucf-random-1vpc", tmp_path / "out", **asked, nets=2) == first
    assert len(trained) == before > 0
    assert (first["ours"]["mean"], first["ours_best_on_test"]["mean"]) == (0.25, 0.5)
    gaps = [[25 - printed, 50 - printed] for printed in (9.9, 10.9)]
    assert list(zip(first["gaps"], first["gaps_best_on_test"], strict=True)) == [pytest.approx(gap) for gap in gaps]
    more = reproduce("miniucf-random-1vpc", tmp_path / "out", **asked, nets=3)
    assert set(trained[before:]) == {2} and more["ours"]["networks"] == 3, "only the network that is new"


GRID = Grid("", (Variant("first"), Variant("two videos", vpc=2), Variant("slow", {"lr": 0.5}), Variant("third one")))


@pytest.fixture
def varied(monkeypatch, linear):
    """A grid over dm, whose condensations are noted and not done: the rate that is searched is the number of videos."""
    calls: list[tuple] = []

    def made(work, variant, bench, vpc, options, seed):
        calls.append((variant.name, vpc, seed, options.get("lr")))
        row = [result(seed, net, 0.2 + 0.1 * seed) for net in range(work.nets)]
        return {"seed": seed, "lr": options.get("lr", float(vpc)), "networks": row, "random": row}

    monkeypatch.setitem(ablation_grids.GRIDS, "dm", {"components": GRID})
    monkeypatch.setattr(ablation._Work, "_set", made)
    # Nothing was condensed that could be drawn.
    monkeypatch.setattr(ablation, "_draw", lambda *_: None)
    return calls


def test_a_rate_is_searched_once_for_each_number_of_videos(store, tmp_path, varied):
    found = ablate("dm", store.path, tmp_path, seeds=2, nets=2, model=NAME)
    assert varied == [
        ("first", 1, 0, None),
        ("first", 1, 1, 1.0),
        ("two videos", 2, 0, None),
        ("two videos", 2, 1, 2.0),
        ("slow", 1, 0, 0.5),
        ("slow", 1, 1, 0.5),
        ("third one", 1, 0, 1.0),
        ("third one", 1, 1, 1.0),
    ]
    assert [row["vpc"] for row in found["rows"]] == [1, 2, 1, 1]
    assert found["rows"][2]["against_first"]["difference"] == pytest.approx(0)


def test_a_rate_that_is_given_is_searched_nowhere(store, tmp_path, varied):
    ablate("dm", store.path, tmp_path, seeds=1, nets=1, model=NAME, options={"lr": 7.0}, vpc=3)
    # What a variant is about wins over what is given for all.
    assert varied == [("first", 3, 0, 7.0), ("two videos", 2, 0, 7.0), ("slow", 3, 0, 0.5), ("third one", 3, 0, 7.0)]


def test_what_is_finished_is_on_disk_when_a_later_variant_fails(store, tmp_path, varied, monkeypatch):
    original = ablation._Work._set

    def failing(work, variant, *rest):
        if variant.name == "slow":
            raise UserError("no")
        return original(work, variant, *rest)

    monkeypatch.setattr(ablation._Work, "_set", failing)
    with pytest.raises(UserError, match="no"):
        ablate("dm", store.path, tmp_path, seeds=1, nets=1, model=NAME)
    kept = ablation.__dict__["FILE"]
    assert '"two videos"' in (tmp_path / kept).read_text() and '"slow"' not in (tmp_path / kept).read_text()


def test_a_variant_of_which_a_network_diverged_has_no_summary_and_no_difference(store, tmp_path, varied, monkeypatch):
    original = ablation._Work._set

    def diverging(work, variant, bench, vpc, options, seed):
        made = original(work, variant, bench, vpc, options, seed)
        if variant.name == "slow":
            made["networks"] = [result(seed, 0, None, diverged=True)]
        return made

    monkeypatch.setattr(ablation._Work, "_set", diverging)
    rows = ablate("dm", store.path, tmp_path, seeds=1, nets=1, model=NAME)["rows"]
    assert [row["summary"] is None for row in rows] == [False, False, True, False]
    assert rows[2]["against_first"] is None and rows[2]["against_random"] is None
    assert rows[3]["against_first"] is not None


def test_a_name_that_is_wrong_is_told_before_anything_is_condensed(store, tmp_path, varied):
    for how in ({"model": "minic4d"}, {"model": NAME, "grid": "componants"}, {"model": NAME, "nets": 0}):
        with pytest.raises(UserError):
            ablate("dm", store.path, tmp_path / "out", **how)
    assert varied == [] and not (tmp_path / "out").exists()
