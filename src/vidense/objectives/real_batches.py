"""Which real clips an iteration compares with: shared by every objective that draws them class by class."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vidense.data.real import RealClips
from vidense.objectives.base import Step
from vidense.option_types import Count, NetworkName

__all__ = ["RealBatches", "chunk_size"]

# Clips in one graph. On a CPU the activations of 8 clips stay near the cache, which beats whole classes at once; a GPU
# wants fewer, larger launches.
CHUNK = {"cpu": 8, "cuda": 256}


def chunk_size(device: torch.device) -> int:
    """Return how many clips go through a network at once on ``device``."""
    return CHUNK[device.type]


@dataclass(frozen=True)
class RealBatches:
    """How real clips enter an iteration.

    Attributes:
        batch_real: distinct real videos drawn of each class each iteration (all of a smaller class); 64 in the
            papers, 8 has the same expected gradient.
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
