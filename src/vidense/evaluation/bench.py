"""What an evaluation measures on: a store's views, networks of its kind, scores."""

import logging
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vidense.condensed import CondensedDataset
from vidense.data.real import RealClips
from vidense.data.spec import DecodedOtherwise, LabelledClips
from vidense.data.store import ClipStore
from vidense.errors import DivergenceError, UserError
from vidense.evaluation.retrieval import retrieval_scores
from vidense.evaluation.scores import classification_scores
from vidense.evaluation.spec import EvalSpec
from vidense.nets import NETWORKS, Network, build_network
from vidense.nets.metric import MetricNetwork
from vidense.teachers import teacher_recipe
from vidense.trained_networks import Training
from vidense.training import predict
from vidense.training_recipe import TrainingRecipe

__all__ = ["Bench", "check_same", "from_store"]


class Bench:
    """A store set up for one :class:`EvalSpec`: validation and test clips, on the device of choice."""

    def __init__(self, store: ClipStore, spec: EvalSpec, device: torch.device) -> None:
        """Prepare the views.

        Raises:
            UserError: if the store has no test videos or fewer windows of each than the protocol scores, or the
                network does not exist or cannot take its clips.
        """
        if not len(store.test):
            raise UserError(f"store {str(store.path)!r} has no test videos; prepare it from data with a test split")
        # Where the dataset's rule takes the same clip each time, several passes give what one pass gives.
        windows = 1 if store.one_clip else spec.windows
        if store.test.windows < windows:
            raise UserError(
                f"store {str(store.path)!r} keeps {store.test.windows} clips of each video, protocol {spec.protocol!r} "
                f"scores {windows}; prepare it with --clips {windows}"
            )
        # What "auto" means here is part of what was measured.
        spec = replace(spec, recipe=spec.recipe.on(device))
        self.store, self.spec, self.device = store, spec, device
        # What the teacher is shown is what it was trained on, whatever the protocol does to a student's batches.
        self.teaching = teacher_recipe(spec.teacher_scale).on(device)
        self._teacher: Network | None = None
        self.network(0)
        real = store.test.to(device)
        self.test = tuple(
            DecodedOtherwise(real, False, partial(real.decode, window=window)) for window in range(windows)
        )
        held = spec.hold_out.split(store.train)[1].to(device)
        self.validation: tuple[LabelledClips, ...] = (held,) if len(held) else ()

    @cached_property
    def gallery(self) -> RealClips:
        """The training videos, where networks are; retrieval searches among them with every network."""
        return self.store.train.to(self.device)

    @property
    def jobs(self) -> Path:
        """Where results of networks are kept."""
        return self.store.cache / "jobs"

    def network(self, seed: int) -> Network:
        """Return a fresh network for the store's clips."""
        store, spec = self.store, self.spec
        built = build_network(spec.model, store.spec, len(store.class_names), seed=seed, **dict(spec.model_options))
        return (MetricNetwork(built, seed) if spec.task == "retrieve" else built).place(self.device)

    def teacher(self) -> Network:
        """Return the network that gives soft labels; trained on the whole store where its cache lacks it.

        Raises:
            DivergenceError: if its training diverged.
        """
        if self._teacher is None:
            name = self.spec.teacher
            trained = Training(self.store.train, name, 0, self.teaching, device=self.device).network(self.store.cache)
            if trained.fit["diverged_at"] is not None:
                raise DivergenceError(f"the teacher {name!r} diverged; evaluate with hard labels")
            self._teacher = trained.network.requires_grad_(False)
        return self._teacher

    def identity(self, content: str, seed: int) -> dict[str, Any]:
        """Return all that decides the result of a job; of a plug-in's network its file too."""
        found = {"train": content, "data": self.store.content_hash, "spec": self.spec.hash, "net_seed": seed}
        return {**found, **NETWORKS.foreign(self.spec.model)}

    def seen_by_teacher(self, clips: LabelledClips) -> Tensor:
        """Return the teacher's probabilities of each clip, float32 ``[N, C]``; raises as :meth:`teacher`."""
        return predict(self.teacher(), clips, self.teaching).softmax(1)

    def scores(self, network: Network, recipe: TrainingRecipe | None = None) -> dict[str, Any]:
        """Return the test scores of a network, those of the spec's task.

        Args:
            network: trained.
            recipe: how it was, which decides how clips are shown to it; None for the spec's.
        """
        recipe = recipe or self.spec.recipe
        if self.spec.task == "retrieve":
            return retrieval_scores(network, self.test, self.store.test, self.gallery, recipe)
        windows = torch.stack([predict(network, view, recipe) for view in self.test])
        return classification_scores(windows, self.store.test.labels, self.spec.pooling)


def check_same(dataset: CondensedDataset, store: ClipStore) -> None:
    """Raise ``UserError`` unless a dataset has the classes and the clip shape of a store; warn if it is of another."""
    if dataset.class_names != store.class_names:
        raise UserError(
            f"dataset {str(dataset.path)!r} has the classes {list(dataset.class_names)}, "
            f"store {str(store.path)!r} has {list(store.class_names)}; evaluate on the store it was condensed from"
        )
    if dataset.spec != store.spec:
        raise UserError(
            f"dataset {str(dataset.path)!r} holds clips of {list(dataset.spec.shape)}, store {str(store.path)!r} of "
            f"{list(store.spec.shape)} (or another normalisation); evaluate on the store it was condensed from"
        )
    if not from_store(dataset, store):
        logging.getLogger("vidense").warning(
            "%s does not say that it was condensed from %s: test videos may be among those it was made of",
            dataset.path,
            store.path,
        )


def from_store(dataset: CondensedDataset, store: ClipStore) -> bool:
    """Return whether a dataset says that it was condensed from the very clips of a store."""
    return bool(dataset.settings.get("data") == store.content_hash)
