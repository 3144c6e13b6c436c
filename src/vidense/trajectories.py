"""What a network's weights went through while it was trained, kept epoch by epoch on disk."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vidense.data.real import RealClips
from vidense.errors import DivergenceError, UserError
from vidense.locks import taking_turns
from vidense.nets import NETWORKS, Network, build_network
from vidense.progress import LossProgress
from vidense.records import content_hash, replacing, write_json
from vidense.training import fit
from vidense.training_recipe import TrainingRecipe

__all__ = ["Expert", "Trajectory", "Untrained", "expert_recipe", "train_trajectory", "trajectory_in"]

RECORD = "expert.json"
# The reference's batch of 256 makes 19 updates an epoch of MiniUCF; smaller datasets get smaller batches, not fewer.
BATCH, UPDATES = 256, 16

Weights = Mapping[str, Tensor]


class Expert(Protocol):
    """Whatever has weights before its training and after every epoch of it."""

    def weights(self, epoch: int) -> Weights:
        """Return the parameters by name after ``epoch`` epochs, on the CPU."""


class Trajectory:
    """A training on disk: one file before the first epoch and one after each."""

    def __init__(self, folder: Path) -> None:
        """Read the training in ``folder``; nothing is loaded before it is asked for."""
        self.folder = folder

    def file(self, epoch: int) -> Path:
        """Where the weights after ``epoch`` epochs lie."""
        return self.folder / f"epoch-{epoch:03d}.safetensors"

    @property
    def epochs(self) -> int:
        """How many epochs are there without a gap; -1 where not even the beginning is."""
        epoch = 0
        while self.file(epoch).exists():
            epoch += 1
        return epoch - 1

    def weights(self, epoch: int) -> Weights:
        """Return the parameters by name after ``epoch`` epochs, on the CPU.

        Raises:
            UserError: if the file is missing or damaged.
        """
        try:
            found: dict[str, Tensor] = load_file(self.file(epoch))
        except (OSError, SafetensorError) as error:
            raise UserError(
                f"the expert in {str(self.folder)!r} cannot be read ({error}); delete the folder, it is trained again"
            ) from None
        return found


class Untrained:
    """An expert that learned nothing, for plans: weights of the right shapes, fresh for every epoch."""

    def __init__(self, model: str, real: RealClips) -> None:
        """Stand in for networks called ``model`` on clips like ``real``."""
        self._model, self._real = model, real

    def weights(self, epoch: int) -> Weights:
        """Return the parameters of a fresh network."""
        network = build_network(self._model, self._real.spec, len(self._real.class_names), seed=epoch)
        return {name: value.detach() for name, value in network.named_parameters()}


def expert_recipe(videos: int, batch: int | None) -> TrainingRecipe:
    """Return how experts are trained on ``videos`` videos: plain SGD at 0.01, each batch standardised (VDSD buffer.py).

    Args:
        videos: how many there are.
        batch: clips of an update; None for 256, or less where that would make under 16 updates an epoch.
    """
    return TrainingRecipe(
        lr=0.01,
        momentum=0.0,
        weight_decay=0.0,
        batch=batch or min(BATCH, max(1, videos // UPDATES)),
        steps=0,
        epochs=1,
        schedule="constant",
        clip_norm=None,
        batch_standardise=True,
    )


def train_trajectory(
    real: RealClips,
    model: str,
    seed: int,
    recipe: TrainingRecipe,
    epochs: int,
    cache: Path,
    progress: LossProgress,
) -> Trajectory:
    """Return a training of at least ``epochs`` epochs; only epochs that the cache lacks are trained.

    Args:
        real: the training clips.
        model: a registered network's name.
        seed: of initialisation, order and dropout.
        recipe: without momentum and with a constant rate, so that it can be taken up after any epoch.
        epochs: how many.
        cache: the store's cache folder.
        progress: called with updates done, all updates, and the loss.

    Raises:
        UserError: if the network is unknown or cannot take the clips.
        DivergenceError: if a loss or a weight stops being finite.
    """
    found = trajectory_in(cache, real, model, seed, recipe)
    if found.epochs < epochs:
        with taking_turns(found.folder):
            _train_on(found, real, model, seed, replace(recipe, epochs=epochs).on(real.device), progress)
    return found


def _train_on(
    found: Trajectory,
    real: RealClips,
    model: str,
    seed: int,
    recipe: TrainingRecipe,
    progress: LossProgress,
) -> None:
    """Train what is missing of a trajectory that no other process writes."""
    network = build_network(model, real.spec, len(real.class_names), seed=seed)
    if found.epochs < 0:
        write_json(found.folder / RECORD, _identity(real, model, seed, recipe))
        _save(found, 0, network)
    reached, per_epoch = found.epochs, recipe.per_epoch(len(real))
    network.load_state_dict(dict(found.weights(reached)), strict=False)

    def after_update(done: int, total: int, loss: float) -> None:
        if done % per_epoch == 0:
            # A loss may be finite and the weights it led to not: an epoch that is there can be relied on.
            if not all(weight.isfinite().all() for weight in network.parameters()):
                raise _diverged(seed, done)
            _save(found, done // per_epoch, network)
        progress(done, total, loss)

    network.place(real.device)
    record = fit(network, real, recipe, seed, done=reached * per_epoch, progress=after_update)
    if record.diverged_at is not None:
        raise _diverged(seed, record.diverged_at)


def _diverged(seed: int, updates: int) -> DivergenceError:
    return DivergenceError(
        f"expert {seed} diverged after {updates} updates; try larger batches: --set expert_batch=256"
    )


def trajectory_in(cache: Path, real: RealClips, model: str, seed: int, recipe: TrainingRecipe) -> Trajectory:
    """Return the training as far as it is in the cache."""
    identity = _identity(real, model, seed, recipe.on(real.device))
    return Trajectory(cache / "experts" / content_hash(identity))


def _identity(real: RealClips, model: str, seed: int, recipe: TrainingRecipe) -> dict[str, Any]:
    # Any number of epochs begins alike: a longer training takes up a shorter one.
    return NETWORKS.foreign(model) | {
        "data": real.content,
        "model": model,
        "seed": seed,
        "recipe": replace(recipe, epochs=1).identity(),
    }


def _save(trajectory: Trajectory, epoch: int, network: Network) -> None:
    weights = {name: value.detach().cpu().contiguous() for name, value in network.named_parameters()}
    with replacing(trajectory.file(epoch)) as temporary:
        save_file(weights, temporary)
