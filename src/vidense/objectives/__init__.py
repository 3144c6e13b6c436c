"""What is matched between synthetic and real videos; one kind a file."""

from vidense.objectives.base import Objective, Step
from vidense.objectives.distribution import DistributionMatching
from vidense.objectives.gradient import GradientMatching

__all__ = ["DistributionMatching", "GradientMatching", "Objective", "Step"]
