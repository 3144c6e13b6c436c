"""Coresets: choose real clips by their features, class by class. What herding and k-center share."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from vidense.data.spec import LabelledClips
from vidense.method import Recipe, Scale, Task
from vidense.nets import Network, build_network
from vidense.parameterizations.selected import SelectedClips
from vidense.teachers import Teacher
from vidense.training_recipe import TrainingRecipe

__all__ = ["Chooser", "FeatureNet", "embed_all", "select"]

FeatureNet = Literal["trained", "random"]
CHUNK = 16


class Chooser(Teacher):
    """A network by whose features clips are chosen: at either scale the one that evaluation shows as the ceiling."""

    def describe(self) -> str:
        """Return its architecture, and what it is for."""
        return f"a network to choose by ({self.network})"

    def recipe(self, scale: Scale) -> TrainingRecipe:
        """Return the recipe of the ``clean`` protocol."""
        return TrainingRecipe()


def select(task: Task, choose: Callable[[Tensor, int], list[int]], feature_net: FeatureNet, network: str) -> Recipe:
    """Return a recipe of real clips chosen by their features.

    Args:
        task: clips, videos per class, seed.
        choose: maps features ``[n, E]`` of one class and a count to that many distinct positions.
        feature_net: ``trained`` uses the :class:`Chooser` of the run's seed, trained once and kept beside the store;
            ``random`` an untrained one, as the reference's script does.
        network: its architecture.

    Raises:
        DivergenceError: if the training of the network diverged.
    """
    features = embed_all(_network(task, feature_net, network), task.real)
    chosen = []
    for label in range(len(task.real.class_names)):
        members = task.real.members(label)
        chosen.append(members[choose(features[members], task.vpc)])
    pixels = task.real.pixels(torch.cat(chosen)).cpu()
    return Recipe(SelectedClips(pixels, task.real.spec, task.real.class_names, task.labels))


@torch.no_grad()
def embed_all(network: Network, clips: LabelledClips) -> Tensor:
    """Return the embeddings ``[V, E]`` of every video (of real ones, the first window), on the CPU."""
    device = next(network.parameters()).device
    chunks = torch.split(torch.arange(len(clips.labels)), CHUNK)
    return torch.cat([network.embed(clips.decode(chunk).to(device)).cpu() for chunk in chunks])


def _network(task: Task, feature_net: FeatureNet, name: str) -> Network:
    if feature_net == "trained":
        return task.obtain(Chooser(name)).network
    real = task.real
    return build_network(name, real.spec, len(real.class_names), seed=task.seed).eval().place(real.device)
