import torch

from tests.tiny import CLASSES, SPEC, real_clips
from vidense.nets import build_network
from vidense.objectives import DistributionMatching, Step
from vidense.objectives.distribution import mean_embedding_loss
from vidense.objectives.real_batches import RealBatches
from vidense.parameterizations import Dense


def objective(**options) -> DistributionMatching:
    return DistributionMatching(RealBatches(**{"batch_real": 3, "precision": "float32", **options}))


def prepared(real, **options) -> DistributionMatching:
    made = objective(**options)
    made.prepare(real)
    return made


def videos(vpc: int = 2) -> Dense:
    clips = torch.randn(3 * vpc, *SPEC.shape, generator=torch.Generator().manual_seed(1))
    return Dense(clips, SPEC, CLASSES, torch.arange(3).repeat_interleave(vpc))


def slow_loss(synthetic, real, step: Step, batch_real: int) -> torch.Tensor:
    """PRISM equation 8, class by class, one clip at a time, in float32."""
    network = build_network("minic3d", SPEC, 3, seed=step.draw.derive("network"))
    total = torch.zeros(())
    for label in range(3):
        members = real.members(label)
        order = torch.randperm(len(members), generator=step.draw.generator("real", CLASSES[label]))[:batch_real]
        mean_real = sum(network.embed(real.decode(members[i : i + 1]))[0] for i in order.tolist()) / len(order)
        own = [i for i in range(len(synthetic)) if synthetic.labels[i] == label]
        mean_made = sum(network.embed(synthetic.frames[i : i + 1])[0] for i in own) / len(own)
        total = total + ((mean_real.detach() - mean_made) ** 2).sum()
    return total


def test_losses_and_gradient_equal_the_slow_reference():
    real, synthetic, step = real_clips(), videos(), Step(3, 10, 0)
    loss = sum(prepared(real).losses(synthetic, real, step))
    (gradient,) = torch.autograd.grad(loss, synthetic.frames)
    reference = slow_loss(synthetic, real, step, 3)
    (expected,) = torch.autograd.grad(reference, synthetic.frames)
    assert torch.allclose(loss, reference, rtol=1e-4)
    assert torch.allclose(gradient, expected, rtol=1e-3, atol=1e-6 * float(expected.abs().max()))


def test_chunks_hold_whole_classes_and_cover_them_all(monkeypatch):
    monkeypatch.setattr("vidense.objectives.real_batches.CHUNK", {"cpu": 4})
    real, synthetic, step = real_clips(), videos(vpc=3), Step(0, 10, 0)
    chunked = list(prepared(real).losses(synthetic, real, step))
    assert len(chunked) == 3
    monkeypatch.setattr("vidense.objectives.real_batches.CHUNK", {"cpu": 99})
    whole = list(prepared(real).losses(synthetic, real, step))
    assert len(whole) == 1
    assert torch.allclose(sum(chunked), whole[0], rtol=1e-4)


def test_bfloat16_of_the_real_part_hardly_moves_the_gradient():
    real, synthetic, step = real_clips(), videos(), Step(0, 10, 0)
    gradients = []
    for precision in ("float32", "bfloat16"):
        loss = sum(prepared(real, precision=precision).losses(synthetic, real, step))
        gradients.append(torch.autograd.grad(loss, synthetic.frames)[0].flatten())
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.999


def test_every_iteration_draws_another_network_and_the_same_one_again():
    real, synthetic = real_clips(), videos()
    made = prepared(real)
    first, again, other = (sum(made.losses(synthetic, real, Step(i, 10, 0))).item() for i in (0, 0, 1))
    assert first == again != other


def test_resampling_uses_other_windows():
    real, synthetic, step = real_clips(windows=4), videos(), Step(0, 10, 0)
    frozen = sum(prepared(real).losses(synthetic, real, step)).item()
    resampled = sum(prepared(real, clip_policy="resample").losses(synthetic, real, step)).item()
    assert frozen != resampled


def test_held_out_loss_is_repeatable_and_prefers_real_clips():
    real = real_clips()
    made = prepared(real)
    copies = Dense(real.decode(torch.tensor([0, 4, 8])), SPEC, CLASSES, torch.arange(3))
    noise = made.held_out_loss(videos(1), real, 0)
    assert noise == made.held_out_loss(videos(1), real, 0)
    assert made.held_out_loss(copies, real, 0) < noise


def test_mean_embedding_loss_is_a_sum_without_division():
    real, made = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    assert mean_embedding_loss(real, made) == 1 + 4 + 9 + 16
