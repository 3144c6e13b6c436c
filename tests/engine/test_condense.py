import json

import pytest
import torch

from tests.tiny import write_store
from vidense import condense, load
from vidense.errors import UserError
from vidense.hooks import FrameInsertion
from vidense.records import write_json
from vidense.runlog import read_log

FAST = {"iterations": 6, "options": {"lr": 3.0, "batch_real": 2, "epsilon": 1.1}}


class Killed(Exception):
    """Stands for whatever ends a process."""


def killer(at: int):
    def progress(phase, done, total, entry):
        if phase == "condense" and done == at:
            raise Killed

    return progress


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "store"
    write_store(folder)
    return folder


def same_bits(one, other) -> bool:
    names = ("tensors.safetensors",)
    return all((one / "dataset" / n).read_bytes() == (other / "dataset" / n).read_bytes() for n in names)


def log_of(run) -> list[dict]:
    """Return the entries without what differs from one execution to the next."""
    measured = ("seconds", "memory")
    return [{k: v for k, v in entry.items() if k not in measured} for entry in read_log(run / "log.jsonl")]


def test_a_run_writes_what_it_promises(store, tmp_path):
    dataset = condense(store, tmp_path / "run", **FAST)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["status"] == "done" and record["storage"]["bytes"] == dataset.storage.bytes
    assert record["settings"]["options"]["criterion"] == "cosine"
    assert {"seconds", "peak_memory", "hardware"} <= set(record)
    assert record["class_names"] == list(dataset.class_names)
    assert record["asked"] == {**FAST, "options": {k: record["settings"]["options"][k] for k in FAST["options"]}}
    entries = list(read_log(tmp_path / "run" / "log.jsonl"))
    assert all(entry["memory"] > 2**24 and entry["seconds"] > 0 for entry in entries)
    assert not (tmp_path / "run" / "checkpoint.pt").exists()
    assert [entry["step"] for entry in log_of(tmp_path / "run")] == list(range(6))
    assert sorted(p.name for p in (tmp_path / "run" / "snapshots").iterdir()) == [
        "step-000001",
        "step-000002",
        "step-000004",
        "step-000005",
    ]
    assert load(tmp_path / "run" / "snapshots" / "step-000004").index["settings"]["method"] == "prism"
    assert str(tmp_path) not in (tmp_path / "run" / "dataset" / "condensed.json").read_text()


@pytest.mark.parametrize("kill_at", [1, 3, 5])
def test_an_interrupted_run_equals_an_unbroken_one_bit_for_bit(store, tmp_path, kill_at):
    condense(store, tmp_path / "straight", **FAST)
    with pytest.raises(Killed):
        condense(store, tmp_path / "broken", progress=killer(kill_at), checkpoint_seconds=0, **FAST)
    assert json.loads((tmp_path / "broken" / "run.json").read_text())["status"] == "running"
    condense(store, tmp_path / "broken", **FAST)
    assert same_bits(tmp_path / "straight", tmp_path / "broken")
    assert log_of(tmp_path / "straight") == log_of(tmp_path / "broken")


def test_ctrl_c_in_the_middle_of_an_iteration_leaves_nothing_half_done(store, tmp_path, monkeypatch):
    condense(store, tmp_path / "straight", **FAST)
    whole = FrameInsertion.after_update

    def interrupted(self, synthetic, step):
        if step.index == 3:
            raise KeyboardInterrupt
        whole(self, synthetic, step)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(FrameInsertion, "after_update", interrupted)
        condense(store, tmp_path / "broken", checkpoint_seconds=0, **FAST)
    assert torch.load(tmp_path / "broken" / "checkpoint.pt", weights_only=True)["step"] == 3
    condense(store, tmp_path / "broken", **FAST)
    assert same_bits(tmp_path / "straight", tmp_path / "broken")
    assert log_of(tmp_path / "straight") == log_of(tmp_path / "broken")


def test_a_finished_run_is_recognised(store, tmp_path):
    condense(store, tmp_path / "run", **FAST)
    before = (tmp_path / "run" / "run.json").stat().st_mtime_ns
    condense(store, tmp_path / "run", progress=killer(1), **FAST)
    assert (tmp_path / "run" / "run.json").stat().st_mtime_ns == before


def test_other_settings_on_the_same_folder_are_refused_unless_fresh(store, tmp_path):
    condense(store, tmp_path / "run", **FAST)
    with pytest.raises(UserError, match=r"seed 0 -> 1.*--fresh"):
        condense(store, tmp_path / "run", seed=1, **FAST)
    fresh = condense(store, tmp_path / "run", seed=1, fresh=True, **FAST)
    assert fresh.index["settings"]["seed"] == 1


