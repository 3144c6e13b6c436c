"""Teachers: networks trained once on the real clips, that videos are then recovered from (TSGF, SRe2L)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidense.data.real import RealClips
from vidense.errors import DivergenceError
from vidense.method import Scale, Task
from vidense.needs import Need
from vidense.nets import Network
from vidense.progress import PhaseProgress, of_phase
from vidense.trained_networks import Training
from vidense.training_recipe import TrainingRecipe
from vidense.training_time import seconds_per_update

__all__ = ["Teacher", "TrainedTeacher", "teacher_recipe"]


@dataclass(frozen=True)
class TrainedTeacher:
    """A teacher, ready to be asked.

    Attributes:
        network: in eval mode, its weights without gradient.
        name: of its architecture.
        seed: of its training.
        accuracy: share of the held-out training videos that it gets right, in [0, 1]; None where none could be held
            out. They chose the best of a few checks, so it flatters a little.
        weights: SHA-256 of the file that holds its weights, 64 hex digits.
    """

    network: Network
    name: str
    seed: int
    accuracy: float | None
    weights: str

    @property
    def size(self) -> int:
        """Bytes of all its tensors."""
        return self.network.bytes

    def to_json(self) -> dict[str, Any]:
        """Return what a condensed dataset must say of the teacher it was recovered from, as JSON types."""
        accuracy = None if self.accuracy is None else round(self.accuracy, 4)
        return {
            "network": self.name,
            "seed": self.seed,
            "accuracy": accuracy,
            "weights_sha256": self.weights,
            "bytes": self.size,
        }


def teacher_recipe(scale: Scale, epochs: int | None = None) -> TrainingRecipe:
    """Return how a teacher is trained.

    ``small`` is the recipe of the ``clean`` protocol, 20 passes over the clips and at least 150 updates: where an
    evaluation shows the same network as its ceiling, it is this very teacher. ``published`` is that of VDSD's
    evaluation, the only one the papers state: 500 passes of SGD whose rate drops once. Its clips are not standardised
    batch by batch as they are there, for videos are recovered, and labelled, as they are.

    Args:
        scale: which.
        epochs: passes in place of the scale's own length.
    """
    if scale == "small":
        return TrainingRecipe() if epochs is None else TrainingRecipe(steps=0, epochs=epochs)
    passes = epochs or 500
    return TrainingRecipe(
        batch=256,
        steps=0,
        epochs=passes,
        schedule="drop",
        drop_after=passes // 2 + 1,
        clip_norm=None,
        precision="float32",
    )


@dataclass(frozen=True)
class Teacher(Need[TrainedTeacher]):
    """A network trained on the real clips with the run's seed and at its scale, found again in the store's cache.

    Attributes:
        network: a registered name; videos are recovered from one with batch normalisation.
        single_frames: train on single frames, drawn anew in every pass from all that are stored of a video; the
            accuracy is that on the first frame of each.
        epochs: passes over the clips in place of the scale's own length.
    """

    network: str = "minic3d_bn"
    single_frames: bool = False
    epochs: int | None = None

    def describe(self) -> str:
        """Return its architecture, and that it is a teacher."""
        return f"a teacher ({self.network})"

    def make(self, task: Task, report: PhaseProgress) -> TrainedTeacher:
        """Return the teacher, trained now where the cache lacks it; an interrupted training goes on.

        Raises:
            DivergenceError: if its training diverged.
        """
        trained = self._training(task).network(task.workdir, of_phase(report, "train"))
        if trained.fit["diverged_at"] is not None:
            raise DivergenceError(f"{self.describe()} diverged while it was trained; take another --seed")
        return TrainedTeacher(_frozen(trained.network), self.network, task.seed, _chosen(trained.fit), trained.weights)

    def facts(self, made: TrainedTeacher) -> dict[str, Any]:
        """Return what a condensed dataset says of the teacher."""
        return made.to_json()

    def recipe(self, scale: Scale) -> TrainingRecipe:
        """Return how it is trained at a scale."""
        return teacher_recipe(scale, self.epochs)

    def seen(self, real: RealClips) -> RealClips:
        """Return clips as the network takes them: as they are, or one frame each."""
        return real.single_frames() if self.single_frames else real

    def stand_in(self, task: Task) -> TrainedTeacher:
        """Return the network before its training."""
        return TrainedTeacher(_frozen(self._training(task).untrained()), self.network, task.seed, 0.0, "0" * 64)

    def seconds(self, task: Task) -> float:
        """Return what a few updates take, times all of them; 0 where the cache has the teacher."""
        training = self._training(task)
        if training.is_in(task.workdir):
            return 0.0
        clips, _ = training.hold_out.split(training.real)
        each = seconds_per_update(training.untrained(), clips, training.recipe, resample=training.resample)
        return each * training.recipe.length(len(clips))

    def _training(self, task: Task) -> Training:
        return Training(
            self.seen(task.real),
            self.network,
            task.seed,
            self.recipe(task.scale),
            resample=self.single_frames,
            device=task.real.device,
        )


def _frozen(network: Network) -> Network:
    return network.eval().requires_grad_(False)


def _chosen(record: Mapping[str, Any]) -> float | None:
    """Return the validation accuracy of the weights that were kept."""
    return dict(map(tuple, record["checks"])).get(record["selected_step"])
