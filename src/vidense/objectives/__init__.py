"""What is matched between synthetic and real videos; one kind a file."""

from vidense.objectives.base import Objective, Step
from vidense.objectives.distribution import DistributionMatching
from vidense.objectives.diversity import DiverseMatching
from vidense.objectives.gradient import GradientMatching
from vidense.objectives.inversion import TeacherInversion
from vidense.objectives.kernel_regression import KernelRegression
from vidense.objectives.single_frames import SingleFrames
from vidense.objectives.trajectory import TrajectoryMatching

__all__ = [
    "DistributionMatching",
    "DiverseMatching",
    "GradientMatching",
    "KernelRegression",
    "Objective",
    "SingleFrames",
    "Step",
    "TeacherInversion",
    "TrajectoryMatching",
]
