"""TSGF and SRe2L: what their options switch, what their runs say of the teacher, and that videos are recovered."""

import json

import pytest
import torch
from torch.nn import functional

from tests.engine.toys import SPEC, FlatNorm, plugged_in
from tests.tiny import real_clips, task, write_store
from vidense import condense, load
from vidense.engine.loop import Loop
from vidense.engine.plan import plan
from vidense.errors import UserError
from vidense.hooks import Clamp, SaliencyMask
from vidense.method import METHODS
from vidense.objectives import Step
from vidense.saliency import SaliencyRule
from vidense.teachers import teacher_recipe
from vidense.trained_networks import Training

BRIEF = {"teacher_epochs": 2}


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def recipe(cache, name: str = "tsgf", vpc: int = 1, **options):
    method = METHODS.get(name)
    return method.recipe(task(cache, vpc, spec=SPEC), method.validate({**BRIEF, **options}))


def run(made, iterations: int = 40):
    """Run a recipe; return its log."""
    return list(Loop(made, real_clips(spec=SPEC), seed=0, total=iterations).run(0, iterations))


def test_tsgf_starts_from_the_clips_that_every_method_starts_from(cache):
    job = task(cache, 2, spec=SPEC)
    expected = job.real.decode(job.random_videos())
    assert torch.equal(recipe(cache, vpc=2).synthetic.frames, expected)
    assert not torch.equal(recipe(cache, vpc=2, start="noise").synthetic.frames, expected)


def test_sre2l_starts_from_noise(cache):
    for mode in ("video", "frame"):
        clips = recipe(cache, "sre2l", vpc=2, mode=mode).synthetic.frames.detach()
        assert abs(float(clips.mean())) < 0.1 and abs(float(clips.std()) - 1) < 0.1


def test_the_published_defaults():
    tsgf, sre2l = (METHODS.get(name) for name in ("tsgf", "sre2l"))
    assert (tsgf.validate({})["lr"], tsgf.validate({})["r_bn"], tsgf.validate({})["start"]) == (0.25, 0.001, "real")
    found = sre2l.validate({})
    assert (found["lr"], found["r_bn"], found["first_bn"], found["start"]) == (0.25, 0.01, 10.0, "noise")
    assert (tsgf.iterations["published"], sre2l.iterations["published"]) == (1000, 4000)
    assert min(tsgf.rates) < 0.25 < max(tsgf.rates) and list(tsgf.rates) == sorted(tsgf.rates)


@pytest.mark.parametrize("name", ["tsgf", "sre2l"])
def test_both_move_pixels_by_adam_along_a_cosine(cache, name):
    moving = recipe(cache, name).optimizer
    assert (moving.kind, moving.betas, moving.schedule, moving.floor) == ("adam", (0.5, 0.9), "cosine", 0.0)


@pytest.mark.parametrize(
    ("options", "on", "signed"),
    [({}, "update", False), ({"mask": "gradient"}, "gradient", False), ({"mask_sign": "both"}, "update", True)],
)
def test_masks_are_what_the_options_say(cache, options, on, signed):
    mask, clamp = recipe(cache, **options, window="triangular", look_back=2, percentile=60).hooks
    assert isinstance(mask, SaliencyMask) and isinstance(clamp, Clamp)
    assert (mask.on, mask.signed, mask.rule) == (on, signed, SaliencyRule("triangular", 2, 60))


def test_without_a_mask_every_frame_moves(cache):
    assert [type(hook) for hook in recipe(cache, mask="none").hooks] == [Clamp]
    moved = {}
    for mask in ("update", "none"):
        made = recipe(cache, mask=mask)
        before = made.synthetic.frames.detach().clone()
        run(made, 1)
        moved[mask] = (made.synthetic.frames - before).abs().amax((2, 3, 4)) > 0
    assert moved["none"].all() and not moved["update"].all() and moved["update"].any()


def entropy(teacher, videos) -> float:
    """Return the teacher's cross entropy on whole videos, or on all their frames."""
    shown, labels = videos.frames.detach(), videos.labels
    if teacher.spec.frames == 1:
        shown, labels = shown.flatten(0, 1)[:, None], labels.repeat_interleave(SPEC.frames)
    return functional.cross_entropy(teacher(shown), labels).item()


@pytest.mark.parametrize("options", [{"name": "tsgf"}, {"name": "sre2l"}, {"name": "sre2l", "mode": "frame"}])
def test_the_teacher_learns_to_recognise_the_videos_whose_pixels_stay_in_range(cache, options):
    made = recipe(cache, **options)
    before = entropy(made.objective.teacher, made.synthetic)
    run(made)
    assert entropy(made.objective.teacher, made.synthetic) < 0.95 * before
    low, high = (SPEC.normalise(torch.full((3, 1, 1), end, dtype=torch.uint8)) for end in (0, 255))
    assert (made.synthetic.frames >= low).all() and (made.synthetic.frames <= high).all()


