"""What distribution matching draws, and what the draws of one class have to do with another's: nothing."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import SPEC, plugged_in
from tests.tiny import CLASSES, real_clips
from vidense.data.real import RealClips
from vidense.data.spec import ClipSpec
from vidense.nets import build_network
from vidense.objectives import DistributionMatching, Step
from vidense.objectives.distribution import HELD_OUT_CLIPS
from vidense.objectives.real_batches import RealBatches
from vidense.parameterizations import Dense
from vidense.seeding import derive


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


class Watched(RealClips):
    """Real clips that note which videos and windows were looked at."""

    def pixels(self, index, window=0):
        windows = window.tolist() if isinstance(window, torch.Tensor) else [window] * len(index)
        self.__dict__.setdefault("looked", []).append(list(zip(index.tolist(), windows, strict=True)))
        return super().pixels(index, window)


def watched(windows: int = 3, videos: int = 4) -> Watched:
    real = real_clips(videos=videos, windows=windows, spec=SPEC)
    made = object.__new__(Watched)
    made.__dict__.update(vars(real))
    return made


def prepared(real: RealClips, **options) -> DistributionMatching:
    made = DistributionMatching(RealBatches(**{"network": "toy_flat", "precision": "float32", **options}))
    made.prepare(real)
    return made


def videos(vpc: int = 2, spec: ClipSpec = SPEC, classes: tuple[str, ...] = CLASSES, seed: int = 1) -> Dense:
    clips = torch.randn(len(CLASSES) * vpc, *spec.shape, generator=torch.Generator().manual_seed(seed))
    labels = torch.arange(len(CLASSES)).repeat_interleave(vpc)
    keep = torch.tensor([CLASSES[label] in classes for label in labels.tolist()])
    return Dense(clips[keep], spec, classes, torch.arange(len(classes)).repeat_interleave(vpc))


def gradient(synthetic: Dense, real: RealClips, step: Step, **options) -> torch.Tensor:
    loss = sum(prepared(real, **options).losses(synthetic, real, step))
    return torch.autograd.grad(loss, synthetic.frames)[0]


@given(st.integers(0, 200), st.integers(1, 9))
def test_a_batch_holds_distinct_videos_of_the_class_and_all_of_a_small_one(index, batch_real):
    real = watched()
    list(prepared(real, batch_real=batch_real).losses(videos(), real, Step(index, 500, 0)))
    assert len(real.looked) == 3
    for label, looked in enumerate(real.looked):
        drawn = [video for video, _ in looked]
        assert len(set(drawn)) == len(drawn) == min(batch_real, 4)
        assert set(drawn) <= set(real.members(label).tolist())
        assert {window for _, window in looked} == {0}


def test_resampling_draws_every_stored_window_and_no_other():
    real = watched(windows=3)
    made, synthetic = prepared(real, clip_policy="resample"), videos()
    for index in range(30):
        list(made.losses(synthetic, real, Step(index, 30, 0)))
    seen = [window for looked in real.looked for _, window in looked]
    assert set(seen) == {0, 1, 2}
    assert max(map(seen.count, (0, 1, 2))) < 1.5 * min(map(seen.count, (0, 1, 2)))


def test_resampling_of_a_single_window_is_the_frozen_clip():
    real, synthetic, step = watched(windows=1), videos(), Step(3, 9, 0)
    frozen = gradient(synthetic, real, step)
    assert torch.equal(gradient(synthetic, real, step, clip_policy="resample"), frozen)


def test_over_many_iterations_every_video_has_its_turn():
    real = watched(videos=6)
    made, synthetic = prepared(real, batch_real=1), videos()
    for index in range(60):
        list(made.losses(synthetic, real, Step(index, 60, 0)))
    drawn = [video for looked in real.looked for video, _ in looked]
    counts = torch.bincount(torch.tensor(drawn), minlength=18)
    # Ten each on average, and four deviations of a binomial are about twelve.
    assert counts.min() >= 1 and counts.max() <= 22


@pytest.mark.parametrize("policy", ["frozen", "resample"])
@pytest.mark.parametrize("kept", [("ball",), ("disc",), ("cube", "disc"), ("disc", "ball")])
def test_a_class_condensed_apart_gets_the_gradient_it_has_among_others(kept, policy):
    real, step = real_clips(spec=SPEC), Step(7, 20, 5)
    options = {"batch_real": 2, "clip_policy": policy}
    whole = gradient(videos(), real, step, **options).unflatten(0, (3, 2))
    positions = [CLASSES.index(name) for name in kept]
    apart = Dense(
        videos().frames.detach().unflatten(0, (3, 2))[positions].flatten(0, 1),
        SPEC,
        kept,
        torch.arange(len(kept)).repeat_interleave(2),
    )
    found = gradient(apart, real.only_classes(positions), step, **options).unflatten(0, (len(kept), 2))
    assert torch.allclose(found, whole[positions], rtol=1e-4, atol=1e-7)


def test_the_published_network_has_the_same_claim():
    # Its convolutions are drawn before the head, whose size is the number of classes.
    spec, step = ClipSpec(8, 43, 43), Step(2, 9, 0)
    real = real_clips(videos=2, windows=1, spec=spec)
    options = {"network": "minic3d", "batch_real": 2}
    whole = gradient(videos(1, spec), real, step, **options)
    apart = gradient(videos(1, spec, ("cube",)), real.only_classes([1]), step, **options)
    assert torch.allclose(apart[0], whole[1], rtol=1e-3, atol=1e-5 * float(whole.abs().max()))


def test_networks_do_not_depend_on_the_length_of_the_run():
    real, synthetic = real_clips(spec=SPEC), videos()
    short, long = (gradient(synthetic, real, Step(4, total, 0)) for total in (5, 5000))
    assert torch.equal(short, long)
    assert not torch.equal(short, gradient(synthetic, real, Step(4, 5, 1)))


def test_losses_do_not_touch_the_global_generator():
    real, before = real_clips(spec=SPEC), torch.get_rng_state()
    made = prepared(real, clip_policy="resample")
    list(made.losses(videos(), real, Step(0, 5, 0)))
    made.held_out_loss(videos(), real, 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_held_out_loss_sees_first_windows_only_and_no_more_than_its_share():
    real = watched(videos=HELD_OUT_CLIPS + 2)
    made = prepared(real)
    first = made.held_out_loss(videos(), real, 0)
    assert all(len(looked) == HELD_OUT_CLIPS and {w for _, w in looked} == {0} for looked in real.looked)
    count = len(real.looked)
    assert made.held_out_loss(videos(), real, 0) == first and len(real.looked) == count
    made.prepare(real)
    assert made.held_out_loss(videos(), real, 0) == first and len(real.looked) == 2 * count


def test_the_held_out_loss_by_hand():
    real, synthetic = real_clips(spec=SPEC), videos()
    total = 0.0
    for number in range(4):
        network = build_network("toy_flat", SPEC, 3, seed=derive(0, "held-out", number))
        for label in range(3):
            own = network.embed(synthetic.frames[synthetic.labels == label]).mean(0)
            total += (network.embed(real.decode(real.members(label))).mean(0) - own).square().sum().item()
    assert prepared(real).held_out_loss(synthetic, real, 0) == pytest.approx(total / 4, rel=1e-5)


def test_more_videos_of_a_class_share_one_mean():
    real, step = real_clips(spec=SPEC), Step(0, 5, 0)
    one = videos(1)
    doubled = Dense(one.frames.detach().repeat_interleave(2, 0), SPEC, CLASSES, torch.arange(3).repeat_interleave(2))
    single, pair = gradient(one, real, step), gradient(doubled, real, step).unflatten(0, (3, 2))
    assert torch.allclose(pair[:, 0], single / 2, rtol=1e-4, atol=1e-7) and torch.equal(pair[:, 0], pair[:, 1])
