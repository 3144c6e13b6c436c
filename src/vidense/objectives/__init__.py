"""What is matched between synthetic and real videos; one kind a file."""

from vidense.objectives.base import Objective, Step
from vidense.objectives.distribution import DistributionMatching

__all__ = ["DistributionMatching", "Objective", "Step"]