@pytest.mark.parametrize("options", [{"name": "tsgf"}, {"name": "sre2l"}, {"name": "sre2l", "mode": "frame"}])
def test_soft_labels_are_what_the_teacher_makes_of_the_finished_videos(cache, options):
    made = recipe(cache, vpc=2, labels="soft", batch=4, **options)
    run(made, 3)
    for video, label in zip(made.synthetic.frames.detach(), made.synthetic.soft_labels, strict=True):
        if made.objective.teacher.spec.frames == 1:
            seen = torch.stack([made.objective.teacher(frame[None, None])[0].softmax(0) for frame in video]).mean(0)
        else:
            seen = made.objective.teacher(video[None])[0].softmax(0)
        assert torch.allclose(label, seen, atol=1e-5)
    assert recipe(cache, **options).synthetic.soft_labels is None


@pytest.mark.parametrize("name", ["tsgf", "sre2l"])
def test_the_bytes_of_soft_labels_are_counted(tmp_path, name):
    store, sizes = write_store(tmp_path / "store", spec=SPEC), {}
    classes = len(store.class_names)
    for labels in ("hard", "soft"):
        options = {**BRIEF, "labels": labels}
        condense(store.path, tmp_path / labels, method=name, iterations=2, options=options)
        sizes[labels] = load(tmp_path / labels).storage.parts.get("soft_labels", 0)
        beside = METHODS.get(name).beside(SPEC, classes, METHODS.get(name).validate(options))
        assert sizes[labels] == beside * classes
    assert sizes == {"hard": 0, "soft": 4 * classes**2}


def test_frames_have_nothing_to_do_with_each_other_in_frame_mode(cache):
    made = recipe(cache, "sre2l", mode="frame", r_bn=0.0)
    made.objective.augment = False
    (loss,) = made.objective.losses(made.synthetic, None, Step(0, 1, 0))
    (one,) = torch.autograd.grad(loss, made.synthetic.frames)
    with torch.no_grad():
        made.synthetic.frames[:, 1:] += 1
    (loss,) = made.objective.losses(made.synthetic, None, Step(0, 1, 0))
    (other,) = torch.autograd.grad(loss, made.synthetic.frames)
    assert torch.allclose(one[:, 0], other[:, 0], atol=1e-7) and not torch.allclose(one[:, 1], other[:, 1], atol=1e-7)


def test_each_mode_asks_a_teacher_of_its_own(cache):
    for mode, frames in (("video", SPEC.frames), ("frame", 1)):
        objective = recipe(cache, "sre2l", mode=mode).objective
        assert isinstance(objective.teacher, FlatNorm) and objective.teacher.spec.frames == frames
        assert objective.about["network"] == {"video": "minic3d_bn", "frame": "convnet_bn"}[mode]
        assert objective.augment and objective.first_bn == 10


def test_the_dataset_says_which_teacher_it_was_recovered_from_and_how_good_that_was(tmp_path):
    store = write_store(tmp_path / "store", spec=SPEC)
    condense(store.path, tmp_path / "run", method="tsgf", iterations=2, seed=4, options=BRIEF)
    trained = Training(store.train, "minic3d_bn", 4, teacher_recipe("small", 2)).network(store.cache)
    told = load(tmp_path / "run").index["outcome"]["teacher"]
    assert told["weights_sha256"] == trained.weights and told["seed"] == 4
    assert told["accuracy"] == round(dict(trained.fit["checks"])[trained.fit["selected_step"]], 4)
    assert told["bytes"] > 0 and json.loads(json.dumps(told)) == told


def test_runs_of_a_seed_share_a_teacher(tmp_path, fits):
    store = write_store(tmp_path / "store", spec=SPEC)
    for folder, method, options in (("a", "tsgf", {"r_bn": 0.1}), ("b", "tsgf", {}), ("c", "sre2l", {})):
        condense(store.path, tmp_path / folder, method=method, iterations=1, options={**BRIEF, **options})
    assert len(fits) == 1
    condense(store.path, tmp_path / "d", method="sre2l", iterations=1, options={**BRIEF, "mode": "frame"})
    assert len(fits) == 2


def test_a_plan_names_the_teacher_until_there_is_one(tmp_path, fits):
    store = write_store(tmp_path / "store", spec=SPEC)
    given = {"method": "tsgf", "iterations": 2, "options": BRIEF}
    before = plan(store.path, **given)
    assert [need["what"] for need in before.needs] == ["a teacher (minic3d_bn)"] and before.needs[0]["seconds"] > 0
    assert not store.cache.exists() and fits == []
    condense(store.path, tmp_path / "run", **given)
    assert plan(store.path, **given).needs[0]["seconds"] == 0


def test_a_rate_can_be_searched(tmp_path):
    store = write_store(tmp_path / "store", spec=SPEC)
    condense(store.path, tmp_path / "run", method="tsgf", iterations=20, options={**BRIEF, "lr": "auto"})
    assert load(tmp_path / "run").index["settings"]["options"]["lr"] in METHODS.get("tsgf").rates


def test_options_that_contradict_each_other_are_refused():
    for values, message in (
        ({"r_bn": 0, "alpha_ce": 0}, "ask for nothing"),
        ({"mask": "frames"}, "mask="),
        ({"teacher_epochs": 0}, "teacher_epochs=0"),
    ):
        with pytest.raises(UserError, match=message):
            METHODS.get("tsgf").validate(values)
