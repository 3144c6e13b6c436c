"""How long a training will take, from a few of its updates."""

import time
from dataclasses import replace

import torch

from vidense.data.real import RealClips
from vidense.nets import Network
from vidense.training import fit
from vidense.training_recipe import TrainingRecipe

__all__ = ["seconds_per_update"]

# Updates that are timed, after one that warms up, and the clips of each.
MEASURED, MEASURED_CLIPS = 2, 16


def seconds_per_update(network: Network, real: RealClips, recipe: TrainingRecipe, *, resample: bool = False) -> float:
    """Return about how long an update takes; ``network``, on the device of the clips, is changed.

    Args:
        network: to be trained on ``real``.
        real: the training clips.
        recipe: how; its batch decides how many clips an update has.
        resample: as of :class:`vidense.trained_networks.Training`.
    """
    few = real.subset(torch.arange(min(len(real), MEASURED_CLIPS)))
    # So low a rate cannot diverge, and the rate does not change the time.
    brief = replace(recipe.on(real.device), steps=1 + MEASURED, epochs=0, batch=len(few), lr=1e-6)
    moments: list[float] = []
    clips = few.resampled() if resample else few
    fit(network, clips, brief, 0, progress=lambda *_: moments.append(time.perf_counter()))
    return (moments[-1] - moments[0]) / MEASURED / len(few) * min(recipe.batch, len(real))
