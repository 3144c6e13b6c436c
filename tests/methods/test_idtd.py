"""The reconstruction of IDTD as a method: its sizes, its start, what it refuses."""

import pytest
import torch

from tests.engine.toys import SPEC as TOY
from tests.engine.toys import plugged_in
from tests.tiny import CLASSES, task
from vidense import condense  # noqa: F401 - registers the methods
from vidense.data.spec import ClipSpec
from vidense.engine.loop import Loop
from vidense.errors import UserError
from vidense.method import METHODS

METHOD = METHODS.get("idtd")


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def recipe(job, **options):
    return METHOD.recipe(job, METHOD.validate({"lr": 0.05, "batch_real": 3, "network": "toy_flat", **options}))


@pytest.mark.parametrize(("frames", "each"), [(16, 8), (8, 4), (5, 3)])
def test_a_segment_is_half_a_clip_by_default(tmp_path, frames, each):
    videos = recipe(task(tmp_path, spec=ClipSpec(frames, 4, 4))).synthetic
    assert videos.length == 4 * each and videos.pool.shape == (3, 4, 3, 4, 4)
    assert videos.stochastic


def test_starts_from_frames_of_the_real_clips_of_every_method(tmp_path):
    job = task(tmp_path, vpc=2, spec=TOY)
    clips = job.real.decode(job.random_videos())
    assert torch.equal(recipe(job).synthetic.pool, clips)
    assert torch.equal(recipe(job, pool_frames=2).synthetic.pool, clips[:, [0, 3]])
    noise = recipe(job, start="noise", pool_frames=1).synthetic.pool
    assert torch.equal(noise, job.initial_clips("noise")[:, :1])


def test_everything_moves_at_its_rate(tmp_path):
    moving = recipe(task(tmp_path, spec=TOY), lr_mixing=0.002).optimizer
    rates = {name: group.rate for name, group in moving.groups.items()}
    assert rates == {"pool": 0.05, "selectors": 0.002, "fusor": 0.002}
    assert (moving.kind, moving.factor(0.5), moving.factor(1)) == ("adam", pytest.approx(0.5), 0.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"segments": 1}, "segments=1 leaves nothing to tell apart"),
        ({"segments": 2, "segment_frames": 1}, r"make 2 frames, and clips of 4 are taken from 4 to 64"),
        ({"segments": 5, "segment_frames": 13}, "make 65 frames"),
    ],
)
def test_segments_that_do_not_fit_are_refused(tmp_path, options, words):
    with pytest.raises(UserError, match=words):
        recipe(task(tmp_path, spec=TOY), **options)


def test_a_budget_pays_for_selectors_and_fusors(tmp_path):
    options = METHOD.validate({"pool_frames": 3, "segments": 3, "segment_frames": 5})
    parts = recipe(task(tmp_path, spec=TOY), pool_frames=3, segments=3, segment_frames=5).synthetic.storage("uint8")
    mixing = sum(size for part, size in parts.items() if part.startswith(("selector", "fusor")))
    assert METHOD.beside(TOY, len(CLASSES), options) * len(CLASSES) == mixing
    assert METHOD.frames(16, options) == (3, 3)


def test_says_that_it_is_a_reconstruction():
    assert "reconstruction" in METHOD.paper and "reconstruction" in METHOD.build.__doc__


def test_the_held_out_loss_falls(tmp_path):
    job = task(tmp_path, spec=TOY)
    made = recipe(job, start="noise")
    made.objective.prepare(job.real)
    before = made.objective.held_out_loss(made.synthetic, job.real, 0)
    list(Loop(made, job.real, seed=0, total=40).run(0, 40))
    assert made.objective.held_out_loss(made.synthetic, job.real, 0) < 0.8 * before
