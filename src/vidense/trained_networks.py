"""Networks trained once on real clips and kept beside the store, found again by what they were trained from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vidense.checkpoints import Checkpoint
from vidense.data.real import RealClips
from vidense.errors import UserError
from vidense.locks import taking_turns
from vidense.nets import NETWORKS, Network, build_network
from vidense.progress import LossProgress
from vidense.records import content_hash, file_hash, read_json, replacing, write_json
from vidense.training import FitRecord, fit
from vidense.training_recipe import TrainingRecipe

__all__ = ["HOLD_OUT", "HoldOut", "TrainedNetwork", "Training"]


@dataclass(frozen=True)
class HoldOut:
    """Which training videos are kept from training, to choose among the checks of a fit.

    Attributes:
        share: part of each class, in [0, 1); whole groups are taken, and 0 keeps nothing out.
        seed: decides which groups.
    """

    share: float
    seed: int

    def split(self, real: RealClips) -> tuple[RealClips, RealClips]:
        """Return ``(training, validation)``; validation is empty where nothing is, or can be, kept out."""
        return real.hold_out(self.share, self.seed) if self.share else (real, real.subset(torch.arange(0)))


HOLD_OUT = HoldOut(share=0.2, seed=0)


@dataclass(frozen=True)
class TrainedNetwork:
    """A network, and what is known of its training.

    Attributes:
        network: in eval mode, on the device of its training.
        fit: how its training went (:meth:`vidense.training.FitRecord.to_json`); ``diverged_at`` is not None where the
            weights are worthless.
        videos: how many videos it was trained on.
        weights: SHA-256 of the file that holds its weights, 64 hex digits.
        seconds: its training took when it was trained; None where an older version trained it.
    """

    network: Network
    fit: Mapping[str, Any]
    videos: int
    weights: str
    seconds: float | None


@dataclass(frozen=True)
class Training:
    """A training of a network on all real clips of a store, which decides its weights.

    Attributes:
        real: the training clips of a store.
        model: a registered network's name.
        seed: of initialisation, order and dropout.
        recipe: that of the ``clean`` protocol unless told otherwise.
        hold_out: which videos choose the check whose weights are kept; where none can be held out, the last are.
        options: of the network.
        resample: train on any stored window of a video, drawn whenever it is used; False always takes the first.
        device: where to train.
    """

    real: RealClips
    model: str
    seed: int
    recipe: TrainingRecipe = field(default_factory=TrainingRecipe)
    hold_out: HoldOut = HOLD_OUT
    options: Mapping[str, Any] = field(default_factory=dict)
    resample: bool = False
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def identity(self) -> dict[str, Any]:
        """Return all that decides the weights, as JSON types."""
        known = {
            "data": self.real.content,
            "model": self.model,
            "options": dict(self.options),
            "seed": self.seed,
            # What "auto" means on the device is part of it.
            "recipe": self.recipe.on(self.device).identity(),
            "hold_out": asdict(self.hold_out),
        }
        # Named only where it says something, so that networks trained before there was a choice are found.
        return known | ({"resample": True} if self.resample else {}) | NETWORKS.foreign(self.model)

    def is_in(self, cache: Path) -> bool:
        """Return whether a store's cache folder holds the trained network."""
        identity = self.identity()
        return _read(_stem(cache, identity), identity) is not None

    def network(self, cache: Path, progress: LossProgress | None = None) -> TrainedNetwork:
        """Return the trained network, training it only if the cache lacks it.

        Args:
            cache: the store's cache folder; the network goes to ``networks/`` in it.
            progress: as :func:`vidense.training.fit` takes it.

        Raises:
            UserError: if the network is unknown or cannot take the clips.
        """
        identity = self.identity()
        stem, network = _stem(cache, identity), self.untrained()
        known = _load(stem, network, identity)
        if known is None:
            with taking_turns(stem):
                known = _load(stem, network, identity) or self._train(network, stem, identity, progress)
        videos = len(self.hold_out.split(self.real)[0])
        return TrainedNetwork(network.eval(), known["fit"], videos, known["weights"], known.get("seconds"))

    def untrained(self) -> Network:
        """Return the network before its training, on the device; raises as :meth:`network`."""
        classes = len(self.real.class_names)
        return build_network(self.model, self.real.spec, classes, seed=self.seed, **self.options).place(self.device)

    def _train(
        self,
        network: Network,
        stem: Path,
        identity: dict[str, Any],
        progress: LossProgress | None,
    ) -> dict[str, Any]:
        """Train, or take up what was interrupted, and return the index that is then in the cache."""
        training, validation = (clips.to(self.device) for clips in self.hold_out.split(self.real))
        checkpoint, views = Checkpoint(stem.with_suffix(".checkpoint.pt")), (validation,) if len(validation) else ()
        record = fit(
            network,
            training.resampled() if self.resample else training,
            self.recipe.on(self.device),
            self.seed,
            checkpoint=checkpoint,
            validation=views,
            keep_best=bool(views),
            progress=progress,
        )
        index = _save(stem, network, record.to_json(), round(checkpoint.elapsed, 2), identity)
        checkpoint.discard()
        return index


def _stem(cache: Path, identity: dict[str, Any]) -> Path:
    return cache / "networks" / content_hash(identity)


def _save(
    stem: Path, network: Network, record: dict[str, Any], seconds: float, identity: dict[str, Any]
) -> dict[str, Any]:
    """Write weights and index, and return the index."""
    weights = stem.with_suffix(".safetensors")
    with replacing(weights) as temporary:
        save_file({name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()}, temporary)
    # The index comes last and names the weights' hash: without both, nothing is cached.
    index = {"identity": identity, "fit": record, "seconds": seconds, "weights": file_hash(weights)}
    write_json(stem.with_suffix(".json"), index)
    return index


def _load(stem: Path, network: Network, identity: dict[str, Any]) -> dict[str, Any] | None:
    """Read weights into ``network`` and return their index; None, and no weight touched, if damaged."""
    found = _read(stem, identity)
    # load_state_dict would copy what fits before it complains, and the next fit would start from that.
    if found is None or _layout(found[1]) != _layout(network.state_dict()):
        return None
    network.load_state_dict(found[1])
    return found[0]


def _read(stem: Path, identity: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    """Return index and weights of what was trained from ``identity``; None where they are missing or damaged."""
    weights = stem.with_suffix(".safetensors")
    try:
        index: dict[str, Any] = read_json(stem.with_suffix(".json"))
        TypeAdapter(FitRecord).validate_python(index["fit"])
        if index["weights"] != file_hash(weights) or content_hash(index["identity"]) != content_hash(identity):
            return None
        return index, load_file(weights)
    except (UserError, OSError, SafetensorError, LookupError, TypeError, ValueError, RuntimeError):
        return None


def _layout(state: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in state.items()}
