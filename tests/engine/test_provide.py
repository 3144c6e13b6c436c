"""Making what a method needs, and nothing else, ahead of its runs."""

import pytest

from tests.engine.toys import SPEC, plugged_in
from tests.tiny import write_store
from vidense import condense
from vidense.engine.provide import provide
from vidense.errors import UserError
from vidense.experts import Experts
from vidense.needs import Condensation
from vidense.teachers import Teacher

EXPERTS = {"experts": 2, "expert_length": 2, "expert_batch": 6, "network": "toy_flat", "max_start": 1}
PICTURES = {"static_iterations": 2, "static_lr": 0.1}


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store", spec=SPEC)


def test_experts_alone_are_made_told_and_found_by_the_run(store, tmp_path):
    given = {"method": "vdsd_mtt", "options": {**EXPERTS, **PICTURES}}
    (made,) = provide(store.path, Experts, **given)
    told = made.to_json()
    assert (told["what"], told["experts"], told["epochs"]) == ("toy_flat experts", 2, 2) and told["bytes"] > 1000
    assert not (store.cache / "condensed").exists(), "pictures are learned by the run"
    phases = set()
    condense(store.path, tmp_path / "run", iterations=2, progress=lambda phase, *_: phases.add(phase), **given)
    assert phases == {"2 videos per class by static_dc: condense", "search lr", "condense"}


def test_pictures_alone_are_made(store):
    given = {"method": "vdsd_mtt", "options": {**EXPERTS, **PICTURES}}
    (made,) = provide(store.path, Condensation, **given)
    assert made.to_json()["what"] == "2 videos per class by static_dc"
    assert not (store.cache / "experts").exists()


def test_nothing_is_made_twice_and_progress_is_told(store):
    given, phases = {"method": "mtt", "options": EXPERTS}, []
    provide(
        store.path, Experts, progress=lambda phase, done, total, entry: phases.append((phase, done, total)), **given
    )
    assert phases[0] == ("toy_flat experts: expert 1 of 2", 1, 4) and phases[-1][0].endswith("expert 2 of 2")
    again = []
    provide(store.path, Experts, progress=lambda *parts: again.append(parts), **given)
    assert again == []


@pytest.mark.parametrize("kind", [Experts, Teacher])
@pytest.mark.parametrize("method", ["toy_gain", "random"])
def test_methods_that_need_nothing_make_nothing(store, kind, method):
    assert provide(store.path, kind, method=method) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"max_start": 10}, r"max_start=10 .* to epoch 10, and they are trained for 2"),
        ({"network": "minic3d_bn"}, r"network='minic3d_bn' normalises over batches"),
    ],
)
@pytest.mark.parametrize("given", [{"method": "mtt"}, {"method": "vdsd_mtt", "options": PICTURES}])
def test_experts_that_cannot_be_followed_are_refused_before_anything_is_made(store, given, wrong, message):
    told = []
    given = {**given, "options": {**given.get("options", {}), **EXPERTS, **wrong}}
    with pytest.raises(UserError, match=message):
        provide(store.path, Experts, progress=lambda *parts: told.append(parts), **given)
    assert told == [] and not store.cache.exists()
