"""Distribution matching: mean embeddings of real and synthetic clips under random networks.

Source: DM (Zhao and Bilen, WACV 2023) as PRISM equation 8 uses it for video.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from vidense.data.real import RealClips
from vidense.nets import Network, build_network
from vidense.objectives.base import Objective, Step
from vidense.objectives.real_batches import RealBatches, chunk_size, packed, real_embeddings
from vidense.parameterizations.base import Parameterization
from vidense.seeding import Draw, derive

__all__ = ["DistributionMatching", "mean_embedding_loss"]

HELD_OUT_NETWORKS, HELD_OUT_CLIPS = 4, 32


def mean_embedding_loss(real: Tensor, synthetic: Tensor) -> Tensor:
    """Return the sum over classes of the squared distance of mean embeddings (PRISM equation 8).

    Args:
        real: mean embeddings of real clips ``[c, E]``.
        synthetic: mean embeddings of synthetic clips ``[c, E]``.

    Returns:
        A scalar, summed over the E coordinates without division (as the reference does).
    """
    return (real - synthetic).square().sum()


class DistributionMatching(Objective):
    """Matches class means of the embedding, with a fresh random network every iteration.

    A few real clips a class suffice: the gradient is linear in the real mean, so fewer clips leave its expectation
    unchanged, and the random network, not the real batch, carries nearly all of its variance.
    """

    class_independent = True

    def __init__(self, batches: RealBatches) -> None:
        """Match random real clips as ``batches`` draws them."""
        self.batches = batches
        self._held_out: list[tuple[Network, Tensor]] = []

    def prepare(self, real: RealClips) -> None:
        """Forget what other clips were judged by."""
        self._held_out = []

    def losses(self, synthetic: Parameterization, real: RealClips, step: Step) -> Iterator[Tensor]:
        """Yield one loss for each few classes, as many as fill a chunk of synthetic clips."""
        yield from self.matched(self.networks(synthetic, step.draw.derive("network")), synthetic, real, step)

    def matched(
        self, networks: tuple[Network, Network], synthetic: Parameterization, real: RealClips, step: Step
    ) -> Iterator[Tensor]:
        """Yield the losses under given networks, as :meth:`networks` returns them."""
        network, for_real = networks
        for videos in _class_chunks(synthetic):
            draws = [self.batches.draw(real, label, step) for label in videos]
            means = [found.mean(0) for found in real_embeddings(for_real, real, draws)]
            yield mean_embedding_loss(
                torch.stack(means), _synthetic_means(network, synthetic, list(videos.values()), step.draw)
            )

    @torch.no_grad()
    def held_out_loss(self, synthetic: Parameterization, real: RealClips, seed: int) -> float:
        """Return the loss under four networks that no iteration draws, against up to 32 real clips a class."""
        if not self._held_out:
            for index in range(HELD_OUT_NETWORKS):
                network, for_real = self.networks(synthetic, derive(seed, "held-out", index))
                members = [real.members(label)[:HELD_OUT_CLIPS] for label in range(len(real.class_names))]
                found = real_embeddings(for_real, real, [(of_class, 0) for of_class in members])
                self._held_out.append((network, torch.stack([of_class.mean(0) for of_class in found])))
        total = 0.0
        for network, means in self._held_out:
            for videos in _class_chunks(synthetic):
                made = _synthetic_means(network, synthetic, list(videos.values()), None)
                total += float(mean_embedding_loss(means[list(videos)], made))
        return total / HELD_OUT_NETWORKS

    def networks(self, synthetic: Parameterization, seed: int) -> tuple[Network, Network]:
        """Return a fresh frozen network for synthetic clips, and the same for real clips in their number type."""
        # The same weights twice: float32 for synthetic clips, whose gradient bf16 would distort by 13-18 %.
        device = synthetic.labels.device
        network = build_network(self.batches.network, synthetic.spec, len(synthetic.class_names), seed=seed)
        network = network.eval().requires_grad_(False).place(device)
        return network, self.batches.for_real(network)


def _class_chunks(synthetic: Parameterization) -> Iterator[dict[int, Tensor]]:
    """Yield ``{label: positions of its videos}`` for as many classes as fit one chunk (at least one class)."""
    videos = [(synthetic.labels == label).nonzero().flatten() for label in range(len(synthetic.class_names))]
    for labels in packed([len(of_class) for of_class in videos], chunk_size(synthetic.labels.device)):
        yield {label: videos[label] for label in labels}


def _synthetic_means(
    network: Network, synthetic: Parameterization, videos: Sequence[Tensor], draw: Draw | None
) -> Tensor:
    embedded = network.embed(synthetic.decode(torch.cat(list(videos)), draw))
    return torch.stack([part.mean(0) for part in torch.split(embedded, [len(v) for v in videos])])
