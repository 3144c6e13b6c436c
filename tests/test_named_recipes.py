"""Every printed cell is a run that can be asked for, with settings that its method takes."""

import json
from pathlib import Path

import pytest

from vidense import methods  # noqa: F401 - registers them
from vidense.data.layouts import LAYOUTS, LayoutOptions, scan
from vidense.data.layouts.ucf101 import MINIUCF_CLASSES
from vidense.data.settings import PrepareSettings
from vidense.errors import UserError
from vidense.evaluation.spec import eval_spec
from vidense.method import METHODS
from vidense.named_recipes import DATASETS, FREPO_BATCH, find_recipe, named_recipes
from vidense.nets import NETWORKS
from vidense.published import CELLS

RECIPES = named_recipes()
SPLITS = ("train", "test")


def test_every_cell_is_of_one_recipe():
    held = [cell for recipe in RECIPES.values() for cell in recipe.cells]
    assert sorted(map(repr, held)) == sorted(map(repr, CELLS)) and len(CELLS) > 120
    assert all(find_recipe(name).name == name for name in RECIPES)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_a_recipe_is_something_that_runs(recipe):
    assert recipe.data.layout in LAYOUTS and recipe.cells[0].model in NETWORKS
    METHODS.get(recipe.cells[0].method).validate(recipe.options)
    assert eval_spec(model=recipe.cells[0].model, **recipe.evaluation).hash
    assert set(recipe.unstated).isdisjoint(recipe.options) and set(recipe.readings) <= set(recipe.options)
    assert recipe.to_json()["printed"]


def test_settings_are_those_of_the_papers():
    assert find_recipe("hmdb51-prism-10vpc").options == {"lr": 75.0, "batch_real": 64}
    assert find_recipe("ssv2-dfs-5vpc").options == {"lr": 30.0, "batch_real": 128}
    assert find_recipe("hmdb51-dm-1vpc").unstated == ("lr",) and find_recipe("miniucf-dm-1vpc").options["lr"] == 30
    assert find_recipe("hmdb51-tsgf-5vpc").options == {"lr": 0.25, "r_bn": 0.005}
    assert find_recipe("k400-mtt-5vpc").data.metric == "top5"


def test_frepo_draws_about_512_real_clips_of_all_classes_together():
    """The option counts those of each class."""
    assert {name: table[5] for name, table in FREPO_BATCH.items()} == {
        "MiniUCF": 10,
        "HMDB51": 10,
        "K400": 1,
        "SSv2": 3,
    }
    assert find_recipe("miniucf-frepo-1vpc").options == {"batch_real": 10}
    assert find_recipe("hmdb51-vdsd_frepo-5vpc").options["batch_real"] == 10


def test_vdsd_learns_pictures_as_published():
    found = [recipe for recipe in RECIPES.values() if recipe.cells[0].method.startswith("vdsd")]
    assert len(found) > 12
    for recipe in found:
        assert (recipe.options["static_lr"], recipe.options["static_batch_real"]) == (0.1, 256)
    # Ten pictures a class, at 5 videos of two each: DC's loops for ten. FRePo's videos have one.
    for vpc, loops in {1: (1, 1), 5: (10, 50)}.items():
        for name in (f"miniucf-vdsd_dm-{vpc}vpc", f"ssv2-vdsd_mtt-{vpc}vpc"):
            options = find_recipe(name).options
            assert (options["static_outer_loop"], options["static_inner_loop"]) == loops
    assert "static_outer_loop" not in find_recipe("miniucf-vdsd_frepo-5vpc").options


def test_dm_has_the_momentum_of_who_ran_it():
    momenta = {name: find_recipe(name).options["momentum"] for name in ("miniucf-dm-1vpc", "hmdb51-dm-10vpc")}
    assert momenta == {"miniucf-dm-1vpc": 0.5, "hmdb51-dm-10vpc": 0.95}


def test_vdsd_on_mtt_trains_in_the_batches_of_its_scripts():
    pictures = {"static_lr": 0.1, "static_batch_real": 256, "static_outer_loop": 10, "static_inner_loop": 50}
    five = {**pictures, "lr_hallucinator": 1e-3, "lr": 1e4, "syn_steps": 5, "batch_syn": 128}
    assert find_recipe("miniucf-vdsd_mtt-5vpc").options == five
    assert find_recipe("miniucf-vdsd_mtt-5vpc").unstated == ()
    assert find_recipe("miniucf-vdsd_mtt-1vpc").unstated == ("batch_syn",)
    for vpc in (1, 5):
        assert find_recipe(f"k400-vdsd_mtt-{vpc}vpc").options["batch_syn"] == 256
        unstated = ("lr", "lr_hallucinator", "syn_steps")
        assert find_recipe(f"k400-vdsd_mtt-{vpc}vpc").unstated == unstated
        assert find_recipe(f"hmdb51-vdsd_mtt-{vpc}vpc").unstated == (*unstated, "batch_syn")
        assert find_recipe(f"ssv2-vdsd_mtt-{vpc}vpc").unstated == (*unstated, "batch_syn")


