"""Key vectors that a trained teacher recognises and that move its activations as real videos do (after TSGF).

Source: TSGF equations 4 to 8; its appendix F says only that the method was applied to 50Salads. What is ours: the
videos are features; the teacher is MS-TCN with batch normalisation after the convolutions of its first stage, for the
published network has none; saliency is measured along the stored vectors of a video, for between them nothing but a
line is stored.
"""

import torch
from torch import Tensor
from torch.nn import functional

from vidense.objectives.inversion import entering_norms, norm_distance
from vidense.saliency import SaliencyRule, update_mask
from vidense.seeding import Draw, derive
from vidense.segmentation.ms_tcn import MsTcn, build_ms_tcn
from vidense.segmentation.optimise import Descent, descend
from vidense.segmentation.selection import mean_start
from vidense.segmentation.sequences import SegmentKeys
from vidense.segmentation.task import Condensed, Task
from vidense.segmentation.training import fit

__all__ = ["saliency_mask", "train_teacher", "tsgf"]

# TSGF's Table 11: learning rate 0.25, weight of the statistics 0.005 for several videos per class; betas as in SRe2L.
RATE, BETAS, STATISTICS = 0.25, (0.5, 0.9), 0.005


def train_teacher(task: Task) -> MsTcn:
    """Return a network with batch normalisation trained on all training videos, frozen, in eval mode."""
    real = task.real
    seed = derive(task.seed, "teacher")
    teacher = build_ms_tcn(real.dimension, len(real.class_names), seed=seed, normalised=True).to(task.device)
    fit(teacher, real, updates=task.updates, seed=seed, progress=task.tell("teacher"))
    return teacher.eval().requires_grad_(False)


def saliency_mask(videos: SegmentKeys) -> Tensor:
    """Return what each stored vector's update is multiplied by, ``[K]``: the less the more it moves.

    TSGF equations 6 to 8 along the stored vectors of each video, with the defaults of
    :class:`vidense.saliency.SaliencyRule`.
    """
    # A vector of D features is a frame of D channels and one pixel.
    rows = [videos.vectors[videos.of_video(index)].detach()[None, :, :, None, None] for index in range(len(videos))]
    return torch.cat([update_mask(row, SaliencyRule())[0] for row in rows])


def tsgf(task: Task) -> Condensed:
    """Start from the means that ``mean`` keeps; lower a teacher's cross entropy and distance of batch statistics."""
    teacher = train_teacher(task)

    def loss(videos: SegmentKeys, batch: list[int], draw: Draw) -> Tensor:
        with entering_norms(teacher) as entered:
            entropies = [
                functional.cross_entropy(
                    teacher(videos.features(index)[None])[-1], videos.labels(index).to(task.device)[None]
                )
                for index in batch
            ]
        # Statistics are those of the whole batch, though its videos pass one by one.
        distances = [norm_distance(norm, torch.cat(maps, 2)) for norm, maps in entered.items()]
        return torch.stack(entropies).mean() + STATISTICS * torch.stack(distances).sum()

    made = descend(mean_start(task), loss, Descent(RATE, BETAS, saliency_mask), task, "inversion")
    return Condensed(made, teacher)
