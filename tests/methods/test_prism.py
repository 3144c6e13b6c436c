import pytest
import torch

from tests.tiny import task
from vidense import condense  # noqa: F401 - registers the methods
from vidense.engine.loop import Loop
from vidense.errors import UserError
from vidense.method import METHODS


def recipe(job, name: str = "prism", **options):
    method = METHODS.get(name)
    return method.recipe(job, method.validate({"lr": 1.0, "batch_real": 2, **options}))


def run(job, iterations: int = 10, name: str = "prism", **options):
    made = recipe(job, name, **options)
    made.objective.prepare(job.real)
    entries = list(Loop(made, job.real, seed=job.seed, total=iterations).run(0, iterations))
    return made.synthetic, entries


def test_starts_as_a_line_between_two_noise_frames(tmp_path):
    videos = recipe(task(tmp_path)).synthetic
    assert videos.is_key.sum(1).tolist() == [2, 2, 2]
    ends = videos.decode(torch.arange(3))[:, [0, -1]].detach()
    assert abs(float(ends.mean())) < 0.02 and abs(float(ends.std()) - 1) < 0.02


def test_initial_key_frames_are_evenly_spaced(tmp_path):
    videos = recipe(task(tmp_path), initial_keys=4).synthetic
    assert videos.is_key[0].nonzero().flatten().tolist() == [0, 2, 5, 7]


def test_all_learnable_starts_on_the_line_with_every_frame_free(tmp_path):
    videos = recipe(task(tmp_path), all_learnable=True).synthetic
    clips = videos.decode(torch.arange(3))
    assert videos.is_key.all()
    assert torch.allclose(clips[:, 3], 4 / 7 * clips[:, 0] + 3 / 7 * clips[:, 7], atol=1e-5)


def test_insertion_happens_in_the_window_and_key_counts_are_logged(tmp_path):
    _, entries = run(task(tmp_path), epsilon=1.1)
    assert [sum(entry["key_frames"]) for entry in entries] == [6, 6] + [24] * 8
    assert [step for step, entry in enumerate(entries) if "cosine_histogram" in entry] == list(range(2, 8))
    # After the first iteration of the window no frame is left that could trigger.
    assert [step for step, entry in enumerate(entries) if "trigger_rate" in entry] == [2]


def test_no_insertion_keeps_two_frames(tmp_path):
    videos, _ = run(task(tmp_path), criterion="none")
    assert videos.is_key.sum(1).tolist() == [2, 2, 2]


def test_dfs_inserts_one_frame_an_iteration(tmp_path):
    _, entries = run(task(tmp_path), name="dfs", epsilon=1.1)
    assert [entry["key_frames"][0] for entry in entries] == [2, 2, 3, 4, 5, 6, 7, 8, 8, 8]


def test_dfs_is_prism_with_one_default_changed():
    prism, dfs = (METHODS.get(name).validate({}) for name in ("prism", "dfs"))
    assert {key for key in prism if prism[key] != dfs[key]} == {"most_negative_only"}


def test_max_keys_and_a_budget_limit_the_key_frames(tmp_path):
    videos, _ = run(task(tmp_path), epsilon=1.1, max_keys=3)
    assert videos.is_key.sum(1).tolist() == [3, 3, 3]


@pytest.mark.parametrize("options", [{"initial_keys": 1}, {"initial_keys": 9}, {"initial_keys": 4, "max_keys": 3}])
def test_impossible_key_counts_are_refused(tmp_path, options):
    with pytest.raises(UserError, match="cannot start with"):
        recipe(task(tmp_path), **options)


def test_the_held_out_loss_falls(tmp_path):
    job = task(tmp_path)
    made = recipe(job, lr=3.0)
    made.objective.prepare(job.real)
    before = made.objective.held_out_loss(made.synthetic, job.real, 0)
    list(Loop(made, job.real, seed=0, total=12).run(0, 12))
    assert made.objective.held_out_loss(made.synthetic, job.real, 0) < before
