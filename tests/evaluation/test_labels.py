"""Soft labels: who gives them, what is refused, and that they are what networks then learn."""

from dataclasses import replace

import pytest
import torch

from tests.evaluation.conftest import write_dataset, write_store
from tests.small_net import NAME, Linear, linear, linear_teacher
from vidense.condensed import save
from vidense.errors import UserError
from vidense.evaluation import evaluate_run
from vidense.evaluation.bench import Bench
from vidense.evaluation.labels import lesson_of, shown, targets_of
from vidense.evaluation.spec import eval_spec
from vidense.mixing import mix
from vidense.parameterizations import Dense, Regions, Tiles
from vidense.seeding import Draw
from vidense.training import fit
from vidense.training_recipe import TrainingRecipe

__all__ = ["linear", "linear_teacher"]  # fixtures: pytest finds them by their names in this module

pytestmark = pytest.mark.usefixtures("linear")


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store")


def spec(labels="soft", **more):
    return replace(eval_spec("clean", NAME, epochs=1, labels=labels, **more), teacher=NAME)


def nobody():
    raise AssertionError("the teacher was asked for")


def videos(store, soft_labels=None):
    return Dense(torch.randn(3, *store.spec.shape), store.spec, store.class_names, torch.arange(3), soft_labels)


def test_hard_labels_need_no_teacher(store):
    hard = spec("hard")
    assert targets_of(videos(store), hard, nobody) is None and lesson_of(hard, nobody) is None


def test_a_lesson_is_mixed_clips_and_what_the_teacher_sees_in_them(store):
    asked = spec(mix="video")
    bench = Bench(store, asked, torch.device("cpu"))
    clips = store.train.decode(torch.arange(5))
    shown, targets = lesson_of(asked, bench.teacher)(clips, torch.arange(5), Draw(4))
    assert torch.equal(shown, mix(clips, "video", Draw(4)))
    assert torch.allclose(targets, bench.teacher()(shown).softmax(1)) and not targets.requires_grad
    assert bench.teacher() is bench.teacher()


def test_a_network_learns_what_the_lesson_says(store):
    data, wanted = store.train, torch.tensor([0.2, 0.3, 0.5])
    network = Linear(store.spec, 3, dropout=0.0)
    recipe = TrainingRecipe(epochs=60, steps=0, lr=1.0, batch=12, momentum=0.0, clip_norm=None, precision="float32")
    fit(network, data, recipe, 0, lesson=lambda clips, targets, draw: (clips * 0, wanted.expand(len(targets), 3)))
    with torch.no_grad():
        found = network.eval()(torch.zeros(1, *store.spec.shape)).softmax(1)[0]
    assert torch.allclose(found, wanted, atol=0.02)


def test_lessons_draw_by_update_so_that_a_training_repeats(store):
    seen = []
    for _ in range(2):
        drawn = []

        def lesson(clips, targets, draw, drawn=drawn):
            drawn.append(draw.derive())
            return clips, targets

        fit(Linear(store.spec, 3), store.train, TrainingRecipe(epochs=1, steps=0, batch=5), 7, lesson=lesson)
        seen.append(drawn)
    assert seen[0] == seen[1] and len(set(seen[0])) == 3


def test_stored_labels_are_the_videos_own_or_the_teachers(store):
    stored = spec("soft_stored")
    own = torch.tensor([[0.5, 0.5, 0.0], [0.1, 0.8, 0.1], [0.0, 0.0, 1.0]])
    assert torch.equal(targets_of(videos(store, own), stored, nobody), own)
    assert lesson_of(stored, nobody) is None


@pytest.mark.parametrize("protocol", ["clean", "published"])
def test_the_teacher_is_shown_clips_as_it_was_trained_on_them(store, protocol):
    stored = replace(eval_spec(protocol, NAME, epochs=1, labels="soft_stored"), teacher=NAME)
    bench = Bench(store, stored, torch.device("cpu"))
    found = targets_of(store.train, stored, bench.seen_by_teacher)
    clips = store.train.decode(torch.arange(12))
    assert torch.allclose(found, bench.teacher()(clips).softmax(1), atol=0.02)
    standardised = (clips - clips.mean()) / clips.std()
    assert not torch.allclose(found, bench.teacher()(standardised).softmax(1), atol=0.02)


