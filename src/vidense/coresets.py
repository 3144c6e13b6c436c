"""Coresets: choose real clips by their features, class by class. What herding and k-center share."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from vidense.data.spec import LabelledClips
from vidense.errors import DivergenceError
from vidense.experts import ceiling_network
from vidense.method import Recipe, Task
from vidense.nets import Network, build_network
from vidense.parameterizations.selected import SelectedClips

__all__ = ["FeatureNet", "embed_all", "select"]

FeatureNet = Literal["trained", "random"]
CHUNK = 16


def select(task: Task, choose: Callable[[Tensor, int], list[int]], feature_net: FeatureNet, network: str) -> Recipe:
    """Return a recipe of real clips chosen by their features.

    Args:
        task: clips, videos per class, seed.
        choose: maps features ``[n, E]`` of one class and a count to that many distinct positions.
        feature_net: ``trained`` uses the network that was trained on the whole store with the run's seed (trained
            once, cached beside the store, and the same that evaluation shows as the ceiling); ``random`` an untrained
            one, as the reference's script does.
        network: its architecture.
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
    real = task.real
    if feature_net == "random":
        return build_network(name, real.spec, len(real.class_names), seed=task.seed).eval().place(real.device)
    trained = ceiling_network(real, name, task.seed, task.workdir, device=real.device)
    if trained.fit["diverged_at"] is not None:
        raise DivergenceError(f"{name!r} diverged while it was trained for features; use --set feature_net=random")
    return trained.network
