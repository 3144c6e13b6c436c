"""What a plan says in words, and how its numbers come about, without measuring anything."""

from dataclasses import replace

import pytest

from tests.engine.toys import SPEC, plugged_in
from tests.tiny import write_store
from vidense.condensed import Storage
from vidense.engine import plan as module
from vidense.engine.plan import MEASURED, WARM_UP, Plan, plan
from vidense.engine.tune import SHARE

PLAN = Plan(
    method="prism",
    classes=50,
    vpc=1,
    max_frames=None,
    iterations=1000,
    device={"device": "A Card", "threads": 1},
    seconds_per_iteration=0.25,
    seconds_setup=10.0,
    seconds_search=40.0,
    needs=(),
    peak_memory=3_000_000_000,
    least=Storage({"frames": 1_500_000, "index": 500}, 1_500_000, 100.0),
    most=Storage({"frames": 12_000_000, "index": 500}, 12_000_000, 800.0),
)


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("data") / "store", spec=SPEC).path


def test_a_plan_in_words():
    assert PLAN.seconds == 10 + 40 + 250
    assert PLAN.sentences() == [
        "prism: 50 classes x 1 = 50 synthetic videos",
        "time: about 5 min, 40 s of it to find a learning rate: 1000 iterations of 250 ms, measured on A Card, "
        "1 thread",
        "memory: 3.0 GB",
        "disk: 1.5 MB to 12.0 MB (100 to 800 stored frames, 5.72 to 45.8 MiB counted as float32), depending on how "
        "many key-frames are inserted",
    ]


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ({"vpc": 3, "max_frames": 5}, 0, "50 classes x 3 = 150 synthetic videos, at most 5 stored frames each"),
        ({"needs": ({"what": "3 experts", "seconds": 120.0},)}, 1, "first: 3 experts, about 2 min"),
        ({"needs": ({"what": "3 experts", "seconds": 0.0},)}, 1, "first: 3 experts, in the store's cache already"),
        ({"needs": ({"what": "3 experts", "seconds": 300.0},)}, 2, "time: about 10 min, 40 s of it"),
        ({"seconds_search": 0.0}, 1, "time: about 4.3 min: 1000 iterations"),
        ({"device": {"device": "CPU", "threads": 8}}, 1, "on CPU, 8 threads"),
        ({"iterations": 0, "seconds_search": 0.0}, 1, "time: 10 s on A Card, 1 thread; the videos are chosen at once"),
        ({"most": PLAN.least}, 3, "disk: 1.5 MB (100 stored frames, 5.72 MiB counted as float32)"),
    ],
)
def test_each_sentence_says_what_there_is_to_say(changes, line, words):
    assert words in replace(PLAN, **changes).sentences()[line]


def test_the_plan_as_json_holds_both_storages_and_the_sum():
    told = PLAN.to_json()
    assert told["seconds"] == 300.0 and told["least"]["frames"] == 100.0 and told["most"]["bytes"] == 12_000_500
    assert {"method", "vpc", "peak_memory", "device"} <= set(told)


@pytest.fixture
def clock(monkeypatch):
    """Pretend that an iteration takes two seconds and a judgement one."""
    timed = iter([2.0 * MEASURED, 1.0])

    def work(doing, device):
        doing()
        return next(timed)

    monkeypatch.setattr(module, "_timed", work)


@pytest.mark.parametrize(("iterations", "training"), [(1000, SHARE * 1000 * 2.0), (6, 6 * 2 / 3 * 2.0)])
def test_a_search_costs_its_share_or_one_iteration_a_trial(store, clock, iterations, training):
    found = plan(store, method="toy_keys", iterations=iterations, options={"lr": "auto"})
    # Two rates make three trials of two; two of three classes stand for all.
    judging = 6 * 2 / 3 * 1.0
    assert found.seconds_per_iteration == 2.0
    assert found.seconds_search == pytest.approx(training + judging, abs=0.01)
    assert found.seconds == pytest.approx(found.seconds_setup + found.seconds_search + 2.0 * iterations)


def test_only_a_few_iterations_are_run_in_the_middle(store, monkeypatch):
    ran = []
    true_run = module.Loop.run

    def run(self, start, stop):
        ran.append((start, stop, self.total))
        return true_run(self, start, stop)

    monkeypatch.setattr(module.Loop, "run", run)
    plan(store, method="toy_gain", iterations=40)
    assert ran == [(20, 20 + WARM_UP + MEASURED, 40)]
