"""What a user asks for, resolved and checked against the store before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict

from vidense.budget import allowance, parse_bytes
from vidense.config import Mistakes, check_counts, sound, validate
from vidense.data.store import ClipStore
from vidense.errors import UserError
from vidense.file_models import Seed
from vidense.method import METHODS, Method, Recipe, Scale, Task
from vidense.needs import Workshop
from vidense.options import hashed
from vidense.parameterizations.base import StoreDtype

__all__ = ["CondenseSettings", "Job", "as_asked", "pick_device", "pick_scale", "resolve"]


class CondenseSettings(BaseModel):
    """Settings of ``vidense condense``; the CLI's flags and the keys of ``--config`` are these fields.

    Attributes:
        method: a registered name.
        vpc: synthetic videos per class; 1 where neither it nor a budget is given.
        budget: size on disk instead of ``vpc``, such as ``5MB``.
        iterations: None takes the method's default at ``scale``.
        seed: of everything drawn.
        device: ``auto`` (a GPU if there is one), ``cpu``, ``cuda`` or ``cuda:1``.
        scale: ``published`` takes the papers' lengths, of what is trained beforehand too, ``small`` a tenth or less;
            None is small on a CPU.
        store_dtype: how numbers are stored.
        options: the method's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = "prism"
    vpc: int | None = None
    budget: str | None = None
    iterations: int | None = None
    seed: Seed = 0
    device: str = "auto"
    scale: Scale | None = None
    store_dtype: StoreDtype = "uint8"
    options: dict[str, Any] = {}


