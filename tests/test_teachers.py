"""Teachers are trained once for a store, a seed and a scale; runs find them, plans price them."""

from dataclasses import replace

import pytest
import torch

from tests.engine.toys import SPEC, FlatNorm, plugged_in
from tests.tiny import real_clips, task, write_store
from vidense.engine.workshop import rehearsing
from vidense.errors import DivergenceError
from vidense.method import Task
from vidense.needs import Workshop
from vidense.records import file_hash
from vidense.teachers import Teacher, teacher_recipe
from vidense.trained_networks import HOLD_OUT, Training
from vidense.training import accuracy
from vidense.training_recipe import TrainingRecipe

BRIEF = Teacher(epochs=3)


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def quiet(*_) -> None:
    pass


def test_a_teacher_is_trained_once_and_told_alike_when_it_is_found(tmp_path, fits):
    first, again = (BRIEF.make(task(tmp_path, spec=SPEC), quiet) for _ in range(2))
    assert len(fits) == 1 and isinstance(first.network, FlatNorm)
    assert first.to_json() == again.to_json()
    assert all(torch.equal(a, b) for a, b in zip(first.network.parameters(), again.network.parameters(), strict=True))


def test_a_teacher_is_frozen_and_says_what_it_is(tmp_path):
    trained = BRIEF.make(task(tmp_path, spec=SPEC, seed=3), quiet)
    assert not trained.network.training and not any(p.requires_grad for p in trained.network.parameters())
    (file,) = tmp_path.rglob("*.safetensors")
    told = trained.to_json()
    assert (told["network"], told["seed"], told["weights_sha256"]) == ("minic3d_bn", 3, file_hash(file))
    # float32 weights of two layers, four vectors of the normalisation, and its int64 counter.
    inputs, width, classes = 4 * 3 * 4 * 4, 6, 3
    assert told["bytes"] == 4 * (inputs * width + width + width * classes + classes + 4 * width) + 8


def test_the_accuracy_is_that_of_the_held_out_training_videos(tmp_path):
    job = task(tmp_path, spec=SPEC)
    trained = BRIEF.make(job, quiet)
    training, held = HOLD_OUT.split(job.real)
    assert len(training) == len(held) == 6 and not set(training.groups) & set(held.groups)
    assert trained.accuracy == pytest.approx(accuracy(trained.network, [held], teacher_recipe("small")))
    assert trained.to_json()["accuracy"] == round(trained.accuracy, 4)


def test_where_nothing_can_be_held_out_there_is_no_accuracy(tmp_path):
    job = task(tmp_path, spec=SPEC)
    job.real.groups = ("one source",) * len(job.real)
    assert BRIEF.make(job, quiet).to_json()["accuracy"] is None


@pytest.mark.parametrize("change", [{"seed": 1}, {"scale": "published"}])
def test_another_seed_or_scale_is_another_teacher(tmp_path, fits, change):
    job = task(tmp_path, spec=SPEC)
    names = {BRIEF.make(of, quiet).weights for of in (job, replace(job, **change))}
    assert len(fits) == len(names) == 2


def test_progress_is_reported(tmp_path):
    told = []
    BRIEF.make(task(tmp_path, spec=SPEC), lambda *parts: told.append(parts))
    assert [part[:3] for part in told] == [("train", i, 3) for i in (1, 2, 3)]
    assert all(part[3]["loss"] > 0 for part in told)


def test_diverged_teachers_are_refused(tmp_path, monkeypatch):
    diverging = TrainingRecipe(steps=60, epochs=0, lr=1e30, warmup=0.0, clip_norm=None, precision="float32")
    monkeypatch.setattr("vidense.teachers.teacher_recipe", lambda scale, epochs: diverging)
    with pytest.raises(DivergenceError, match=r"a teacher \(minic3d_bn\) diverged .* another --seed"):
        BRIEF.make(task(tmp_path, spec=SPEC), quiet)


