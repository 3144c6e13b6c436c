"""Herding: greedily keep the mean of the chosen features at the class mean (Welling, ICML 2009)."""

from torch import Tensor

from vidense.coresets import FeatureNet, select
from vidense.method import Recipe, Task, register_method
from vidense.option_types import NetworkName

__all__ = ["herd", "herding"]


def herd(features: Tensor, count: int) -> list[int]:
    """Return ``count`` distinct positions, each the one that brings the chosen mean closest to the mean of all.

    Args:
        features: ``[n, E]``, n at least ``count``.
        count: how many to choose.
    """
    mean, total = features.mean(0), features.new_zeros(features.shape[1])
    chosen: list[int] = []
    for size in range(1, count + 1):
        distance = (size * mean - total - features).norm(dim=1)
        distance[chosen] = float("inf")
        chosen.append(int(distance.argmin()))
        total = total + features[chosen[-1]]
    return chosen


@register_method(
    "herding",
    paper="Welling, Herding Dynamical Weights to Learn, ICML 2009",
    stores="whole real clips",
    needs="a network trained on the whole store, or nothing with feature_net=random",
    iterations={"small": 0, "published": 0},
)
def herding(task: Task, *, feature_net: FeatureNet = "trained", network: NetworkName = "minic3d") -> Recipe:
    """Herding: real clips whose mean feature follows the class mean.

    Differences:
        The reference script embeds by an untrained network unless told otherwise; DC's convention, which is our
        default, is one trained on the whole set.

    Args:
        task: clips, videos per class, seed.
        feature_net: ``trained`` on the whole store (once, cached), or ``random``.
        network: its architecture.
    """
    return select(task, herd, feature_net, network)
