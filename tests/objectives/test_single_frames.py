"""Image condensation of videos: the frames of real clips against stills."""

import pytest
import torch

from tests.engine.toys import SPEC, Flat, plugged_in
from tests.tiny import CLASSES, real_clips
from vidense.objectives import GradientMatching, SingleFrames, Step
from vidense.objectives.gradient import Rounds
from vidense.objectives.real_batches import RealBatches
from vidense.parameterizations import Dense, Stills


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def inner(**options) -> GradientMatching:
    batches = RealBatches(batch_real=3, network="toy_flat", precision="float32", clip_policy="resample")
    return GradientMatching(batches, "dc", **options)


def stills() -> Stills:
    return Stills(torch.randn(3, *SPEC.shape[1:]), SPEC, CLASSES, torch.arange(3))


def test_every_stored_frame_is_a_window_of_its_own():
    real = real_clips(spec=SPEC)
    frames = real.single_frames()
    assert frames.spec.frames == 1 and frames.windows == 2 * SPEC.frames and frames.content != real.content
    index = torch.tensor([5, 0])
    for window in range(2):
        for t in range(SPEC.frames):
            found = frames.pixels(index, window * SPEC.frames + t)
            assert torch.equal(found[:, 0], real.pixels(index, window)[:, t])
    assert torch.equal(frames.labels, real.labels) and frames.groups == real.groups


def test_losses_are_those_of_image_condensation():
    real, videos, step = real_clips(spec=SPEC), stills(), Step(2, 9, 0)
    wrapped, plain = SingleFrames(inner()), inner()
    wrapped.prepare(real)
    plain.prepare(real.single_frames())
    found = [loss.item() for loss in wrapped.losses(videos, real, step)]
    assert found == [loss.item() for loss in plain.losses(videos.pictures, real.single_frames(), step)]
    assert isinstance(plain._network, Flat) and plain._network.spec.frames == 1


def test_networks_that_serve_on_are_trained_on_pictures_and_survive():
    real, videos = real_clips(spec=SPEC), stills()
    objectives = [SingleFrames(inner(rounds=Rounds(outer_loop=3))) for _ in range(2)]
    for made in objectives:
        made.prepare(real)
    first, again = objectives
    before = sum(loss.item() for loss in first.losses(videos, real, Step(0, 9, 0)))
    first.after_update(videos, Step(0, 9, 0))
    again.load_state_dict(first.state_dict())
    values = [[loss.item() for loss in made.losses(videos, real, Step(1, 9, 0))] for made in objectives]
    assert values[0] == values[1] and sum(values[0]) != before


def test_other_videos_are_refused():
    real = real_clips(spec=SPEC)
    made = SingleFrames(inner())
    made.prepare(real)
    dense = Dense(torch.zeros(3, *SPEC.shape), SPEC, CLASSES, torch.arange(3))
    with pytest.raises(TypeError, match="Dense"):
        made.losses(dense, real, Step(0, 1, 0))