@dataclass(frozen=True)
class Job:
    """Checked settings, ready to build recipes.

    Attributes:
        method: the method.
        options: all of its options.
        vpc: videos per class.
        max_frames: most stored frames of a video, None without a budget.
        budget: bytes, None without one.
        iterations: length of the run.
        seed: of everything drawn.
        device: where to run.
        store_dtype: how numbers are stored.
        scale: as asked or chosen.
    """

    method: Method
    options: dict[str, Any]
    vpc: int
    max_frames: int | None
    budget: int | None
    iterations: int
    seed: int
    device: torch.device
    store_dtype: StoreDtype
    scale: Scale

    @property
    def searches_rate(self) -> bool:
        """Whether a learning rate must be found before the run."""
        return self.options.get("lr") == "auto"

    @property
    def trial_rate(self) -> float | None:
        """The smallest candidate of that search, which cannot diverge within a few steps; None where none is made."""
        return self.method.rates[0] if self.searches_rate else None

    def task(self, store: ClipStore, workshop: Workshop) -> Task:
        """Return the task of this job on a store's training clips, on the job's device."""
        real = store.train.to(self.device)
        return Task(real, self.vpc, self.seed, store.cache, self.max_frames, self.scale, workshop)

    def to_json(self, data: str) -> dict[str, Any]:
        """Return all that decides the result; ``data`` is the content hash of the clips."""
        foreign = {"method": self.method.source} if self.method.source is not None else {}
        sources = foreign | self.method.options.sources(self.options)
        return ({"sources": sources} if sources else {}) | {
            "method": self.method.name,
            "options": self.method.options.with_files(self.options, hashed),
            "vpc": self.vpc,
            "max_frames": self.max_frames,
            "budget": self.budget,
            "iterations": self.iterations,
            "scale": self.scale,
            "seed": self.seed,
            "store_dtype": self.store_dtype,
            "data": data,
        }

    def provenance(
        self, settings: Mapping[str, Any], *, lr: float | None, outcome: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what ``condensed.json`` says about where the videos come from.

        Args:
            settings: what :meth:`to_json` returned.
            lr: the learning rate that was found in place of ``auto``.
            outcome: what the objective learned beside the videos.
        """
        if lr is not None:
            settings = {**settings, "options": {**settings["options"], "lr": lr}}
        method = {"name": self.method.name, "paper": self.method.paper}
        return {"method": method, "settings": dict(settings), "outcome": dict(outcome)}

    def build(self, task: Task, lr: float | None = None) -> Recipe:
        """Make the recipe, with ``lr`` in place of ``auto``."""
        options = self.options if lr is None else {**self.options, "lr": lr}
        return self.method.recipe(task, options)


def resolve(settings: Mapping[str, Any], store: ClipStore) -> Job:
    """Check ``settings`` (fields of :class:`CondenseSettings`) and fill in what was left out.

    Raises:
        UserError: naming every mistake found at once.
    """
    mistakes = Mistakes()
    with mistakes.collect():
        validate(CondenseSettings, settings, "settings")
    given = CondenseSettings(**sound(CondenseSettings, settings))
    with mistakes.collect():
        device = pick_device(given.device)
        scale = pick_scale(given.scale, device)
    with mistakes.collect():
        method = METHODS.get(given.method)
        with mistakes.collect():
            options = method.validate(given.options)
            max_frames: int | None = None
            if given.budget is not None:
                vpc, max_frames = _bought(given, given.budget, store, method, options)
    if given.budget is None:
        with mistakes.collect():
            vpc = _asked(given, store)
    if given.iterations is not None:
        with mistakes.collect():
            check_counts(iterations=given.iterations)
    mistakes.report()
    return Job(
        method=method,
        options=options,
        vpc=vpc,
        max_frames=max_frames,
        budget=None if given.budget is None else parse_bytes(given.budget),
        # Coresets choose without iterating, whatever was asked for.
        iterations=method.iterations[scale] and (given.iterations or method.iterations[scale]),
        seed=given.seed,
        device=device,
        store_dtype=given.store_dtype,
        scale=scale,
    )


def as_asked(settings: Mapping[str, Any], job: Job) -> dict[str, Any]:
    """Return, as JSON types, the settings that :func:`resolve` made a job of: what was left out stays out.

    Of files only the names are kept, not the folders.
    """
    given = CondenseSettings(**settings).model_dump(exclude_unset=True)
    options = {name: job.options[name] for name in given.get("options", {})}
    return {**given, "options": job.method.options.with_files(options, lambda file: file.name)}


def _bought(
    given: CondenseSettings, budget: str, store: ClipStore, method: Method, options: Mapping[str, Any]
) -> tuple[int, int]:
    """Return the videos per class and the most frames of a video that the budget buys."""
    if given.vpc is not None:
        raise UserError(f"vpc={given.vpc} and budget={budget!r} both say how much to keep; give one of them")
    least, usual = method.frames(store.spec.frames, options)
    smallest, _ = _smallest_class(store)
    size, classes = parse_bytes(budget), len(store.class_names)
    beside = method.beside(store.spec, classes, options)
    bought = allowance(size, store.spec, classes, smallest, given.store_dtype, least, usual, beside)
    return bought.vpc, bought.frames_per_video


def _asked(given: CondenseSettings, store: ClipStore) -> int:
    """Return the videos per class that were asked for, 1 if none."""
    vpc = 1 if given.vpc is None else given.vpc
    smallest, name = _smallest_class(store)
    if not 1 <= vpc <= smallest:
        raise UserError(
            f"vpc={vpc} must be from 1 to {smallest}, the number of training videos of the smallest class ({name!r})"
        )
    return vpc


def _smallest_class(store: ClipStore) -> tuple[int, str]:
    counts = torch.bincount(store.train.labels, minlength=len(store.class_names))
    return int(counts.min()), store.class_names[int(counts.argmin())]


def pick_device(name: str) -> torch.device:
    """Return the device a name stands for; ``auto`` is a GPU where there is one.

    Raises:
        UserError: if the name is no device, or torch cannot use it here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"device {name!r} is not known; use auto, cpu, cuda or cuda:0") from None
    if device.type == "cuda" and (device.index or 0) < torch.cuda.device_count():
        return device
    if device.type != "cpu":
        raise UserError(f"device {name!r} is not usable here; use cpu, or install a torch that sees it")
    return device


def pick_scale(asked: Scale | None, device: torch.device) -> Scale:
    """Return the scale that was asked for, else the one that suits a device."""
    return asked or ("small" if device.type == "cpu" else "published")
