"""Distribution matching: mean embeddings of real and synthetic clips under random networks.

Source: DM (Zhao and Bilen, WACV 2023) as PRISM equation 8 uses it for video.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from vidense.data.real import RealClips
from vidense.nets import Network, build_network
from vidense.nets.precision import real_dtype
from vidense.objectives.base import Objective, Step
from vidense.option_types import Count, NetworkName
from vidense.parameterizations.base import Parameterization
from vidense.seeding import Draw, derive

__all__ = ["DistributionMatching", "Matching", "mean_embedding_loss"]

# Clips in one graph. On a CPU the activations of 8 clips stay near the cache, which beats whole classes at once; a GPU
# wants fewer, larger launches.
CHUNK = {"cpu": 8, "cuda": 256}
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


@dataclass(frozen=True)
class Matching:
    """How real clips enter an iteration.

    Attributes:
        batch_real: distinct real videos drawn of each class each iteration (all of a smaller class); 64 in the
            papers, 8 has the same expected gradient.
        network: the random embedding network, used in evaluation mode (no layer mixes clips, so chunking does not
            change the result).
        clip_policy: ``frozen`` uses a video's first stored window throughout, as the reference does; ``resample`` draws
            among those stored.
        precision: of the forward pass of real clips, which needs no gradient; synthetic clips are always float32.
            ``auto`` is bfloat16 where the hardware computes in it.
    """

    batch_real: Count = 8
    network: NetworkName = "minic3d"
    clip_policy: Literal["frozen", "resample"] = "frozen"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"


class DistributionMatching(Objective):
    """Matches class means of the embedding, with a fresh random network every iteration.

    A few real clips a class suffice: the gradient is linear in the real mean, so fewer clips leave its expectation
    unchanged, and the random network, not the real batch, carries nearly all of its variance.
    """

    class_independent = True

    def __init__(self, matching: Matching) -> None:
        """Match as ``matching`` says."""
        self.matching = matching
        self._members: list[Tensor] = []
        self._held_out: list[tuple[Network, Tensor]] = []

    def prepare(self, real: RealClips, workdir: Path, seed: int) -> None:
        """Index the videos of each class."""
        self._members = [real.members(label) for label in range(len(real.class_names))]
        self._held_out = []

    def losses(self, synthetic: Parameterization, real: RealClips, step: Step) -> Iterator[Tensor]:
        """Yield one loss for each few classes, as many as fill a chunk of synthetic clips."""
        network, for_real = self._networks(synthetic, step.draw.derive("network"))
        for videos in _class_chunks(synthetic):
            means = [self._real_mean(for_real, real, self._draw(real, label, step)) for label in videos]
            yield mean_embedding_loss(
                torch.stack(means), _synthetic_means(network, synthetic, list(videos.values()), step.draw)
            )

    @torch.no_grad()
    def held_out_loss(self, synthetic: Parameterization, real: RealClips, seed: int) -> float:
        """Return the loss under four networks that no iteration draws, against up to 32 real clips a class."""
        if not self._held_out:
            for index in range(HELD_OUT_NETWORKS):
                network, for_real = self._networks(synthetic, derive(seed, "held-out", index))
                found = [self._real_mean(for_real, real, (members[:HELD_OUT_CLIPS], 0)) for members in self._members]
                self._held_out.append((network, torch.stack(found)))
        total = 0.0
        for network, means in self._held_out:
            for videos in _class_chunks(synthetic):
                made = _synthetic_means(network, synthetic, list(videos.values()), None)
                total += float(mean_embedding_loss(means[list(videos)], made))
        return total / HELD_OUT_NETWORKS

    def _networks(self, synthetic: Parameterization, seed: int) -> tuple[Network, Network]:
        # The same weights twice: float32 for synthetic clips, whose gradient bf16 would distort by 13-18 %.
        device = synthetic.labels.device
        network = build_network(self.matching.network, synthetic.spec, len(synthetic.class_names), seed=seed)
        network = network.eval().requires_grad_(False).place(device)
        dtype = real_dtype(device, self.matching.precision)
        return network, network if dtype == torch.float32 else deepcopy(network).place(device, dtype)

    def _draw(self, real: RealClips, label: int, step: Step) -> tuple[Tensor, Tensor | int]:
        members, rng = self._members[label], step.draw.generator("real", real.class_names[label])
        chosen = members[torch.randperm(len(members), generator=rng)[: self.matching.batch_real]]
        if self.matching.clip_policy == "frozen":
            return chosen, 0
        return chosen, torch.randint(real.windows, (len(chosen),), generator=rng)

    def _real_mean(self, network: Network, real: RealClips, drawn: tuple[Tensor, Tensor | int]) -> Tensor:
        parameter = next(network.parameters())
        pixels = real.pixels(*drawn).to(parameter.device, non_blocking=True)
        with torch.no_grad():
            chunks = torch.split(pixels, CHUNK[parameter.device.type])
            embedded = [network.embed(real.spec.normalise(chunk).to(parameter.dtype)).float() for chunk in chunks]
        return torch.cat(embedded).mean(0)


def _class_chunks(synthetic: Parameterization) -> Iterator[dict[int, Tensor]]:
    """Yield ``{label: positions of its videos}`` for as many classes as fit one chunk (at least one class)."""
    chunk: dict[int, Tensor] = {}
    held, room = 0, CHUNK[synthetic.labels.device.type]
    for label in range(len(synthetic.class_names)):
        videos = (synthetic.labels == label).nonzero().flatten()
        if chunk and held + len(videos) > room:
            yield chunk
            chunk, held = {}, 0
        chunk[label] = videos
        held += len(videos)
    yield chunk


def _synthetic_means(
    network: Network, synthetic: Parameterization, videos: Sequence[Tensor], draw: Draw | None
) -> Tensor:
    embedded = network.embed(synthetic.decode(torch.cat(list(videos)), draw))
    return torch.stack([part.mean(0) for part in torch.split(embedded, [len(v) for v in videos])])
