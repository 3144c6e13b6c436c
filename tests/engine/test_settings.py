"""What users leave out, and what they ask for, resolved against a store."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import SPEC, plugged_in
from tests.tiny import write_store
from vidense import condense  # noqa: F401 - registers the methods
from vidense.engine.settings import CondenseSettings, pick_device, resolve
from vidense.errors import UserError
from vidense.method import METHODS, Task


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("data") / "store", spec=SPEC)


def test_everything_may_be_left_out(store):
    job = resolve({"device": "cpu"}, store)
    assert (job.method.name, job.vpc, job.max_frames, job.budget, job.seed) == ("prism", 1, None, None, 0)
    assert (job.scale, job.iterations, job.store_dtype) == ("small", 500, "uint8")
    assert job.options == METHODS.get("prism").validate({})


@pytest.mark.parametrize(
    ("settings", "iterations"),
    [
        ({"method": "dm"}, 500),
        ({"method": "dm", "scale": "published"}, 5000),
        ({"method": "dm", "scale": "published", "iterations": 7}, 7),
        ({"method": "toy_gain", "scale": "small"}, 6),
        ({"method": "toy_gain", "scale": "published"}, 60),
        ({"method": "random"}, 0),
        ({"method": "random", "iterations": 9, "scale": "published"}, 0),
        ({"method": "herding", "iterations": 1}, 0),
    ],
)
def test_length_is_what_was_asked_else_the_methods_own_at_that_scale(store, settings, iterations):
    assert resolve({"device": "cpu", **settings}, store).iterations == iterations


def test_a_gpu_takes_the_published_length(store, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    job = resolve({"method": "dm"}, store)
    assert (job.device.type, job.scale, job.iterations) == ("cuda", "published", 5000)
    assert pick_device("cuda:1").index == 1
    with pytest.raises(UserError, match=r"'cuda:2' is not usable"):
        pick_device("cuda:2")


def test_without_a_gpu_auto_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert pick_device("auto").type == "cpu"
    with pytest.raises(UserError, match=r"'cuda' is not usable here; use cpu"):
        pick_device("cuda")


@pytest.mark.parametrize("name", ["meta", "mps", "xla"])
def test_devices_that_torch_knows_but_we_do_not(name):
    with pytest.raises(UserError, match=name):
        pick_device(name)


def test_all_that_decides_the_result_is_recorded_and_nothing_else(store):
    job = resolve({"method": "toy_keys", "device": "cpu", "seed": 5}, store)
    recorded = job.to_json(store.content_hash)
    assert recorded["data"] == store.content_hash and recorded["options"]["epsilon"] == 0.0
    # Where it runs does not decide what comes out.
    assert set(CondenseSettings.model_fields) - set(recorded) == {"device"}
    same = resolve({"method": "toy_keys", "seed": 5, "iterations": 6, "scale": "small"}, store)
    assert same.to_json(store.content_hash) == recorded


def test_provenance_names_the_rate_that_was_found_and_what_was_learned(store):
    job = resolve({"method": "toy_keys", "options": {"lr": "auto"}}, store)
    asked = job.to_json(store.content_hash)
    found = job.provenance(asked, lr=0.25, outcome={"gain": 1.5})
    assert found["settings"]["options"] == {**asked["options"], "lr": 0.25} and found["outcome"] == {"gain": 1.5}
    assert job.provenance(asked, lr=None, outcome={})["settings"]["options"]["lr"] == "auto"
    assert asked["options"]["lr"] == "auto" and found["method"] == {"name": "toy_keys", "paper": "none"}


def test_auto_must_be_resolved_before_a_recipe_is_built(store, tmp_path):
    job = resolve({"method": "toy_keys", "options": {"lr": "auto"}}, store)
    task = Task(store.train, 1, 0, tmp_path)
    with pytest.raises(ValueError, match="resolved before"):
        job.build(task)
    assert job.build(task, 0.5).optimizer.groups["frames"].rate == 0.5


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "method": st.sampled_from(["prism", "dm", "toy_keys", "nonsense", 3]),
            "vpc": st.integers(-1, 6) | st.just("many"),
            "budget": st.sampled_from(["1kB", "1MB", "5 parsecs", 7]),
            "iterations": st.integers(-1, 3),
            "device": st.sampled_from(["cpu", "tpu"]),
            "store_dtype": st.sampled_from(["uint8", "int2"]),
            "options": st.sampled_from([{}, {"lr": -1}, {"lr": 2.0}, {"speed": 1}, []]),
            "colour": st.just("red"),
        },
    )
)
def test_any_settings_are_a_job_or_one_sentence(store, settings):
    try:
        job = resolve(settings, store)
    except UserError as error:
        assert "\n" not in str(error) and str(error)
        return
    assert 1 <= job.vpc <= 4 and job.iterations >= 0
    assert (job.max_frames is None) == (job.budget is None)


def test_mistakes_of_the_method_do_not_hide_those_of_the_rest(store):
    with pytest.raises(UserError) as caught:
        resolve({"method": "prisn", "vpc": 99, "device": "abacus", "iterations": -4, "seed": "x"}, store)
    words = ("did you mean 'prism'", "vpc=99", "'abacus'", "iterations=-4", "seed='x'")
    assert all(word in str(caught.value) for word in words)


def test_a_wrong_option_does_not_hide_a_wrong_count(store):
    with pytest.raises(UserError, match=r"momentum=2.*vpc=0"):
        resolve({"method": "toy_keys", "options": {"momentum": 2}, "vpc": 0}, store)


@pytest.mark.parametrize(
    ("method", "options", "frames"),
    [
        ("prism", {}, (2, 8)),
        ("prism", {"criterion": "none"}, (2, 2)),
        ("prism", {"initial_keys": 12}, (12, 12)),
        ("prism", {"initial_keys": 40}, (16, 16)),
        ("prism", {"all_learnable": True}, (16, 16)),
        ("dfs", {}, (2, 8)),
        ("dm", {}, (16, 16)),
        ("random", {}, (16, 16)),
    ],
)
def test_fewest_and_usual_frames_of_a_video(method, options, frames):
    entry = METHODS.get(method)
    assert entry.frames(16, entry.validate(options)) == frames


@pytest.mark.parametrize("method", ["prism", "dfs", "dm", "random"])
def test_a_budget_buys_no_fewer_videos_when_it_grows(store, method):
    frames = 4 * (3 * 16 + 8)
    bought = [resolve({"method": method, "budget": f"{7300 + n * frames}"}, store) for n in range(0, 40, 3)]
    assert [job.vpc for job in bought] == sorted(job.vpc for job in bought)
    assert bought[0].vpc == 1 and bought[-1].vpc == 4
    assert all(1 <= job.max_frames <= 4 for job in bought)


def test_a_budget_limits_the_insertions_of_the_recipe_it_was_given_to(store, tmp_path):
    settings = {"method": "prism", "budget": "6900", "options": {"lr": 1.0, "network": "toy_flat"}}
    job = resolve(settings, store)
    assert job.max_frames == 2
    recipe = job.build(Task(store.train, job.vpc, 0, tmp_path, job.max_frames))
    assert recipe.hooks[0].rule.max_keys == 2
