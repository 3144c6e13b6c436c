"""Experts as something a recipe needs: networks trained on the real clips, with all they went through."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vidense.data.real import RealClips
from vidense.method import Task
from vidense.needs import Need
from vidense.nets import build_network
from vidense.option_types import Count, NetworkName
from vidense.progress import PhaseProgress, of_phase
from vidense.training_recipe import TrainingRecipe
from vidense.training_time import seconds_per_update
from vidense.trajectories import Expert, Trajectory, Untrained, expert_recipe, train_trajectory, trajectory_in

__all__ = ["Expertise", "Experts"]

# Experts and epochs by scale.
SIZES = {"small": (2, 10), "published": (30, 50)}


@dataclass(frozen=True)
class Expertise:
    """Which experts are trained, once per store and whatever the run's seed.

    Attributes:
        experts: how many; None for 2 at small scale, 30 at published.
        expert_length: epochs of each; None for 10 or 50.
        expert_batch: clips of an update; None for 256, or less where that would make under 16 updates an epoch.
        network: what experts and students are; no layer of it may mix clips.
    """

    experts: Count | None = None
    expert_length: Count | None = None
    expert_batch: Count | None = None
    network: NetworkName = "minic3d"


@dataclass(frozen=True)
class Experts(Need[Sequence[Expert]]):
    """The experts of an :class:`Expertise` at a task's scale.

    Attributes:
        expertise: which.
        epochs: fewest epochs they must have.
    """

    expertise: Expertise
    epochs: int = 1

    def describe(self) -> str:
        """Return the network's name."""
        return f"{self.expertise.network} experts"

    def size(self, task: Task) -> tuple[int, int]:
        """Return how many experts there are, and their epochs."""
        count, epochs = SIZES[task.scale]
        return self.expertise.experts or count, max(self.expertise.expert_length or epochs, self.epochs)

    def make(self, task: Task, report: PhaseProgress) -> list[Trajectory]:
        """Return the experts; epochs that the cache lacks are trained."""
        count, epochs = self.size(task)

        def train(seed: int) -> Trajectory:
            network, recipe = self.expertise.network, self._recipe(task.real)
            told = of_phase(report, f"expert {seed + 1} of {count}")
            return train_trajectory(task.real, network, seed, recipe, epochs, task.workdir, told)

        return [train(seed) for seed in range(count)]

    def facts(self, made: Sequence[Expert]) -> dict[str, Any]:
        """Return how many experts there are, the epochs that each has been through, and their bytes on disk."""
        found = [expert for expert in made if isinstance(expert, Trajectory)]
        size = sum(file.stat().st_size for expert in found for file in expert.folder.iterdir())
        return {"experts": len(made), "epochs": min(expert.epochs for expert in found), "bytes": size}

    def stand_in(self, task: Task) -> list[Expert]:
        """Return one expert that learned nothing."""
        return [Untrained(self.expertise.network, task.real)]

    def seconds(self, task: Task) -> float:
        """Train for two updates and multiply by those that are missing."""
        count, epochs = self.size(task)
        recipe = self._recipe(task.real)
        found = (trajectory_in(task.workdir, task.real, self.expertise.network, seed, recipe) for seed in range(count))
        missing = sum(max(0, epochs - max(0, trajectory.epochs)) for trajectory in found)
        if not missing:
            return 0.0
        network = build_network(self.expertise.network, task.real.spec, len(task.real.class_names), seed=0)
        each = seconds_per_update(network.place(task.real.device), task.real, recipe)
        return missing * recipe.per_epoch(len(task.real)) * each

    def _recipe(self, real: RealClips) -> TrainingRecipe:
        return expert_recipe(len(real), self.expertise.expert_batch)
