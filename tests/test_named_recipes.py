"""Every printed cell is a run that can be asked for, with settings that its method takes."""

import pytest

from vidense import methods  # noqa: F401 - registers them
from vidense.data.layouts import LAYOUTS
from vidense.errors import UserError
from vidense.evaluation.spec import eval_spec
from vidense.method import METHODS
from vidense.named_recipes import DATASETS, find_recipe, named_recipes
from vidense.nets import NETWORKS
from vidense.published import CELLS

RECIPES = named_recipes()


def test_every_cell_is_of_one_recipe():
    held = [cell for recipe in RECIPES.values() for cell in recipe.cells]
    assert sorted(map(repr, held)) == sorted(map(repr, CELLS)) and len(CELLS) > 120
    assert all(find_recipe(name).name == name for name in RECIPES)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_a_recipe_is_something_that_runs(recipe):
    assert recipe.data.layout in LAYOUTS and recipe.cells[0].model in NETWORKS
    METHODS.get(recipe.cells[0].method).validate(recipe.options)
    assert eval_spec(model=recipe.cells[0].model, **recipe.evaluation).hash
    assert set(recipe.unstated).isdisjoint(recipe.options)
    assert recipe.to_json()["printed"]


def test_settings_are_those_of_the_papers():
    assert find_recipe("hmdb51-prism-10vpc").options == {"lr": 75.0, "batch_real": 64}
    assert find_recipe("ssv2-dfs-5vpc").options == {"lr": 30.0, "batch_real": 128}
    assert find_recipe("miniucf-prism-30vpc").unstated == ("iterations", "lr", "batch_real")
    assert find_recipe("hmdb51-dm-1vpc").unstated == ("lr",) and find_recipe("miniucf-dm-1vpc").options["lr"] == 30
    assert find_recipe("hmdb51-tsgf-5vpc").options == {"lr": 0.25, "r_bn": 0.005}
    assert find_recipe("k400-mtt-5vpc").data.metric == "top5"


def test_an_evaluation_is_the_papers_own():
    assert find_recipe("miniucf-prism-1vpc-cnn_gru").evaluation == {"protocol": "published"}
    assert find_recipe("miniucf-frepo-5vpc").evaluation == {"protocol": "frepo"}
    assert find_recipe("miniucf-tsgf-5vpc").evaluation == {"protocol": "published", "labels": "soft", "mix": "video"}
    assert find_recipe("miniucf-sre2l-5vpc").evaluation["mix"] == "none"
    assert set(DATASETS) == {cell.dataset for cell in CELLS}


def test_an_unknown_recipe_is_answered_by_the_nearest():
    with pytest.raises(UserError, match="did you mean 'miniucf-prism-5vpc'"):
        find_recipe("miniucf-prsm-5vpc")
