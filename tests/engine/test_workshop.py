"""What a recipe needs is made once, resumed when interrupted, shared by runs; and only priced by a plan."""

from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import pytest
import torch

from tests.engine.toys import SPEC, Killed, plugged_in
from tests.tiny import real_clips, task, task_on, write_store
from vidense import condense, load
from vidense.engine import workshop as module
from vidense.engine.plan import plan
from vidense.engine.workshop import making, rehearsing
from vidense.method import Task
from vidense.needs import Condensation, Need
from vidense.parameterizations import Dense

VIDEOS = Condensation("toy_gain", 3, 4)
QUICK = {"network": "toy_flat", "precision": "float32", "lr": 1.0, "static_lr": 0.1, "static_iterations": 3}


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


@dataclass(frozen=True)
class Number(Need[int]):
    """Counts how often it is made."""

    made: list

    def describe(self):
        return "a number"

    def make(self, task, report):
        self.made.append(task.vpc)
        report("count", 1, 1, {})
        return 7

    def stand_in(self, task):
        return 0

    def seconds(self, task):
        return 5.0


def test_a_need_is_made_and_says_what_it_is():
    told = []
    of = Task(real_clips(spec=SPEC), 2, 0, Path(), workshop=making(lambda *parts: told.append(parts), 60))
    number = Number([])
    assert of.obtain(number) == 7 and number.made == [2]
    assert told == [("a number: count", 1, 1, {})]


def test_a_task_of_the_library_makes_needs_but_cannot_condense(tmp_path):
    alone = Task(real_clips(spec=SPEC), 1, 0, tmp_path)
    assert alone.obtain(Number([])) == 7
    with pytest.raises(RuntimeError, match="engine"):
        alone.obtain(VIDEOS)


def test_videos_of_another_method_are_condensed_once(tmp_path):
    with mock.patch.object(module, "execute", wraps=module.execute) as ran:
        first = task(tmp_path, spec=SPEC).obtain(VIDEOS)
        second = task(tmp_path, spec=SPEC, vpc=2).obtain(VIDEOS)
    assert ran.call_count == 1
    assert isinstance(first, Dense) and len(first) == 9 and torch.equal(first.frames, second.frames)


def test_another_seed_or_other_clips_are_another_run(tmp_path):
    found = [task(tmp_path, spec=SPEC, seed=seed).obtain(VIDEOS).frames for seed in (0, 1)]
    assert not torch.equal(*found)
    fewer = task(tmp_path, spec=SPEC, videos=3)
    fewer.real.content = "others"
    fewer.obtain(VIDEOS)
    assert len(list((tmp_path / "condensed").iterdir())) == 3


def test_an_interrupted_need_continues_where_it_was(tmp_path):
    seen = []

    def kill(phase, done, total, entry):
        seen.append(done)
        if len(seen) == 2:
            raise Killed

    real = real_clips(spec=SPEC)
    with pytest.raises(Killed):
        Task(real, 1, 0, tmp_path, workshop=making(kill, 0)).obtain(VIDEOS)
    resumed = Task(real, 1, 0, tmp_path, workshop=making(kill, 0)).obtain(VIDEOS)
    assert seen == [1, 2, 2, 3, 4] or seen == [1, 2, 3, 4]
    assert torch.equal(resumed.frames, task_on(real, tmp_path / "other").obtain(VIDEOS).frames)


def test_a_plan_makes_nothing_and_says_what_will_be_made(tmp_path):
    store = write_store(tmp_path / "store", spec=SPEC)
    given = {"method": "vdsd_dm", "iterations": 4, "options": QUICK}
    before = plan(store.path, **given)
    assert not store.cache.exists()
    assert [need["what"] for need in before.needs] == ["2 videos per class by static_dc"]
    assert before.needs[0]["seconds"] > 0 and before.seconds > before.needs[0]["seconds"]
    condense(store.path, tmp_path / "run", **given)
    after = plan(store.path, **given)
    assert after.needs[0]["seconds"] == 0
    assert "in the store's cache already" in after.sentences()[1]


def test_pictures_are_shared_by_runs_and_kept_as_they_were_learned(tmp_path):
    store = write_store(tmp_path / "store", spec=SPEC)
    runs = [
        condense(store.path, tmp_path / name, method="vdsd_dm", iterations=length, options=QUICK, store_dtype="float32")
        for name, length in (("short", 2), ("long", 5))
    ]
    (folder,) = (store.cache / "condensed").iterdir()
    learned = load(folder).parameterization.pictures.frames.flatten()
    for dataset in runs:
        assert torch.equal(dataset.parameterization.static.flatten(), learned)
    dynamic = [dataset.parameterization.dynamic for dataset in runs]
    assert not torch.equal(*dynamic)


def test_pictures_may_outnumber_the_real_videos(tmp_path):
    store = write_store(tmp_path / "store", spec=SPEC)
    dataset = condense(store.path, tmp_path / "run", method="vdsd_dm", iterations=2, vpc=4, options=QUICK)
    assert dataset.parameterization.static.shape[:2] == (12, 2)


def test_finding_a_price_is_timed_apart_and_once_where_needs_have_needs(tmp_path, monkeypatch):
    clock, notes = [0.0], []
    monkeypatch.setattr(module.time, "perf_counter", lambda: clock[0])

    @dataclass(frozen=True)
    class Slow(Number):
        inner: Need | None = None

        def seconds(self, task):
            if self.inner is not None:
                task.obtain(self.inner)
            clock[0] += 7
            return 100.0

        def stand_in(self, task):
            clock[0] += 2
            return 0

    job = replace(task(tmp_path), workshop=rehearsing(notes, lambda job, task: 0.0))
    job.obtain(Slow([], inner=Slow([])))
    assert [note["rehearsed"] for note in notes] == [9, 9] and clock == [18]
