"""Gradient matching: what a network would learn from synthetic clips, against what it would learn from real ones.

Source: DC (Zhao et al., ICLR 2021) and DSA (Zhao and Bilen, ICML 2021); PRISM's first version (arXiv 2505.22564) states
the plain squared distance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from vidense.augmentation import Siamese
from vidense.data.real import RealClips
from vidense.data.spec import ClipSpec, DecodedOtherwise, LabelledClips
from vidense.nets import Network, build_network
from vidense.nets.precision import real_dtype
from vidense.objectives.base import Objective, Step
from vidense.objectives.known_gradient import known_gradient
from vidense.objectives.real_batches import RealBatches, chunk_size
from vidense.option_types import Count
from vidense.parameterizations.base import Parameterization
from vidense.seeding import Draw
from vidense.training import fit
from vidense.training_recipe import TrainingRecipe

__all__ = ["Distance", "GradientMatching", "Rounds", "gradient_distance"]

Distance = Literal["dc", "mse"]
# Keeps the cosine of a row without gradient finite, as the reference does.
EPSILON = 1e-6
# The least gradient, of the mean row of its tensor, that has a direction worth following.
FAINT = 0.01


def gradient_distance(found: Sequence[Tensor], wanted: Sequence[Tensor], kind: Distance) -> Tensor:
    """Return how far two lists of weight gradients lie apart, a scalar.

    Args:
        found: one gradient a weight tensor.
        wanted: as many, shaped alike.
        kind: ``dc`` sums 1 - cosine over the rows of each tensor, a row being all weights of one output channel;
            tensors of one dimension count nothing (DC section 3.3 and reference code). Ours: a row of ``found`` shorter
            than a hundredth of its tensor's mean counts 1, as one of zeros does. ``mse`` is the squared Euclidean
            distance of everything together.
    """
    pairs = list(zip(found, wanted, strict=True))
    if kind == "mse":
        return torch.stack([(a - b).square().sum() for a, b in pairs]).sum()
    return torch.stack([_row_distance(a.flatten(1), b.flatten(1)) for a, b in pairs if a.ndim > 1]).sum()


def _row_distance(found: Tensor, wanted: Tensor) -> Tensor:
    own = torch.linalg.vector_norm(found, dim=1)
    cosines: Tensor = (found * wanted).sum(1) / (own * torch.linalg.vector_norm(wanted, dim=1) + EPSILON)
    # The shorter a row, the steeper its cosine: without normalisation layers, one channel that hardly fires would
    # outweigh all others and throw the clip off its course.
    return (1 - torch.where(own > FAINT * own.mean(), cosines, 0.0)).sum()


@dataclass(frozen=True)
class Rounds:
    """How long a network serves before a fresh one takes its place.

    Attributes:
        outer_loop: updates of the videos under one network; DC uses 1 at 1 video a class, 10 at 10, 50 at 50.
        inner_loop: passes over the synthetic videos that train the network between two of these updates; DC uses 1, 50
            and 10.
    """

    outer_loop: Count = 1
    inner_loop: Count = 1

    @property
    def training(self) -> TrainingRecipe:
        """How the network is trained between updates: plain SGD at 0.01, as DC's reference code does it."""
        return TrainingRecipe(
            lr=0.01,
            momentum=0.0,
            weight_decay=0.0,
            batch=256,
            steps=0,
            epochs=self.inner_loop,
            schedule="constant",
            clip_norm=None,
            precision="float32",
        )


