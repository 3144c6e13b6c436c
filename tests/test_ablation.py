"""Grids of variants: that methods take their options, and that one learning rate serves a whole grid."""

import json

import pytest

from tests.evaluation.conftest import write_store
from tests.small_net import NAME, linear
from vidense import ablation_grids
from vidense import methods as _registered  # noqa: F401 - registers them
from vidense.ablation import FILE, ablate
from vidense.ablation_grids import Grid, Variant, grid_of, grids_of
from vidense.cli import run
from vidense.errors import UserError
from vidense.evaluation.spec import eval_spec
from vidense.method import METHODS

__all__ = ["linear"]  # a fixture: pytest finds it by its name in this module

EVERY = [(method, name, grid) for method in METHODS for name, grid in grids_of(method).items()]


@pytest.mark.parametrize(("method", "name", "grid"), EVERY, ids=[f"{method}-{name}" for method, name, _ in EVERY])
def test_a_method_takes_every_variant_and_the_first_is_the_method_itself(method, name, grid):
    assert len(grid.variants) > 1 and len({variant.name for variant in grid.variants}) == len(grid.variants)
    defaults = METHODS.get(method).validate({})
    for variant in grid.variants:
        options = METHODS.get(method).validate(variant.options)
        spec = eval_spec("clean", "minic3d", **{**grid.evaluation, **variant.evaluation})
        whole = variant.half is None and variant.motion is None and variant.frames in (None, 16)
        same = options == defaults and variant.vpc in (None, 1) and not variant.evaluation and whole
        assert same == (variant is grid.variants[0]) and spec.hash


def test_tsgf_is_judged_under_soft_labels_along_its_sizes_too():
    assert {name for name, grid in grids_of("tsgf").items() if grid.evaluation.get("labels") == "soft"} == set(
        grids_of("tsgf")
    )
    assert not any(grid.evaluation for grid in grids_of("prism").values())


def test_an_unknown_grid_is_answered_by_the_nearest():
    with pytest.raises(UserError, match="prism has no grid 'epsilom'; did you mean 'epsilon'"):
        grid_of("prism", "epsilom")
    with pytest.raises(UserError, match="dm has no grid 'components'"):
        grid_of("dm", "components")


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store")


@pytest.fixture
def starts(monkeypatch, linear):
    """A grid over dm's start, with a network that trains in no time."""
    grid = Grid("a paper", (Variant("as published"), Variant("from noise", {"start": "noise"})))
    monkeypatch.setitem(ablation_grids.GRIDS, "dm", {"components": grid})
    return {"iterations": 6, "options": {"network": NAME}}


def test_a_grid_is_condensed_evaluated_and_set_against_its_first_row(store, tmp_path, starts):
    out = tmp_path / "out"
    found = ablate("dm", store.path, out, seeds=2, nets=2, model=NAME, **starts)
    first, second = found["rows"]
    assert json.loads((out / "ablation.json").read_text()) == json.loads(json.dumps(found))
    assert first["against_first"] is None and second["against_first"]["pairs"] == 2
    assert first["against_random"]["pairs"] == 2 and first["summary"]["networks"] == 2
    rates = {one["lr"] for row in found["rows"] for one in row["sets"]}
    assert len(rates) == 1 and None not in rates, "one search serves the grid"
    searched = [folder.name for folder in out.iterdir() if (folder / "run.json").exists()]
    assert sorted(searched) == ["as-published-0", "as-published-1", "from-noise-0", "from-noise-1"]
    means = [row["summary"]["mean"] for row in found["rows"]]
    assert second["against_first"]["difference"] == pytest.approx(means[1] - means[0])
    pictures = sorted(file.name for file in (out / "strips").iterdir())
    assert pictures == ["00000-down.png", "00001-left.png", "00002-up.png"]


def test_variants_that_the_store_has_no_videos_for_are_left_out_and_named(store, tmp_path, starts, capsys):
    words = ["ablate", "dm", "--on", str(store.path), "--out", str(tmp_path / "out"), "--seeds", "1", "--nets", "1"]
    words += ["--model", NAME, "--iterations", "2", "--set", f"network={NAME}", "--set", "lr=1", "--grid", "vpc"]
    assert run(words) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("left out")]
    rule = "must be from 1 to 4, the number of training videos of the smallest class ('down')"
    assert told == [f"left out: {vpc} videos per class (vpc={vpc} {rule})" for vpc in (5, 10, 20, 30)]
    found = json.loads((tmp_path / "out" / "ablation.json").read_text())
    assert [row["vpc"] for row in found["rows"]] == [1, 2] and len(found["left_out"]) == 4


