"""Networks trained once on real clips and kept beside the store, found again by what they were trained from."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vidense.data.real import RealClips
from vidense.nets import Network, build_network
from vidense.records import content_hash, file_hash, read_json, replacing, write_json
from vidense.training import TrainingRecipe, fit

__all__ = ["HOLD_OUT", "Ceiling", "HoldOut", "ceiling_network"]


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
class Ceiling:
    """A network trained on a whole dataset.

    Attributes:
        network: in eval mode, on the CPU unless a device was asked for.
        fit: how its training went (:meth:`vidense.training.FitRecord.to_json`); ``diverged_at`` is not None where the
            weights are worthless.
        videos: how many videos it was trained on.
    """

    network: Network
    fit: Mapping[str, Any]
    videos: int


def ceiling_network(
    real: RealClips,
    model: str,
    seed: int,
    cache: Path,
    *,
    recipe: TrainingRecipe | None = None,
    hold_out: HoldOut = HOLD_OUT,
    options: Mapping[str, Any] | None = None,
    device: torch.device | None = None,
    progress: Callable[[int, int, float], None] | None = None,
) -> Ceiling:
    """Return a network trained on all of ``real``, training it only if the cache lacks it.

    The weights of the best check on the held-out videos are kept; where none can be held out, the last ones.

    Args:
        real: the training clips of a store.
        model: a registered network's name.
        seed: of initialisation, order and dropout.
        cache: the store's cache folder; the network goes to ``networks/`` in it.
        recipe: None for the recipe of the ``clean`` protocol.
        hold_out: which videos choose the check.
        options: of the network.
        device: where to train and to return the network; None for the CPU.
        progress: as :func:`vidense.training.fit` takes it.

    Raises:
        UserError: if the network is unknown or cannot take the clips.
    """
    recipe, device, chosen = recipe or TrainingRecipe(), device or torch.device("cpu"), dict(options or {})
    identity = {
        "data": real.content,
        "model": model,
        "options": chosen,
        "seed": seed,
        "recipe": asdict(recipe),
        "hold_out": asdict(hold_out),
    }
    training, validation = hold_out.split(real)
    network = build_network(model, real.spec, len(real.class_names), seed=seed, **chosen).place(device)
    stem = cache / "networks" / content_hash(identity)
    known = _load(stem, network)
    if known is None:
        views = (validation.to(device),) if len(validation) else ()
        record = fit(
            network, training.to(device), recipe, seed, validation=views, keep_best=bool(views), progress=progress
        )
        known = record.to_json()
        _save(stem, network, known, identity)
    return Ceiling(network.eval(), known, len(training))


def _save(stem: Path, network: Network, record: dict[str, Any], identity: dict[str, Any]) -> None:
    weights = stem.with_suffix(".safetensors")
    with replacing(weights) as temporary:
        save_file({name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()}, temporary)
    # The record comes last and names the weights' hash: without both, nothing is cached.
    write_json(stem.with_suffix(".json"), {"identity": identity, "fit": record, "weights": file_hash(weights)})


def _load(stem: Path, network: Network) -> dict[str, Any] | None:
    weights, index = stem.with_suffix(".safetensors"), stem.with_suffix(".json")
    if not (weights.exists() and index.exists()):
        return None
    stored = read_json(index)
    if stored["weights"] != file_hash(weights):
        return None
    try:
        state: dict[str, Tensor] = load_file(weights)
    except (OSError, SafetensorError):
        return None
    network.load_state_dict(state)
    record: dict[str, Any] = stored["fit"]
    return record
