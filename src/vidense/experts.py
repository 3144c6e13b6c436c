"""Networks trained once on real clips and kept beside the store, found again by what they were trained from."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vidense.data.real import RealClips
from vidense.errors import UserError
from vidense.nets import Network, build_network
from vidense.records import content_hash, file_hash, read_json, replacing, write_json
from vidense.training import FitRecord, TrainingRecipe, fit

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
    device, chosen = device or torch.device("cpu"), dict(options or {})
    recipe = (recipe or TrainingRecipe()).on(device)
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
    known = _load(stem, network, identity)
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


def _load(stem: Path, network: Network, identity: dict[str, Any]) -> dict[str, Any] | None:
    """Read weights into ``network`` and return the record of their fit; None, and no weight touched, if damaged."""
    weights, index = stem.with_suffix(".safetensors"), stem.with_suffix(".json")
    try:
        stored = read_json(index)
        record: dict[str, Any] = stored["fit"]
        TypeAdapter(FitRecord).validate_python(record)
        if stored["weights"] != file_hash(weights) or content_hash(stored["identity"]) != content_hash(identity):
            return None
        state: dict[str, Tensor] = load_file(weights)
    except (UserError, OSError, SafetensorError, LookupError, TypeError, ValueError, RuntimeError):
        return None
    # load_state_dict would copy what fits before it complains, and the next fit would start from that.
    if _layout(state) != _layout(network.state_dict()):
        return None
    network.load_state_dict(state)
    return record


def _layout(state: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in state.items()}