def test_a_teacher_of_single_frames_sees_all_stored_frames_of_the_training_videos(tmp_path, monkeypatch):
    job = task(tmp_path, spec=SPEC)
    seen = []
    real_pixels = type(job.real).pixels

    def watch(self, index, window=0):
        if isinstance(window, torch.Tensor):
            seen.extend(window.tolist())
        return real_pixels(self, index, window)

    monkeypatch.setattr(type(job.real), "pixels", watch)
    trained = Teacher("convnet_bn", single_frames=True, epochs=10).make(job, quiet)
    assert trained.network.spec.frames == 1
    # Two windows of four frames each.
    assert set(seen) == set(range(8)) and len(seen) == 10 * 6


def test_the_cache_is_asked_before_a_price_is_named(tmp_path):
    job = task(tmp_path, spec=SPEC)
    assert BRIEF.seconds(job) > 0 and not list(tmp_path.iterdir())
    BRIEF.make(job, quiet)
    assert BRIEF.seconds(job) == 0
    assert Teacher(epochs=4).seconds(job) > 0 and Teacher("convnet_bn", single_frames=True, epochs=3).seconds(job) > 0


@pytest.mark.parametrize("need", [BRIEF, Teacher("convnet_bn", single_frames=True)])
def test_the_price_is_that_of_an_update_times_the_updates(tmp_path, monkeypatch, need):
    clock = iter(range(0, 1000, 5))
    monkeypatch.setattr("vidense.training_time.time.perf_counter", lambda: next(clock))
    # Each timed update of the six training videos takes five seconds by this clock.
    updates = teacher_recipe("small", need.epochs).length(6)
    assert updates == {3: 3, None: 150}[need.epochs]
    assert need.seconds(task(tmp_path, spec=SPEC)) == pytest.approx(5 * updates)


def test_a_stand_in_is_the_untrained_network_and_costs_nothing(tmp_path):
    notes: list[dict] = []
    job = replace(task(tmp_path, spec=SPEC), workshop=rehearsing(notes, lambda job, task: 0.0))
    stand_in = job.obtain(BRIEF)
    assert notes[0]["what"] == "a teacher (minic3d_bn)" and not list(tmp_path.iterdir())
    trained = BRIEF.make(job, quiet)
    assert set(stand_in.to_json()) == set(trained.to_json()) and stand_in.size == trained.size
    assert not stand_in.network.training and not any(p.requires_grad for p in stand_in.network.parameters())


def test_a_teacher_is_the_ceiling_that_an_evaluation_with_its_recipe_shows(tmp_path, fits):
    store = write_store(tmp_path / "store", spec=SPEC)
    ceiling = Training(store.train, "minic3d_bn", 5, teacher_recipe("small", 3)).network(store.cache)
    trained = BRIEF.make(Task(store.train, 1, 5, store.cache, workshop=Workshop()), quiet)
    assert len(fits) == 1 and trained.weights == ceiling.weights


def test_recipes_follow_the_scale():
    small, published = (teacher_recipe(scale) for scale in ("small", "published"))
    assert small == TrainingRecipe() and (small.epochs, small.steps) == (20, 150)
    assert (published.epochs, published.batch, published.lr) == (500, 256, 0.01)
    assert (published.momentum, published.weight_decay, published.clip_norm) == (0.9, 5e-4, None)
    # 512 clips are two updates a pass: the rate drops once, after 251 passes.
    rates = [published.rate(2 * epoch, 512) for epoch in (0, 250, 251, 499)]
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.001])
    for scale in ("small", "published"):
        assert teacher_recipe(scale, 7).length(100) == 7 * (7 if scale == "small" else 1)


def test_networks_trained_on_drawn_windows_are_kept_apart_from_those_on_the_first(tmp_path, fits):
    first = Training(real_clips(spec=SPEC), "toy_flat", 0, TrainingRecipe(steps=2, epochs=0))
    drawn = replace(first, resample=True)
    assert not first.is_in(tmp_path)
    first.network(tmp_path)
    assert first.is_in(tmp_path) and not drawn.is_in(tmp_path)
    drawn.network(tmp_path)
    assert drawn.is_in(tmp_path) and len(fits) == 2
    for file in tmp_path.rglob("*.safetensors"):
        file.write_bytes(b"damaged")
    assert not first.is_in(tmp_path)