def test_regions_are_trained_on_alone_and_other_clips_whole(store, tmp_path):
    regional = spec("soft_regions")
    pixels = torch.randint(256, (3, *store.spec.shape), dtype=torch.uint8)
    views = torch.rand(3, 4, 3).softmax(2)
    made = Tiles(pixels, views, store.spec, store.class_names, torch.arange(3), views.mean(1))
    learned = shown(made, regional)
    assert isinstance(learned, Regions) and len(learned.labels) == 12
    assert torch.allclose(targets_of(learned, regional, nobody), views.flatten(0, 1), atol=1e-3)
    saved = save(tmp_path / "tiles", made, dtype="uint8", provenance={})
    assert isinstance(shown(saved, regional), Regions) and shown(made, spec("soft_stored")) is made
    whole = videos(store)
    assert shown(whole, regional) is whole


def test_labels_that_are_no_probabilities_are_regressed_or_refused(store):
    centred = torch.eye(3) - 1 / 3
    learned = videos(store, centred)
    with pytest.raises(UserError, match="--protocol frepo"):
        targets_of(learned, spec("soft_stored"), nobody)
    frepo = eval_spec("frepo", NAME)
    assert torch.equal(targets_of(learned, frepo, nobody), centred) and not frepo.taught
    assert torch.allclose(targets_of(store.train.subset(torch.tensor([0, 4, 8])), frepo, nobody), centred)


def test_frepos_evaluation_is_as_published():
    frepo = eval_spec("frepo", "minic3d").recipe
    assert (frepo.optimizer, frepo.loss, frepo.lr, frepo.weight_decay) == ("adamw", "mse", 1e-4, 5e-4)
    assert (frepo.epochs, frepo.batch, frepo.warmup, frepo.batch_standardise) == (1000, 500, 0.1, False)
    assert frepo.rate(99, 100) == pytest.approx(1e-4) and frepo.rate(999, 100) == pytest.approx(1e-6, rel=0.01)


def test_names_and_combinations_that_make_no_sense_are_refused():
    for given, words in (
        ({"labels": "sfot"}, "did you mean 'soft'"),
        ({"labels": "soft", "mix": "vidoe"}, "did you mean 'video'"),
        ({"mix": "video"}, "needs a teacher"),
        ({"labels": "soft_stored", "mix": "image"}, "needs a teacher"),
    ):
        with pytest.raises(UserError, match=words):
            eval_spec("clean", "minic3d", **given)
    with pytest.raises(UserError, match="did you mean 'published'"):
        eval_spec("clean", "minic3d", labels="soft", scale="publised")
    with pytest.raises(UserError, match="leave labels out"):
        eval_spec("frepo", "minic3d", labels="hard")


def test_hashes_of_hard_labels_have_not_changed_and_soft_ones_differ():
    hard = eval_spec("clean", "minic3d")
    others = [eval_spec("clean", "minic3d", labels="soft", mix=mixed) for mixed in ("none", "video", "image")]
    others += [eval_spec("clean", "minic3d", labels=kept) for kept in ("soft_stored", "soft_regions")]
    others.append(replace(others[0], teacher="minic3d"))
    others.append(eval_spec("clean", "minic3d", labels="soft", scale="published"))
    assert len({hard.hash, *(other.hash for other in others)}) == 8
    assert eval_spec("clean", "minic3d", scale="published").hash == hard.hash
    assert eval_spec("clean", "minic3d", labels="hard").hash == hard.hash


def test_a_whole_evaluation_trains_every_set_with_the_same_teacher(store, tmp_path, linear_teacher):
    write_dataset(tmp_path / "set", store)
    record = evaluate_run(tmp_path / "set", store.path, models=(NAME,), seeds=1, epochs=1, labels="soft", mix="video")
    roles = [row["role"] for row in record.rows]
    assert roles == ["method", "random_equal_vpc", "random_equal_bytes"]
    assert {row["labels"] for row in record.rows} == {"soft"}
    assert record.teacher["bytes"] > 0 and 0 <= record.teacher["top1"] <= 1
    assert type(record).read(tmp_path / "set").teacher == record.teacher


@pytest.mark.parametrize(("asked", "used"), [(None, "published"), ("small", "small")])
def test_the_teacher_is_as_well_trained_as_that_of_the_run_unless_said_otherwise(
    store, tmp_path, linear_teacher, asked, used
):
    write_dataset(tmp_path / "set", store, scale="published")
    how = {"models": (NAME,), "seeds": 1, "baseline_seeds": 1, "epochs": 1, "labels": "soft", "scale": asked}
    record = evaluate_run(tmp_path / "set", store.path, **how)
    assert record.teacher["scale"] == used and record.asked["scale"] == asked
    (spec,) = record.specs.values()
    assert spec["teacher_scale"] == used


def test_a_scale_where_nobody_teaches_is_refused(store, tmp_path):
    write_dataset(tmp_path / "set", store)
    with pytest.raises(UserError, match="leave it out"):
        evaluate_run(tmp_path / "set", store.path, models=(NAME,), seeds=1, scale="published")