class GradientMatching(Objective):
    """Matches the gradient of the cross entropy by the network's weights, class by class.

    Dropout is off while gradients are matched, for two random masks would differ between the two sides.
    """

    def __init__(
        self, batches: RealBatches, distance: Distance, *, rounds: Rounds | None = None, augment: bool = False
    ) -> None:
        """Match random real clips.

        Args:
            batches: which.
            distance: of the two gradients.
            rounds: how long a network serves; None for one update.
            augment: DSA: transform the real and the synthetic clips of a class by one random augmentation.
        """
        self.batches, self.distance, self.rounds, self.augment = batches, distance, rounds or Rounds(), augment
        self._network: Network | None = None
        self._shape: tuple[ClipSpec, int] | None = None

    def prepare(self, real: RealClips) -> None:
        """Note the shape of the clips that networks are built for."""
        self._shape, self._network = (real.spec, len(real.class_names)), None

    def losses(self, synthetic: Parameterization, real: RealClips, step: Step) -> Iterator[Tensor]:
        """Yield one loss a class."""
        if self._network is None or step.index % self.rounds.outer_loop == 0:
            self._network = self._build(step.draw.derive("network")).place(synthetic.labels.device)
        network = self._network.eval()
        for label, name in enumerate(synthetic.class_names):
            siamese = Siamese(step.draw.generator("augmentation", name)) if self.augment else None
            wanted = self._real_gradient(network, real, self.batches.draw(real, label, step), label, siamese)
            videos = (synthetic.labels == label).nonzero().flatten()
            clips = synthetic.decode(videos, step.draw)
            # A leaf of its own: whoever watches the clips must see their gradient once, in the loop's backward pass.
            leaf = clips.detach().requires_grad_()
            found = _gradient(network, leaf if siamese is None else siamese(leaf), label, create_graph=True)
            distance = gradient_distance(found, wanted, self.distance)
            yield known_gradient(distance, [clips], torch.autograd.grad(distance, [leaf]))

    def after_update(self, synthetic: Parameterization, step: Step) -> None:
        """Train the network on the updated videos if it serves on."""
        last = (step.index + 1) % self.rounds.outer_loop == 0
        if self._network is None or last:
            return
        clips: LabelledClips = synthetic.frozen()
        if self.augment:
            clips = DecodedOtherwise(clips, True, partial(_augmented, clips))
        fit(self._network, clips, self.rounds.training, step.draw.derive("inner loop"))

    def state_dict(self) -> dict[str, Any]:
        """Return the weights of a network that serves on."""
        return {"network": None if self._network is None else self._network.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take the network back."""
        self._network = None
        if state["network"] is not None:
            self._network = self._build(0)
            self._network.load_state_dict(state["network"])
            self._network.place(next(iter(state["network"].values())).device)

    def _build(self, seed: int) -> Network:
        if self._shape is None:
            raise RuntimeError("prepare() must come before the first iteration")
        spec, classes = self._shape
        return build_network(self.batches.network, spec, classes, seed=seed)

    def _real_gradient(
        self, network: Network, real: RealClips, drawn: tuple[Tensor, Tensor | int], label: int, siamese: Siamese | None
    ) -> list[Tensor]:
        """Return the gradient of the mean cross entropy of real clips, few of them in a graph at once."""
        device = next(network.parameters()).device
        reduced = real_dtype(device, self.batches.precision) is torch.bfloat16
        pixels = real.pixels(*drawn).to(device, non_blocking=True)
        total: list[Tensor] = []
        for chunk in torch.split(pixels, chunk_size(device)):
            clips = real.spec.normalise(chunk)
            with torch.autocast(device.type, torch.bfloat16, enabled=reduced):
                part = _gradient(network, clips if siamese is None else siamese(clips), label, create_graph=False)
            share = len(chunk) / len(pixels)
            total = [share * g + t for g, t in zip(part, total or [torch.zeros_like(g) for g in part], strict=True)]
        return total


def _augmented(clips: LabelledClips, index: Tensor, draw: Draw | None) -> Tensor:
    """Decode a batch and transform it, as one, anew for every draw."""
    decoded = clips.decode(index, draw)
    return decoded if draw is None else Siamese(draw.generator("augmentation"))(decoded)


def _gradient(network: Network, clips: Tensor, label: int, *, create_graph: bool) -> Sequence[Tensor]:
    labels = torch.full((len(clips),), label, device=clips.device)
    loss = functional.cross_entropy(network(clips).float(), labels)
    return torch.autograd.grad(loss, list(network.parameters()), create_graph=create_graph)