def test_a_grid_of_which_nothing_or_the_first_alone_is_left_is_refused_before_anything_is_made(tmp_path, linear):
    single = write_store(tmp_path / "single", train=1)
    for asked, words in (
        ({}, r"nothing can be set against '1 videos per class' on this store \(2 videos"),
        ({"options": {"lr": -1}}, "lr=-1"),
    ):
        with pytest.raises(UserError, match=words):
            ablate("dm", single.path, tmp_path / "out", grid="vpc", model=NAME, **asked)
    assert not (tmp_path / "out").exists()


def test_the_same_call_again_trains_nothing(store, tmp_path, starts, monkeypatch):
    first = ablate("dm", store.path, tmp_path / "out", seeds=1, nets=1, model=NAME, **starts)
    monkeypatch.setattr("vidense.evaluation.measure._train_and_test", lambda *_: pytest.fail("trained again"))
    again = ablate("dm", store.path, tmp_path / "out", seeds=1, nets=1, model=NAME, **starts)
    assert again["rows"] == first["rows"]


def test_the_command_prints_rows_and_grids(store, tmp_path, starts, capsys):
    words = ["ablate", "dm", "--on", str(store.path), "--out", str(tmp_path / "out"), "--seeds", "1", "--nets", "1"]
    assert run([*words, "--model", NAME, "--iterations", "6", "--set", f"network={NAME}"]) == 0
    out = capsys.readouterr().out
    assert "dm, components, a paper" in out and "from noise" in out and "ablation.json" in out
    assert {"accuracy.svg", "accuracy.png"} <= {file.name for file in (tmp_path / "out").iterdir()}
    assert run(["ablate", "dm", "--list"]) == 0
    assert "components (a paper): as published, from noise" in capsys.readouterr().out
    assert run(["ablate", "dm"]) == 2 and run([*words, "--seeds", "0"]) == 2


def test_another_grid_does_not_replace_what_was_found(store, tmp_path, starts):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / FILE).write_text('{"method": "dm", "grid": "vpc"}')
    with pytest.raises(UserError, match="is not of the grid 'components' of 'dm'; give another --out"):
        ablate("dm", store.path, tmp_path / "out", model=NAME, **starts)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [FILE]


def test_halves_are_condensed_apart_and_not_set_against_all_classes(store, tmp_path, starts):
    out = tmp_path / "out"
    found = ablate("dm", store.path, out, grid="groups", seeds=1, nets=1, model=NAME, **starts)
    everything, static, dynamic = found["rows"]
    assert len(everything["classes"]) == 3 and len(static["classes"]) == 2 and len(dynamic["classes"]) == 1
    assert sorted(static["classes"] + dynamic["classes"]) == sorted(everything["classes"])
    assert static["against_first"] is None and static["against_random"]["pairs"] == 1
    assert dynamic["summary"]["mean"] == 1, "one class cannot be mistaken"


def test_prism_on_videos_without_motion_and_with_abrupt_motion(store, tmp_path, linear):
    out, options = tmp_path / "out", {"iterations": 6, "options": {"network": NAME, "lr": 1.0}}
    found = ablate("prism", store.path, out, grid="motion", seeds=1, nets=1, model=NAME, **options)
    filmed, still, abrupt = found["rows"]
    assert still["motion"] == 0 < filmed["motion"] and abrupt["motion"] > 0
    assert still["sets"][0]["motion"] > 0, "noise at both ends moves, whatever the videos do"
    assert still["against_first"] is None, "other test clips, of the same classes"
    assert still["against_random"]["pairs"] == 1


def test_the_share_of_the_gradient_is_known_where_all_frames_are_learned(store, tmp_path, linear, monkeypatch):
    grid = Grid("", (Variant("two frames"), Variant("all frames", {"all_learnable": True})))
    monkeypatch.setitem(ablation_grids.GRIDS["prism"], "frames learned", grid)
    options = {"iterations": 6, "options": {"network": NAME, "lr": 1.0}}
    found = ablate("prism", store.path, tmp_path / "out", grid="frames learned", seeds=1, nets=1, model=NAME, **options)
    two, every = (row["sets"][0]["gradient_share"] for row in found["rows"])
    assert two is None and len(every) == 8 and sum(every) == pytest.approx(1)


def test_one_class_has_no_halves(tmp_path, store, linear):
    from vidense.data.derive import write_classes

    alone = write_classes(store, [1], tmp_path / "alone")
    with pytest.raises(UserError, match="at least two classes"):
        ablate("dm", alone.path, tmp_path / "out", grid="groups", seeds=1, nets=1, model=NAME, iterations=6)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("*/run.json"))