def test_where_a_table_ends_our_reading_is_marked_as_such():
    for dataset in ("miniucf", "hmdb51"):
        prism = find_recipe(f"{dataset}-prism-30vpc")
        assert (prism.options, prism.readings) == ({"lr": 150.0, "batch_real": 64}, ("lr", "batch_real"))
        assert prism.unstated == ("iterations",) and prism.to_json()["readings"] == ["lr", "batch_real"]
    tsgf = find_recipe("miniucf-tsgf-10vpc")
    assert tsgf.options == find_recipe("miniucf-tsgf-5vpc").options and tsgf.readings == ("lr", "r_bn")
    marked = {recipe.name for recipe in RECIPES.values() if recipe.readings}
    assert marked == {"miniucf-prism-30vpc", "hmdb51-prism-30vpc", "miniucf-tsgf-10vpc"}


def test_an_evaluation_is_the_papers_own():
    assert find_recipe("miniucf-prism-1vpc-cnn_gru").evaluation == {"protocol": "published"}
    assert find_recipe("miniucf-frepo-5vpc").evaluation == {"protocol": "frepo"}
    assert find_recipe("miniucf-tsgf-5vpc").evaluation == {"protocol": "published", "labels": "soft", "mix": "video"}
    assert find_recipe("miniucf-sre2l-5vpc").evaluation["mix"] == "none"
    assert set(DATASETS) == {cell.dataset for cell in CELLS}


def test_where_the_paper_evaluates_otherwise_it_is_said():
    epoch, batch, kept = "epoch 400 of 500", "batches of 128", "keeps the step size"
    for name, told in {
        "miniucf-mtt-1vpc": (epoch,),
        "hmdb51-mtt-5vpc": (epoch,),
        "miniucf-vdsd_mtt-1vpc": (),
        "ssv2-vdsd_mtt-5vpc": (batch, kept),
        "miniucf-vdsd_dm-5vpc": (),
        "miniucf-prism-5vpc": (),
    }.items():
        found = find_recipe(name).to_json()["evaluation_departures"]
        assert len(found) == len(told) and all(part in line for part, line in zip(told, found, strict=True)), name
    learned = {name for name, recipe in RECIPES.items() if recipe.learned_rate}
    assert "k400-mtt-5vpc" in learned and "ssv2-vdsd_mtt-1vpc" in learned
    assert not learned & {"miniucf-vdsd_mtt-5vpc", "miniucf-dm-1vpc", "miniucf-frepo-1vpc"}
    ours = eval_spec(model="minic3d", **find_recipe("miniucf-mtt-1vpc").evaluation).recipe
    assert (ours.lr, ours.batch) == (0.01, 256)


def unpacked(name: str, folder: Path) -> Path:
    """Return a folder that looks like a dataset of next to no videos, all of them empty files."""
    if name == "MiniUCF":
        texts = {f"{split}list01.txt": "".join(f"{c}/v_{c}_g01_c01.avi\n" for c in MINIUCF_CLASSES) for split in SPLITS}
        videos = [f"{c}/v_{c}_g01_c01.avi" for c in MINIUCF_CLASSES]
    elif name == "HMDB51":
        texts = {"run_test_split1.txt": "a_run_f_nm_np1_fr_med_0.avi 1\n"}
        videos = ["run/a_run_f_nm_np1_fr_med_0.avi"]
    elif name == "K400":
        rows = "label,youtube_id,time_start,time_end\n"
        texts = {"train.csv": f"{rows}run,abc,0,10\n", "validate.csv": rows}
        videos = ["abc_000000_000010.mp4"]
    else:
        texts = {part: json.dumps([{"id": "1", "template": "Running"}]) for part in ("train.json", "validation.json")}
        texts["labels.json"] = json.dumps({"Running": "0"})
        videos = ["1.webm"]
    for path, text in {**texts, **dict.fromkeys(videos, "")}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.mark.parametrize("name", DATASETS)
def test_a_layout_takes_clips_as_the_papers_do_unless_told_otherwise(name, tmp_path):
    """So that a store made with nothing but ``--layout`` is the paper's."""
    data, first = DATASETS[name], LayoutOptions()
    listing = scan(unpacked(name, tmp_path), data.layout, first)
    left_open = dict.fromkeys(("frames", "stride", "size", "resize", "clips"))
    settings = PrepareSettings.of(listing, first, **left_open).to_json()
    assert settings == {"layout": data.layout, **data.prepared, "seed": 0} and listing.expected == data.videos


def test_an_unknown_recipe_is_answered_by_the_nearest():
    with pytest.raises(UserError, match="did you mean 'miniucf-prism-5vpc'"):
        find_recipe("miniucf-prsm-5vpc")
