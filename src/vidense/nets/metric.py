"""A network for retrieval: clips on a sphere, near those of their class."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidense.nets.base import Network
from vidense.seeding import seeded

__all__ = ["MetricNetwork"]

SIZE = 128
TEMPERATURE = 0.05


class MetricNetwork(Network):
    """Another network's features, averaged over place and time, mapped linearly to 128 numbers of length 1.

    Its class scores are cosines with one learned proxy a class, divided by 0.05, so that cross entropy is the
    normalised softmax loss: a loss of pairs or triplets has nothing to learn from with one video a class.

    Source: our reading of PRISM's retrieval (section 4.5), which names neither network, size nor loss.
    """

    def __init__(self, base: Network, seed: int) -> None:
        """Put a head on ``base``.

        Args:
            base: gives the features; its own scores are not used.
            seed: of the head.
        """
        super().__init__(base.spec, base.classes, SIZE)
        self.base = base
        with torch.no_grad():
            width = base.features(torch.zeros(1, *base.spec.shape)).shape[1]
        with seeded(seed, "metric head"):
            self.projection = nn.Linear(width, SIZE)
            self.proxies = nn.Parameter(F.normalize(torch.randn(base.classes, SIZE), dim=1))

    def features(self, clips: Tensor) -> Tensor:
        """Return the features of ``base``, averaged over all but channels, ``[n, width]``."""
        found = self.base.features(clips)
        return found.flatten(2).mean(2) if found.dim() > 2 else found

    def embed(self, clips: Tensor) -> Tensor:
        """Return points of the unit sphere, ``[n, 128]``."""
        return self._project(self.features(clips))

    def logits(self, features: Tensor) -> Tensor:
        """Return ``[n, classes]``: cosines with the proxies, divided by the temperature."""
        return self._project(features) @ F.normalize(self.proxies, dim=1).T / TEMPERATURE

    def _project(self, features: Tensor) -> Tensor:
        return F.normalize(self.projection(features), dim=1)
