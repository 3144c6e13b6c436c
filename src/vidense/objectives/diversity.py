"""Distribution matching that pushes the segments of a video apart (IDTD, Zhao et al., arXiv 2412.00111)."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from vidense.data.real import RealClips
from vidense.objectives.base import Step
from vidense.objectives.distribution import DistributionMatching
from vidense.objectives.real_batches import RealBatches, chunk_size
from vidense.parameterizations.base import Parameterization
from vidense.parameterizations.feature_pool import FeaturePool

__all__ = ["DiverseMatching", "mean_pairwise_cosine"]


def mean_pairwise_cosine(embedded: Tensor) -> Tensor:
    """Return the mean cosine of the K (K - 1) / 2 pairs of each row of ``embedded`` ``[n, K, E]``, ``[n]``, K > 1."""
    unit = functional.normalize(embedded, dim=2)
    gram = unit @ unit.transpose(1, 2)
    pairs = embedded.shape[1] * (embedded.shape[1] - 1)
    return (gram.sum((1, 2)) - gram.diagonal(dim1=1, dim2=2).sum(1)) / pairs


class DiverseMatching(DistributionMatching):
    """Adds to the matching losses, under the same networks, how alike the segments of feature pools embed.

    Of each class the mean over its videos, so that its weight against the matching loss depends neither on the number
    of classes nor on that of videos. Learning rates are judged by the matching alone.
    """

    def __init__(self, batches: RealBatches, weight: float) -> None:
        """Match random real clips as ``batches`` draws them; ``weight`` is that of the cosines, 0 or more."""
        super().__init__(batches)
        self.weight = weight

    def losses(self, synthetic: Parameterization, real: RealClips, step: Step) -> Iterator[Tensor]:
        """Yield the matching losses, then the weighted cosines of few videos at a time."""
        if not isinstance(synthetic, FeaturePool):
            raise TypeError(f"segments are those of feature pools, not of {type(synthetic).__name__}")
        networks = self.networks(synthetic, step.draw.derive("network"))
        yield from self.matched(networks, synthetic, real, step)
        if not self.weight:
            return
        everyone = torch.arange(len(synthetic), device=synthetic.labels.device)
        shares = 1 / torch.bincount(synthetic.labels)[synthetic.labels]
        for videos in torch.split(everyone, max(1, chunk_size(everyone.device) // synthetic.segment_count)):
            segments = synthetic.segments(videos)
            embedded = networks[0].embed(segments.flatten(0, 1)).view(*segments.shape[:2], -1)
            yield self.weight * (shares[videos] * mean_pairwise_cosine(embedded)).sum()
