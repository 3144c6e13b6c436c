"""VDSD on top of other methods: what moves, at which rate, and what stays as it was learned."""

from dataclasses import replace

import pytest
import torch

from tests.engine.toys import SPEC, plugged_in
from tests.tiny import task_on, write_store
from vidense import condense  # noqa: F401 - registers the methods
from vidense.engine.loop import Loop
from vidense.method import METHODS
from vidense.objectives import DistributionMatching, KernelRegression

QUICK = {"lr": 0.1, "static_lr": 0.1, "static_iterations": 2, "network": "toy_flat", "batch_real": 2}


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    store = write_store(tmp_path_factory.mktemp("data") / "store", spec=SPEC)
    return task_on(store.train, store.cache)


def recipe(job, name: str, **options):
    method = METHODS.get(name)
    known = method.options.model.model_fields
    return method.recipe(job, method.validate({key: v for key, v in {**QUICK, **options}.items() if key in known}))


def moved(job, name: str, **options) -> set[str]:
    """Return the groups that two iterations move."""
    made = recipe(job, name, **options)
    made.objective.prepare(job.real)
    before = {group: [t.detach().clone() for t in ts] for group, ts in made.synthetic.trainable().items()}
    list(Loop(made, job.real, seed=0, total=2).run(0, 2))
    after = made.synthetic.trainable()
    return {g for g, ts in before.items() if not all(torch.equal(a, b) for a, b in zip(ts, after[g], strict=True))}


def test_each_method_has_the_memories_and_the_objective_of_the_paper(job):
    dm, frepo = (recipe(job, name) for name in ("vdsd_dm", "vdsd_frepo"))
    assert (dm.synthetic.each, frepo.synthetic.each) == (2, 1)
    assert dm.synthetic.stochastic and not frepo.synthetic.stochastic
    assert isinstance(dm.objective, DistributionMatching) and isinstance(frepo.objective, KernelRegression)


def test_rates_are_as_published(job):
    dm, frepo = (recipe(job, name).optimizer for name in ("vdsd_dm", "vdsd_frepo"))
    assert {name: (group.rate, group.momentum) for name, group in dm.groups.items()} == {
        "dynamic": (0.1, 0.95),
        "hallucinator": (1e-5, 0.95),
    }
    assert {name: group.rate for name, group in frepo.groups.items()} == {
        "dynamic": 0.1,
        "hallucinator": 1e-3,
        "soft_labels": 1e-3,
    }
    # 1e-3 falls to 1e-4.
    assert (frepo.kind, frepo.schedule, frepo.floor) == ("adam", "cosine", 0.1)


def test_pictures_stay_as_they_were_learned_unless_asked(job):
    assert moved(job, "vdsd_dm") == {"dynamic", "hallucinator"}
    assert moved(job, "vdsd_frepo") == {"dynamic", "hallucinator", "soft_labels"}
    assert moved(job, "vdsd_frepo", learn_label=False, train_static=True) == {"dynamic", "hallucinator", "static"}


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ({"static_batch_real": None}, {"outer_loop": 1, "inner_loop": 1}),
        ({"static_batch_real": 3}, {"batch_real": 3, "outer_loop": 1, "inner_loop": 1}),
        (
            {"static_batch_real": None, "static_outer_loop": 3, "static_inner_loop": 2},
            {"outer_loop": 3, "inner_loop": 2},
        ),
    ],
)
def test_pictures_are_learned_with_the_settings_that_are_asked_for(job, given, passed):
    asked = []

    def obtain(task, need):
        asked.append(need)
        return job.workshop.obtain(task, need)

    recipe(replace(job, workshop=replace(job.workshop, obtain=obtain)), "vdsd_dm", **given)
    assert [(need.method, need.vpc, dict(need.options)) for need in asked] == [("static_dc", 4, {"lr": 0.1, **passed})]


def test_both_methods_start_from_the_same_motions_and_hallucinator(job):
    dm, frepo = (recipe(job, name, memories=1).synthetic for name in ("vdsd_dm", "vdsd_frepo"))
    assert torch.equal(dm.decode(torch.arange(6)), frepo.decode(torch.arange(6)))
    assert dm.soft_labels is None and frepo.soft_labels.shape == (6, 3)
