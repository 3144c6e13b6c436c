"""Teacher inversion: videos that a trained network recognises, and that move its activations as real clips do.

Source: SRe2L (Yin et al., NeurIPS 2023), which takes it from DeepInversion; TSGF equations 4 and 5 for video.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from vidense.data.real import RealClips
from vidense.errors import UserError
from vidense.nets import Network
from vidense.objectives.base import Objective, Step
from vidense.option_types import Count, Weight
from vidense.parameterizations.base import Parameterization
from vidense.seeding import Draw

__all__ = [
    "Recovery",
    "TeacherInversion",
    "entering_norms",
    "norm_distance",
    "random_view",
    "statistics_distance",
]

# Of the box that a view enlarges: its share of the area and the ratio of its sides; and how far a view is rolled, as a
# share of either side. The first two are the defaults of the random resized crop in SRe2L's code, which rolls pictures
# of 224 pixels by up to 32.
AREA, RATIO, ROLL = (0.08, 1.0), (3 / 4, 4 / 3), 32 / 224


@dataclass(frozen=True)
class Recovery:
    """What recovered videos are asked for.

    Attributes:
        r_bn: weight of the distance of batch statistics.
        alpha_ce: weight of the cross entropy.
        batch: most videos whose statistics are taken together. More are dealt over batches at random in every
            iteration, so that classes mix.
    """

    r_bn: Weight = 0.001
    alpha_ce: Weight = 1.0
    batch: Count = 50

    def __post_init__(self) -> None:
        if not max(self.r_bn, self.alpha_ce) > 0:
            raise UserError(f"r_bn={self.r_bn} and alpha_ce={self.alpha_ce} ask for nothing; raise one of them above 0")


def statistics_distance(activations: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """Return how far a layer's statistics are from those of real clips, a scalar (TSGF equation 5, one summand).

    Args:
        activations: what enters the layer, ``[B, C, ...]``; statistics are over all dimensions but the second.
        mean: running mean of real clips, ``[C]``.
        variance: their running variance, ``[C]``; that of ``activations`` is the biased one, as in SRe2L's code.

    Returns:
        The Euclidean distance (not squared) of the means, plus that of the variances.
    """
    others = [dimension for dimension in range(activations.ndim) if dimension != 1]
    found_variance, found_mean = torch.var_mean(activations, others, correction=0)
    distance: Tensor = torch.linalg.vector_norm(
        torch.stack([found_mean - mean, found_variance - variance]), dim=1
    ).sum()
    return distance


def random_view(clips: Tensor, rng: torch.Generator) -> Tensor:
    """Return clips cut out, enlarged to their old size, and rolled, all frames of all clips alike; differentiable.

    SRe2L's code also mirrors half of its views. Here mirroring was decided when the store was prepared, for it spoils
    data whose labels depend on direction.

    Args:
        clips: ``[n, T, 3, H, W]``.
        rng: where the view is drawn from.
    """
    draws = torch.rand(6, generator=rng).tolist()
    sides = clips.shape[-2:]
    area = _between(AREA, draws[0]) * math.prod(sides)
    ratio = math.exp(_between((math.log(RATIO[0]), math.log(RATIO[1])), draws[1]))
    lengths = (math.sqrt(area / ratio), math.sqrt(area * ratio))
    box = [min(max(round(length), 1), side) for length, side in zip(lengths, sides, strict=True)]
    top, left = (int(draw * (side - length + 1)) for draw, side, length in zip(draws[2:4], sides, box, strict=True))
    seen = clips[..., top : top + box[0], left : left + box[1]].flatten(0, 1)
    enlarged = functional.interpolate(seen, size=sides, mode="bilinear", align_corners=False).view_as(clips)
    shifts = [round(_between((-ROLL, ROLL), draw) * side) for draw, side in zip(draws[4:], sides, strict=True)]
    return torch.roll(enlarged, shifts, (-2, -1))


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + share * (ends[1] - ends[0])


class TeacherInversion(Objective):
    """Lowers a frozen teacher's cross entropy, and the distance of its batch statistics from those of real clips.

    Where the teacher takes single frames, every frame of every video is a clip of its own. No real clip is looked at;
    classes meet in the statistics.
    """

    def __init__(
        self,
        teacher: Network,
        about: Mapping[str, Any],
        recovery: Recovery,
        *,
        first_bn: float = 1.0,
        augment: bool = False,
    ) -> None:
        """Ask ``teacher``.

        Args:
            teacher: with batch normalisation, in eval mode, without gradient at its weights, on the videos' device.
            about: what the condensed dataset shall say of it, as JSON types.
            recovery: what is asked for.
            first_bn: times the distance at the first normalisation the clips pass.
            augment: show the teacher a random view of each batch.

        Raises:
            ValueError: if the teacher has no batch normalisation.
        """
        if not _norms(teacher):
            raise ValueError(f"{type(teacher).__name__} keeps no batch statistics that videos could be asked for")
        self.teacher, self.about, self.recovery = teacher, dict(about), recovery
        self.first_bn, self.augment = first_bn, augment
        self._parts: dict[str, float] = {}

    def losses(self, synthetic: Parameterization, real: RealClips, step: Step) -> Iterator[Tensor]:
        """Yield one loss a batch, its cross entropy averaged over the batch."""
        self._parts = {"cross_entropy": 0.0, "statistics": 0.0}
        count = len(synthetic) * self._pieces(synthetic)
        order = torch.randperm(count, generator=step.draw.generator("batches")).to(synthetic.labels.device)
        for number, pieces in enumerate(torch.tensor_split(order, -(-count // self.recovery.batch))):
            clips, labels = self._clips(synthetic, pieces, step.draw)
            if self.augment:
                clips = random_view(clips, step.draw.generator("view", number))
            with entering_norms(self.teacher) as entered:
                entropy = functional.cross_entropy(self.teacher(clips), labels)
            distances = [norm_distance(norm, maps) for norm, passes in entered.items() for maps in passes]
            statistics = torch.stack([self.first_bn * distances[0], *distances[1:]]).sum()
            self._parts["cross_entropy"] += entropy.item()
            self._parts["statistics"] += statistics.item()
            yield self.recovery.alpha_ce * entropy + self.recovery.r_bn * statistics

    @torch.no_grad()
    def after_update(self, synthetic: Parameterization, step: Step) -> None:
        """Fill in, at the end of the run, the labels of videos that keep soft ones: the teacher's view of each.

        Of frames that are shown one by one it is the mean of their probabilities.
        """
        if synthetic.soft_labels is None or step.index + 1 < step.total:
            return
        each, count = self._pieces(synthetic), len(synthetic)
        for videos in torch.tensor_split(torch.arange(count), -(-count // self.recovery.batch)):
            pieces = (videos[:, None] * each + torch.arange(each)).flatten().to(synthetic.labels.device)
            clips, _ = self._clips(synthetic, pieces, step.draw)
            seen = self.teacher(clips).softmax(1).unflatten(0, (-1, each)).mean(1)
            synthetic.soft_labels[videos.to(seen.device)] = seen

    def telemetry(self) -> dict[str, Any]:
        """Return both parts of the loss, unweighted, summed over the batches."""
        return self._parts

    def outcome(self) -> dict[str, Any]:
        """Return what is known of the teacher; it is not stored with the videos, but they are made of it."""
        return {"teacher": self.about}

    def _pieces(self, synthetic: Parameterization) -> int:
        """Return how many clips of the teacher's length a video is."""
        return synthetic.spec.frames if self.teacher.spec.frames == 1 else 1

    def _clips(self, synthetic: Parameterization, pieces: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
        each = self._pieces(synthetic)
        videos = pieces // each
        clips = synthetic.decode(videos, draw)
        if each > 1:
            clips = clips[torch.arange(len(pieces), device=pieces.device), pieces % each][:, None]
        return clips, synthetic.labels[videos]


@contextmanager
def entering_norms(network: nn.Module) -> Iterator[dict[nn.Module, list[Tensor]]]:
    """Yield what enters each layer of :func:`_norms` inside the block, layers in order, one tensor a forward pass."""
    entered: dict[nn.Module, list[Tensor]] = {}

    def see(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        entered.setdefault(norm, []).append(inputs[0])

    handles = [norm.register_forward_pre_hook(see) for norm in _norms(network)]
    try:
        yield entered
    finally:
        for handle in handles:
            handle.remove()


def norm_distance(norm: nn.Module, maps: Tensor) -> Tensor:
    """Return :func:`statistics_distance` of what enters a layer, ``[n, C, ...]``, from what the layer remembers."""
    return statistics_distance(maps, norm.get_buffer("running_mean"), norm.get_buffer("running_var"))


def _norms(network: nn.Module) -> list[nn.Module]:
    """Return the layers that normalise by the batch and remember what they saw of the real clips."""
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    return [layer for layer in network.modules() if isinstance(layer, kinds) and layer.track_running_stats]
