"""Teacher inversion against statistics spelt out, batches against each other, views against pixel loops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from tests.engine.toys import SPEC as TOY
from tests.engine.toys import Flat, FlatNorm, plugged_in
from tests.tiny import CLASSES, SPEC
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets import Network, build_network
from vidense.nets.minic3d import minic3d_bn
from vidense.objectives import Step, TeacherInversion
from vidense.objectives.inversion import AREA, RATIO, ROLL, Recovery, random_view, statistics_distance
from vidense.parameterizations import Dense
from vidense.seeding import generator

ABOUT = {"network": "minic3d_bn", "seed": 7}


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def frozen(network: Network, seed: int = 1) -> Network:
    """Return a teacher whose running statistics are not those it started with."""
    rng = generator(seed, "statistics")
    for name, buffer in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.copy_(torch.rand(buffer.shape, generator=rng) + 0.5)
    return network.eval().requires_grad_(False)


def toy(frames: int = TOY.frames) -> Network:
    return frozen(build_network("minic3d_bn", ClipSpec(frames, 4, 4), 3, seed=0))


def videos(spec: ClipSpec = TOY, vpc: int = 2) -> Dense:
    clips = torch.randn(3 * vpc, *spec.shape, generator=generator(0, "videos"))
    return Dense(clips, spec, CLASSES, torch.arange(3).repeat_interleave(vpc))


def slow_distance(activations, mean, variance) -> float:
    """Channel by channel, as TSGF equation 5 writes it."""
    apart = [0.0, 0.0]
    for channel in range(activations.shape[1]):
        numbers = activations[:, channel].flatten().double()
        found_mean = numbers.sum() / len(numbers)
        found_variance = ((numbers - found_mean) ** 2).sum() / len(numbers)
        apart[0] += float(found_mean - mean[channel]) ** 2
        apart[1] += float(found_variance - variance[channel]) ** 2
    return math.sqrt(apart[0]) + math.sqrt(apart[1])


@given(st.lists(st.integers(1, 4), min_size=2, max_size=5), st.integers(0, 99))
def test_distance_equals_the_slow_reference(shape, seed):
    rng = torch.Generator().manual_seed(seed)
    activations = 3 * torch.randn(shape, generator=rng) + 1
    mean, variance = torch.randn(shape[1], generator=rng), torch.rand(shape[1], generator=rng)
    found = statistics_distance(activations, mean, variance)
    assert found.item() == pytest.approx(slow_distance(activations, mean, variance), rel=1e-4, abs=1e-5)


def test_clips_with_the_very_statistics_are_at_no_distance_and_have_a_finite_gradient():
    activations = torch.randn(4, 3, 5, generator=generator(0, "clips")).requires_grad_()
    mean, variance = activations.detach().mean((0, 2)), activations.detach().var((0, 2), unbiased=False)
    found = statistics_distance(activations, mean, variance)
    found.backward()
    assert found < 1e-6 and activations.grad.isfinite().all()


def minic3d_distances(network: Network, clips: torch.Tensor) -> list[float]:
    """What enters each normalisation of miniC3D, layer by layer, and how far it is from what the layer remembers."""
    found, values = [], clips.transpose(1, 2)
    for layer, (convolution, norm) in enumerate(zip(network.convolutions, network.norms, strict=True)):
        values = convolution(values)
        found.append(slow_distance(values, norm.running_mean, norm.running_var))
        shape = (1, -1, 1, 1, 1)
        scaled = (values - norm.running_mean.view(shape)) / (norm.running_var.view(shape) + norm.eps).sqrt()
        values = (scaled * norm.weight.view(shape) + norm.bias.view(shape)).clamp(min=0)
        values = functional.max_pool3d(values, (1, 2, 2) if layer == 0 else 2)
    return found


def test_loss_on_minic3d_equals_the_slow_reference_and_the_first_layer_can_weigh_more():
    network, synthetic = frozen(minic3d_bn(SPEC, 3)), videos(SPEC, vpc=1)
    clips = synthetic.frames.detach()
    distances = minic3d_distances(network, clips)
    entropy = -network(clips).log_softmax(1)[torch.arange(3), torch.arange(3)].mean().item()
    for first in (1.0, 10.0):
        made = TeacherInversion(network, ABOUT, Recovery(r_bn=0.3, alpha_ce=2.0), first_bn=first)
        (loss,) = made.losses(synthetic, None, Step(0, 4, 0))
        expected = 2 * entropy + 0.3 * (first * distances[0] + sum(distances[1:]))
        assert loss.item() == pytest.approx(expected, rel=1e-3)
        told = made.telemetry()
        assert told["cross_entropy"] == pytest.approx(entropy, rel=1e-3)
        assert told["statistics"] == pytest.approx(expected / 0.3 - 2 * entropy / 0.3, rel=1e-3)


def toy_loss(teacher: Network, clips: torch.Tensor, labels: torch.Tensor, recovery: Recovery) -> torch.Tensor:
    """The loss of one batch under the toy, differentiable."""
    entered = teacher.body(clips.flatten(1))
    apart = (entered.mean(0) - teacher.norm.running_mean, entered.var(0, unbiased=False) - teacher.norm.running_var)
    statistics = sum(part.square().sum().sqrt() for part in apart)
    return recovery.alpha_ce * functional.cross_entropy(teacher(clips), labels) + recovery.r_bn * statistics


def test_gradient_equals_that_of_the_loss_spelt_out():
    teacher, synthetic, recovery = toy(), videos(), Recovery(r_bn=0.5)
    (loss,) = TeacherInversion(teacher, ABOUT, recovery).losses(synthetic, None, Step(2, 4, 0))
    loss.backward()
    clips = synthetic.frames.detach().requires_grad_()
    toy_loss(teacher, clips, synthetic.labels, recovery).backward()
    assert torch.allclose(synthetic.frames.grad, clips.grad, atol=1e-6)
    assert all(weight.grad is None for weight in teacher.parameters())


def batches_of(made: TeacherInversion, synthetic: Dense, step: Step) -> list[list[int]]:
    """Return which videos each loss depends on."""
    found = []
    for loss in made.losses(synthetic, None, step):
        (gradient,) = torch.autograd.grad(loss, synthetic.frames)
        found.append(gradient.flatten(1).abs().sum(1).nonzero().flatten().tolist())
    return found


@settings(max_examples=20)
@given(st.integers(1, 9), st.integers(0, 99))
def test_every_video_is_in_one_batch_and_batches_are_of_about_equal_size(batch, index):
    made, synthetic = TeacherInversion(toy(), ABOUT, Recovery(batch=batch, r_bn=1.0)), videos()
    found = batches_of(made, synthetic, Step(index, 100, 0))
    assert sorted(video for part in found for video in part) == list(range(6))
    sizes = [len(part) for part in found]
    assert max(sizes) <= batch and max(sizes) - min(sizes) <= 1 and len(found) == -(-6 // batch)


def test_videos_are_dealt_anew_each_iteration_and_alike_each_time():
    made, synthetic = TeacherInversion(toy(), ABOUT, Recovery(batch=3)), videos()
    first, again, other = (batches_of(made, synthetic, Step(index, 9, 0)) for index in (0, 0, 1))
    assert first == again and {frozenset(part) for part in first} != {frozenset(part) for part in other}


def test_losses_are_those_of_their_batches():
    teacher, synthetic, recovery = toy(), videos(), Recovery(batch=4, r_bn=0.1)
    made = TeacherInversion(teacher, ABOUT, recovery)
    step = Step(1, 9, 0)
    found = [loss.item() for loss in made.losses(synthetic, None, step)]
    for value, members in zip(found, batches_of(made, synthetic, step), strict=True):
        expected = toy_loss(teacher, synthetic.frames[members], synthetic.labels[members], recovery)
        assert value == pytest.approx(expected.item(), rel=1e-4)


def test_a_teacher_of_single_frames_is_asked_about_every_frame_by_itself():
    teacher, synthetic, recovery = toy(frames=1), videos(), Recovery(r_bn=0.5, batch=100)
    (loss,) = TeacherInversion(teacher, ABOUT, recovery).losses(synthetic, None, Step(0, 4, 0))
    loss.backward()
    clips = synthetic.frames.detach().requires_grad_()
    frames, labels = clips.reshape(24, 1, 3, 4, 4), synthetic.labels.repeat_interleave(4)
    expected = toy_loss(teacher, frames, labels, recovery)
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    assert torch.allclose(synthetic.frames.grad, clips.grad, atol=1e-6)


def test_frames_of_a_video_may_meet_others_in_a_batch():
    made, synthetic = TeacherInversion(toy(frames=1), ABOUT, Recovery(batch=7)), videos()
    seen = torch.zeros(6, 4)
    for loss in made.losses(synthetic, None, Step(0, 4, 0)):
        (gradient,) = torch.autograd.grad(loss, synthetic.frames)
        seen += gradient.flatten(2).abs().sum(2) > 0
    assert torch.equal(seen, torch.ones(6, 4))


def test_no_hook_is_left_behind_even_after_an_error():
    teacher = toy()
    made = TeacherInversion(teacher, ABOUT, Recovery())
    list(made.losses(videos(), None, Step(0, 4, 0)))
    with pytest.raises(UserError, match="do not fit"):
        list(made.losses(videos(ClipSpec(4, 4, 5)), None, Step(0, 4, 0)))
    assert not any(layer._forward_pre_hooks for layer in teacher.modules())


def test_it_says_what_it_is_made_of_and_that_classes_meet():
    made = TeacherInversion(toy(), ABOUT, Recovery())
    assert made.outcome() == {"teacher": ABOUT} and not made.class_independent and made.state_dict() == {}


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ValueError, match="Flat keeps no batch statistics"):
        TeacherInversion(Flat(TOY, 3), ABOUT, Recovery())
    with pytest.raises(UserError, match="r_bn=0 and alpha_ce=0"):
        Recovery(r_bn=0, alpha_ce=0)
    assert isinstance(toy(), FlatNorm)


def slow_view(clip: torch.Tensor, draws: list[float]) -> torch.Tensor:
    """One picture ``[H, W]``, pixel by pixel."""
    height, width = clip.shape
    area = (AREA[0] + (AREA[1] - AREA[0]) * draws[0]) * height * width
    ratio = RATIO[0] ** (1 - draws[1]) * RATIO[1] ** draws[1]
    rows = min(max(round((area / ratio) ** 0.5), 1), height)
    columns = min(max(round((area * ratio) ** 0.5), 1), width)
    top, left = math.floor(draws[2] * (height - rows + 1)), math.floor(draws[3] * (width - columns + 1))
    down, right = (round((2 * draw - 1) * ROLL * side) for draw, side in ((draws[4], height), (draws[5], width)))

    def sample(place: int, cut: int, whole: int) -> tuple[int, int, float]:
        at = max((place + 0.5) * cut / whole - 0.5, 0.0)
        low = min(int(at), cut - 1)
        return low, min(low + 1, cut - 1), at - low

    view = torch.zeros(height, width)
    for y in range(height):
        for x in range(width):
            (y0, y1, dy), (x0, x1, dx) = sample(y, rows, height), sample(x, columns, width)
            corners = [clip[top + a, left + b] for a in (y0, y1) for b in (x0, x1)]
            weights = [(1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx]
            value = sum(weight * corner for weight, corner in zip(weights, corners, strict=True))
            view[(y + down) % height, (x + right) % width] = value
    return view


@settings(max_examples=12)
@given(st.integers(0, 999), st.sampled_from([(9, 14), (16, 16), (1, 2)]))
def test_views_equal_the_slow_reference(seed, sides):
    clips = torch.randn(2, 2, 3, *sides, generator=generator(seed, "clips"))
    found = random_view(clips, generator(seed, "view"))
    draws = torch.rand(6, generator=generator(seed, "view")).tolist()
    for video, time, channel in ((0, 0, 0), (0, 1, 2), (1, 1, 1)):
        expected = slow_view(clips[video, time, channel], draws)
        assert torch.allclose(found[video, time, channel], expected, atol=1e-5)


def test_views_reach_every_pixel_in_the_end():
    clips, reached = torch.randn(1, 2, 3, 8, 8), torch.zeros(8, 8)
    for seed in range(40):
        leaf = clips.clone().requires_grad_()
        random_view(leaf, generator(seed, "view")).square().sum().backward()
        reached += leaf.grad[0, 0, 0].abs()
    assert (reached > 0).all()


def test_augmented_losses_are_those_of_views_and_differ_between_iterations_and_batches():
    teacher, synthetic, recovery = toy(), videos(), Recovery(batch=3, r_bn=0.1)
    plain, made = (TeacherInversion(teacher, ABOUT, recovery, augment=augment) for augment in (False, True))
    step = Step(4, 9, 0)
    found = [loss.item() for loss in made.losses(synthetic, None, step)]
    for number, members in enumerate(batches_of(plain, synthetic, step)):
        view = random_view(synthetic.frames[members], step.draw.generator("view", number))
        expected = toy_loss(teacher, view, synthetic.labels[members], recovery)
        assert found[number] == pytest.approx(expected.item(), rel=1e-4)
    assert found != [loss.item() for loss in made.losses(synthetic, None, Step(5, 9, 0))]
