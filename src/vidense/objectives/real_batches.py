"""Which real clips an iteration compares with: shared by every objective that draws them class by class."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vidense.data.real import RealClips
from vidense.nets import Network
from vidense.nets.precision import real_dtype
from vidense.objectives.base import Step
from vidense.option_types import Count, NetworkName

__all__ = ["RealBatches", "chunk_size", "packed", "real_embeddings"]

# Clips in one graph. On a CPU the activations of 8 clips stay near the cache, which beats whole classes at once; a GPU
# wants fewer, larger launches.
CHUNK = {"cpu": 8, "cuda": 256}
# Real clips that are joined over classes for one launch; a CPU gains nothing by it, so each class goes by itself there.
JOINED = {"cpu": 0, "cuda": CHUNK["cuda"]}


def chunk_size(device: torch.device) -> int:
    """Return how many clips go through a network at once on ``device``."""
    return CHUNK[device.type]


@dataclass(frozen=True)
class RealBatches:
    """How real clips enter an iteration.

    Attributes:
        batch_real: distinct real videos drawn of each class each iteration (all of a smaller class). Fewer are quicker
            and noisier; the expected gradient stays the same only where means of embeddings are matched, as by ``dm``.
        network: the random embedding network, used in evaluation mode (no layer mixes clips, so chunking does not
            change the result).
        clip_policy: ``frozen`` uses a video's first stored window throughout, as the reference does; ``resample`` draws
            among those stored.
        precision: of the pass over real clips, through which no gradient reaches the videos; synthetic clips are always
            float32. ``auto`` is bfloat16 where the hardware computes in it.
    """

    batch_real: Count = 8
    network: NetworkName = "minic3d"
    clip_policy: Literal["frozen", "resample"] = "frozen"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"

    def draw(self, real: RealClips, label: int, step: Step) -> tuple[Tensor, Tensor | int]:
        """Return the clips of class ``label`` for an iteration, as ``(videos, windows)`` for ``RealClips.pixels``."""
        members, rng = real.members(label), step.draw.generator("real", real.class_names[label])
        chosen = members[torch.randperm(len(members), generator=rng)[: self.batch_real]]
        if self.clip_policy == "frozen":
            return chosen, 0
        return chosen, torch.randint(real.windows, (len(chosen),), generator=rng)

    def for_real(self, network: Network) -> Network:
        """Return a float32 network in the number type that embeds real clips: itself, or a copy on its device."""
        device = next(network.parameters()).device
        dtype = real_dtype(device, self.precision)
        return network if dtype == torch.float32 else deepcopy(network).place(device, dtype)


@torch.no_grad()
def real_embeddings(network: Network, real: RealClips, draws: Sequence[tuple[Tensor, Tensor | int]]) -> list[Tensor]:
    """Return float32 embeddings ``[n, E]`` of each draw, computed few clips at a time in the network's number type.

    Args:
        network: in evaluation mode.
        real: the clips.
        draws: which of them, each as :meth:`RealBatches.draw` returns it.
    """
    parameter = next(network.parameters())
    found: list[Tensor] = []
    for part in packed([len(videos) for videos, _ in draws], JOINED[parameter.device.type]):
        pixels = [real.pixels(*draws[position]) for position in part]
        chunks = torch.split(torch.cat(pixels).to(parameter.device, non_blocking=True), chunk_size(parameter.device))
        embedded = [network.embed(real.spec.normalise(chunk).to(parameter.dtype)).float() for chunk in chunks]
        found += torch.split(torch.cat(embedded), [len(of_draw) for of_draw in pixels])
    return found


def packed(sizes: Sequence[int], room: int) -> Iterator[list[int]]:
    """Yield the positions of neighbours whose sizes add up to at most ``room``; what is larger goes by itself."""
    part: list[int] = []
    held = 0
    for position, size in enumerate(sizes):
        if part and held + size > room:
            yield part
            part, held = [], 0
        part.append(position)
        held += size
    yield part
