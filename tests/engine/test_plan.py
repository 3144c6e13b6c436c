"""The plan against what a run then really takes."""

import subprocess
import sys
from math import prod

import pytest

from tests.tiny import write_store
from vidense import condense
from vidense.data.spec import ClipSpec
from vidense.data.store import ClipStore
from vidense.engine.plan import plan
from vidense.engine.tune import waiting_of
from vidense.errors import UserError
from vidense.method import METHODS


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan") / "store"
    write_store(folder)
    return folder


def test_key_frames_range_from_the_initial_ones_to_all(store, tmp_path):
    settings = {"iterations": 4, "options": {"lr": 3.0, "batch_real": 2, "epsilon": 1.1}}
    found = plan(store, **settings)
    assert (found.least.frames, found.most.frames) == (6, 24)
    real = condense(store, tmp_path / "run", **settings)
    assert found.least.bytes <= real.storage.bytes <= found.most.bytes
    assert found.seconds_search == 0 and found.seconds_per_iteration > 0
    assert found.seconds >= 4 * found.seconds_per_iteration
    assert found.peak_memory > 10**7


def test_the_largest_number_of_key_frames_is_kept(store):
    options = {"lr": 1.0, "batch_real": 2}
    assert plan(store, iterations=3, options={**options, "max_keys": 3}).most.frames == 9
    fixed = plan(store, iterations=3, options={**options, "criterion": "none"})
    assert fixed.least == fixed.most


def test_dense_videos_are_sized_to_the_byte(store, tmp_path):
    settings = {"method": "dm", "vpc": 2, "iterations": 2, "options": {"lr": 1.0, "batch_real": 2}}
    found, real = plan(store, **settings), condense(store, tmp_path / "run", **settings)
    assert found.least.to_json() == found.most.to_json() == real.storage.to_json()
    assert any("48 stored frames" in sentence for sentence in found.sentences())


def test_a_budget_says_what_it_buys(store):
    found = plan(store, budget="100kB", iterations=2, options={"batch_real": 2})
    assert found.max_frames is not None and found.most.bytes <= 100_000
    assert f"at most {found.max_frames} stored frames each" in found.sentences()[0]


def test_a_search_is_added(store):
    found = plan(store, method="dm", iterations=100, options={"batch_real": 2})
    assert 0 < found.seconds_search < 100 * found.seconds_per_iteration
    assert "to find a learning rate" in found.sentences()[1]


def test_candidates_that_wait_in_a_search_are_counted(store, monkeypatch):
    monkeypatch.setattr("vidense.engine.plan.peak_memory", lambda device: 0)
    settings = {"method": "dm", "vpc": 2, "iterations": 2}
    assert plan(store, **settings, options={"batch_real": 2, "lr": 1.0}).peak_memory == 0
    # Videos of two of the three classes, as much momentum, and their labels.
    clip, candidates = prod(ClipStore.open(store).spec.shape), len(METHODS.get("dm").rates)
    state = 4 * (2 * 4 * clip + 8)
    assert plan(store, **settings, options={"batch_real": 2}).peak_memory == waiting_of(candidates) * state


def test_methods_that_choose_at_once(store):
    found = plan(store, method="random")
    assert (found.iterations, found.seconds_per_iteration, found.seconds_search) == (0, 0, 0)
    assert "chosen at once" in found.sentences()[1]
    assert found.to_json()["least"]["frames"] == 24


def test_nothing_is_left_behind(store):
    before = sorted(store.rglob("*"))
    plan(store, iterations=2, options={"lr": 1.0, "batch_real": 2})
    assert sorted(store.rglob("*")) == before


def test_the_same_mistakes_as_of_a_run(store):
    with pytest.raises(UserError, match=r"vpc=9.*"):
        plan(store, vpc=9)


PEAK = """
import sys
import torch
from vidense import condense, methods
from vidense.engine.plan import plan
from vidense.hardware import peak_memory

store, out = sys.argv[1:]
before = peak_memory(torch.device("cpu"))
options = {"lr": 1.0, "syn_steps": 4, "expert_length": 3, "max_start": 1}
settings = {"method": "mtt", "vpc": 1, "iterations": 3, "device": "cpu", "options": options}
if out == "plan":
    held = plan(store, **settings).peak_memory
else:
    condense(store, out, **settings)
    held = peak_memory(torch.device("cpu"))
print(held - before)
"""


@pytest.mark.slow
def test_the_memory_of_trajectory_matching_is_foreseen(tmp_path):
    store = write_store(tmp_path / "store", spec=ClipSpec(8, 48, 48)).path

    def taken(out: str) -> int:
        """Return the bytes that a process of its own holds beyond its libraries."""
        told = subprocess.run([sys.executable, "-c", PEAK, store, out], capture_output=True, text=True, check=True)
        return int(told.stdout)

    assert taken("plan") == pytest.approx(taken(tmp_path / "run"), rel=0.3)
