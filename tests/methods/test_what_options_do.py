"""Options of methods do what their help says, seen from what a method makes and not from how it is built."""

import pytest
import torch

from tests.engine.toys import SPEC as TOY
from tests.engine.toys import plugged_in
from tests.tiny import task, task_on, write_store
from vidense import condense as _registers  # noqa: F401 - registers the methods
from vidense.engine.loop import Loop
from vidense.method import METHODS
from vidense.objectives import DistributionMatching, GradientMatching

QUICK = {"lr": 0.1, "batch_real": 2, "network": "toy_flat"}


@pytest.fixture(autouse=True)
def _toys():
    with plugged_in():
        yield


def recipe(job, name: str, **options):
    method = METHODS.get(name)
    known = method.options.model.model_fields
    return method.recipe(job, method.validate({key: v for key, v in {**QUICK, **options}.items() if key in known}))


def made(job, name: str, iterations: int = 3, **options):
    """Return the videos of a short run, and its losses."""
    built = recipe(job, name, **options)
    built.objective.prepare(job.real)
    entries = list(Loop(built, job.real, seed=job.seed, total=iterations).run(0, iterations))
    return built.synthetic, [entry["loss"] for entry in entries]


def test_prism_matches_what_it_is_told_to_match(tmp_path):
    job, losses = task(tmp_path, spec=TOY), {}
    kinds = {"dm": DistributionMatching, "gm_mse": GradientMatching, "gm_dc": GradientMatching}
    for matching, kind in kinds.items():
        assert type(recipe(job, "prism", matching=matching).objective) is kind
        losses[matching] = made(job, "prism", matching=matching, criterion="none", iterations=1)[1]
    assert len({tuple(loss) for loss in losses.values()}) == 3, "three losses of the same videos"


@pytest.mark.parametrize("learned", [True, False])
def test_labels_move_only_where_they_are_learned(tmp_path, learned):
    job = task(tmp_path, spec=TOY)
    start = recipe(job, "frepo", learn_label=learned).synthetic
    before = start.frames.detach().clone()
    videos, _ = made(job, "frepo", learn_label=learned)
    assert not torch.equal(videos.frames, before)
    assert (videos.soft_labels is not None) == learned and ("soft_labels" in videos.trainable()) == learned
    if learned:
        assert not torch.equal(videos.soft_labels, start.soft_labels)


@pytest.fixture(scope="module")
def remembered(tmp_path_factory):
    store = write_store(tmp_path_factory.mktemp("vdsd") / "store", spec=TOY)
    return task_on(store.train, store.cache)


@pytest.mark.parametrize("moving", [True, False])
def test_pictures_move_at_the_rate_of_the_motions_or_not_at_all(remembered, moving):
    options = {"static_lr": 0.1, "static_iterations": 1, "train_static": moving, "momentum": 0.5}
    built = recipe(remembered, "vdsd_dm", **options)
    groups = built.optimizer.groups
    assert ("static" in groups) == moving
    if moving:
        assert groups["static"] == groups["dynamic"] and groups["static"].momentum == 0.5
    before = built.synthetic.static.detach().clone()
    videos, _ = made(remembered, "vdsd_dm", **options)
    assert torch.equal(videos.static, before) != moving


@pytest.mark.parametrize("memories", [1, 3])
def test_more_memories_are_more_pictures_and_motions_of_each_video(remembered, memories):
    videos = recipe(remembered, "vdsd_dm", static_lr=0.1, static_iterations=1, memories=memories).synthetic
    assert videos.static.shape[:2] == (6, memories) and videos.dynamic.shape[:3] == (6, memories, TOY.frames)
    assert videos.stochastic == (memories > 1)


@pytest.mark.parametrize(("pool", "segments", "each"), [(1, 2, 2), (3, 2, 4), (4, 5, 3)])
def test_a_reconstructed_video_has_the_sizes_that_are_asked_for(tmp_path, pool, segments, each):
    job = task(tmp_path, vpc=2, spec=TOY)
    videos, _ = made(job, "idtd", pool_frames=pool, segments=segments, segment_frames=each, iterations=1)
    assert videos.pool.shape[:2] == (6, pool) and videos.length == segments * each
    assert videos.decode(torch.arange(6)).shape == (6, *TOY.shape)
    frames = METHODS.get("idtd").frames(TOY.frames, METHODS.get("idtd").validate({"pool_frames": pool}))
    assert frames == (pool, pool)


def test_diversity_of_nothing_is_plain_matching(tmp_path):
    """Without its weight the loss is smaller by what diversity adds; with twice the weight that is twice as much."""
    job, found = task(tmp_path, spec=TOY), {}
    for weight in (0.0, 1.0, 2.0):
        found[weight] = made(job, "idtd", diversity=weight, iterations=1)[1][0]
    assert found[2.0] - found[0.0] == pytest.approx(2 * (found[1.0] - found[0.0]), rel=1e-3)
    assert found[1.0] != found[0.0]


@pytest.mark.parametrize("name", ["dm", "dc", "frepo", "idtd"])
def test_noise_is_the_same_for_every_method_and_differs_by_seed(tmp_path, name):
    def start(seed: int) -> torch.Tensor:
        (first, *_) = recipe(task(tmp_path, seed=seed, spec=TOY), name, start="noise").synthetic.trainable().values()
        return first[0].detach()[:, 0]

    wanted = task(tmp_path, seed=1, spec=TOY).initial_clips("noise")[:, 0]
    assert torch.equal(start(1), wanted) and not torch.equal(start(2), wanted)