def test_a_folder_with_something_else_is_left_alone(store, tmp_path):
    (tmp_path / "thesis.tex").write_text("ten years of work")
    for fresh in (False, True):
        with pytest.raises(UserError, match="not empty and holds no run"):
            condense(store, tmp_path, fresh=fresh, **FAST)
    assert (tmp_path / "thesis.tex").exists()


def test_a_damaged_checkpoint_is_named(store, tmp_path):
    with pytest.raises(Killed):
        condense(store, tmp_path / "run", progress=killer(3), checkpoint_seconds=0, **FAST)
    (tmp_path / "run" / "checkpoint.pt").write_bytes(b"junk")
    with pytest.raises(UserError, match="delete it to start over"):
        condense(store, tmp_path / "run", **FAST)


def test_a_record_of_something_else_is_refused(store, tmp_path):
    write_json(tmp_path / "run" / "run.json", {"format": "other"})
    with pytest.raises(UserError, match="is no vidense-run file"):
        condense(store, tmp_path / "run", **FAST)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "prims"}, "did you mean 'prism'"),
        ({"vpc": 0}, "from 1 to 4"),
        ({"vpc": 5}, "from 1 to 4.*'ball'"),
        ({"vpc": 1, "budget": "5MB"}, "give one of them"),
        ({"budget": "1kB"}, "too small"),
        ({"budget": "much"}, "is not a size"),
        ({"iterations": 0}, "at least 1"),
        ({"device": "tpu9"}, "device 'tpu9'"),
        ({"device": "cuda:7"}, "not usable here"),
        ({"options": {"lr": "fast"}}, "lr='fast'"),
        ({"options": {"learning_rate": 1}}, "unknown key"),
        ({"options": {"network": "minic4d"}}, "did you mean 'minic3d'"),
        ({"options": {"initial_keys": 9}}, "from 2 to 8 are allowed"),
        ({"budget": "70kB", "options": {"all_learnable": True}}, "too small"),
        ({"options": {"warm_up": 0.9}}, "sum"),
        ({"store_dtype": "int4"}, "store_dtype='int4'"),
        ({"speed": 11}, "unknown key"),
    ],
)
def test_bad_settings_are_one_sentence_and_leave_nothing_behind(store, tmp_path, settings, words):
    with pytest.raises(UserError, match=words) as caught:
        condense(store, tmp_path / "run", **settings)
    assert "\n" not in str(caught.value)
    # Nor a run with other settings, which the corrected command would be refused for.
    assert list(tmp_path.glob("run/*")) == []


def test_mistakes_are_reported_together(store, tmp_path):
    with pytest.raises(UserError, match=r"device 'tpu9'.*lr='fast'.*vpc=77.*iterations=-1") as caught:
        condense(store, tmp_path / "run", device="tpu9", vpc=77, iterations=-1, options={"lr": "fast"})
    assert not (tmp_path / "run").exists(), caught.value


def test_a_budget_is_kept_and_used(store, tmp_path):
    dataset = condense(store, tmp_path / "run", budget="150kB", **FAST)
    assert 100_000 < dataset.storage.bytes <= 150_000


def test_without_insertion_a_budget_buys_more_videos(store, tmp_path):
    kept = {"lr": 3.0, "batch_real": 2, "criterion": "none"}
    dataset = condense(store, tmp_path / "run", budget="150kB", iterations=2, options=kept)
    assert len(dataset) == 9 and dataset.storage.frames == 18


def test_coresets_record_the_type_they_store(store, tmp_path):
    dataset = condense(store, tmp_path / "run", method="random", store_dtype="float32")
    assert dataset.index["store_dtype"] == "uint8"


def test_divergence_stops_the_run_with_advice(store, tmp_path):
    with pytest.raises(UserError, match="too large"):
        condense(store, tmp_path / "run", iterations=30, options={"lr": 1e30, "batch_real": 2})


def test_lr_auto_is_searched_once(store, tmp_path):
    options = {"batch_real": 1}
    with pytest.raises(Killed):
        condense(store, tmp_path / "run", iterations=4, options=options, progress=killer(1))
    found = json.loads((tmp_path / "run" / "run.json").read_text())["tuning"]
    dataset = condense(store, tmp_path / "run", iterations=4, options=options)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["tuning"] == found
    assert dataset.index["settings"]["options"]["lr"] == found["lr"]
