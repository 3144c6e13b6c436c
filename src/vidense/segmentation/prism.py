"""Key vectors matched to real videos by their mean features under random networks: PRISM's idea for segmentation.

Source: PRISM section 3.1 and equation 8. What is ours, for no paper says it: the videos are features, their segments
take the place of clips, the network is MS-TCN's first stage, and Adam takes the place of SGD, for its step does not
depend on the features' scale. Key vectors are not inserted: each segment has as many as it is given.
"""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from vidense.objectives.distribution import mean_embedding_loss
from vidense.seeding import Draw
from vidense.segmentation.ms_tcn import MAPS, Stage, build_stage
from vidense.segmentation.optimise import BATCH, Descent, descend
from vidense.segmentation.selection import mean_start
from vidense.segmentation.sequences import LabelledSequences, SegmentKeys
from vidense.segmentation.task import Condensed, Task

__all__ = ["class_means", "prism"]

HOW = Descent(rate=0.03, betas=(0.9, 0.999))


def class_means(stage: Stage, videos: LabelledSequences, index: Iterable[int]) -> tuple[Tensor, Tensor]:
    """Return the mean hidden features of each class's frames, and which classes there are.

    Args:
        stage: frozen, in eval mode.
        videos: what to look at.
        index: positions of the videos that are pooled.

    Returns:
        ``[C, 64]``, zero for classes without a frame, and bool ``[C]``.
    """
    device = next(stage.parameters()).device
    total = torch.zeros(stage.classes, MAPS, device=device)
    frames = torch.zeros(stage.classes, device=device)
    for video in index:
        hidden = stage.hidden(videos.features(video).to(device)[None])[0]
        of_class = functional.one_hot(videos.labels(video).to(device), stage.classes).float()
        total = total + (hidden @ of_class).T
        frames = frames + of_class.sum(0)
    return total / frames.clamp(min=1)[:, None], frames > 0


def prism(task: Task) -> Condensed:
    """Start from the means that ``mean`` keeps; match the classes' mean hidden features under fresh random networks.

    Each batch of condensed videos is compared with as many real ones, drawn at random from all training videos; classes
    that either lacks are left out.
    """
    real = task.real

    def loss(videos: SegmentKeys, batch: list[int], draw: Draw) -> Tensor:
        stage = build_stage(real.dimension, len(real.class_names), seed=draw.derive("network")).to(task.device)
        drawn = torch.randperm(len(real), generator=draw.generator("real"))[:BATCH].tolist()
        with torch.no_grad():
            wanted, shown = class_means(stage, real, drawn)
        found, made = class_means(stage, videos, batch)
        both = shown & made
        return mean_embedding_loss(wanted[both], found[both])

    return Condensed(descend(mean_start(task), loss, HOW, task, "matching"))
