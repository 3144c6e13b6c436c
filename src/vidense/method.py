"""What a method is: a registered function whose typed keyword arguments are its options, returning a recipe."""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

from vidense.config import validate
from vidense.data.real import RealClips
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.hooks.base import Hook
from vidense.needs import Need, Workshop
from vidense.objectives.base import Objective
from vidense.option_types import LearningRate
from vidense.options import Options
from vidense.options import options_of as read_options
from vidense.parameterizations.base import Parameterization
from vidense.registry import Registry, foreign_source
from vidense.seeding import generator

__all__ = [
    "METHODS",
    "RATES",
    "Group",
    "Method",
    "Optimizer",
    "Recipe",
    "Scale",
    "Start",
    "Task",
    "register_method",
    "resolved",
]

Scale = Literal["small", "published"]
T = TypeVar("T")
# What dense videos start from: one random real clip each, or N(0, 1).
Start = Literal["real", "noise"]

# Fits pixels in normalised units under sums over embeddings; methods of other units register their own.
RATES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


def resolved(rate: LearningRate) -> float:
    """Return a learning rate that the engine has put in place of ``auto``.

    Raises:
        ValueError: for ``auto`` itself, which only :mod:`vidense.engine` can resolve.
    """
    if isinstance(rate, str):
        raise ValueError("lr='auto' must be resolved before the recipe is built")
    return rate


@dataclass(frozen=True)
class Group:
    """How one group of trainable tensors moves.

    Attributes:
        rate: learning rate, above 0.
        momentum: of SGD, in [0, 1); Adam has betas instead.
    """

    rate: float
    momentum: float = 0.0

    def __post_init__(self) -> None:
        if not self.rate > 0:
            raise UserError(f"learning rate {self.rate} is not positive; give a number above 0")
        if not 0 <= self.momentum < 1:
            raise UserError(f"momentum={self.momentum} must lie in [0, 1)")


@dataclass(frozen=True)
class Optimizer:
    """How the trainable tensors move.

    Attributes:
        kind: ``sgd`` or ``adam``.
        groups: by name; tensors of other groups are left fixed.
        betas: of Adam.
        schedule: ``constant``, or ``cosine`` down to ``floor`` over the run.
        floor: last learning rate of the cosine, as a share of the first, in [0, 1].
    """

    kind: Literal["sgd", "adam"]
    groups: Mapping[str, Group]
    betas: tuple[float, float] = (0.9, 0.999)
    schedule: Literal["constant", "cosine"] = "constant"
    floor: float = 0.0

    def factor(self, share: float) -> float:
        """Return what learning rates are multiplied by when ``share`` of the run is done."""
        if self.schedule == "constant":
            return 1.0
        return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * share))


@dataclass(frozen=True)
class Recipe:
    """A method made ready to run.

    Attributes:
        synthetic: the videos, initialised.
        objective: what is matched; None where choosing the videos was all (coresets).
        optimizer: required with an objective.
        hooks: called in order around each update.
    """

    synthetic: Parameterization
    objective: Objective | None = None
    optimizer: Optimizer | None = None
    hooks: tuple[Hook, ...] = ()

    def __post_init__(self) -> None:
        if (self.objective is None) != (self.optimizer is None):
            raise ValueError("a recipe has an objective and an optimizer, or neither")

    @property
    def class_independent(self) -> bool:
        """Whether classes may be condensed apart: neither in a loss nor in what videos are made of do they meet."""
        return self.objective is not None and self.objective.class_independent and not self.synthetic.shared


@dataclass(frozen=True)
class Task:
    """What a method is asked to do.

    Attributes:
        real: the training clips.
        vpc: synthetic videos of each class.
        seed: seed of the run.
        workdir: folder shared by all runs on one store, for networks worth training once.
        max_frames: most stored frames of one video under a byte budget; None for no limit.
        scale: how much is trained beforehand.
        workshop: meets what the method asks for by :meth:`obtain`.
    """

    real: RealClips
    vpc: int
    seed: int
    workdir: Path
    max_frames: int | None = None
    scale: Scale = "small"
    workshop: Workshop = field(default_factory=Workshop)

    def obtain(self, need: Need[T]) -> T:
        """Return what the method needs made first: experts, a teacher, another method's videos."""
        found: T = self.workshop.obtain(self, need)
        return found

    @property
    def labels(self) -> Tensor:
        """Labels of the synthetic videos, class after class, int64 ``[C vpc]``."""
        return torch.arange(len(self.real.class_names)).repeat_interleave(self.vpc)

    def generator(self, *keys: str | int) -> torch.Generator:
        """Return a CPU generator for the initialisation; ``keys`` name the draw."""
        return generator(self.seed, "initialise", *keys)

    def random_videos(self) -> Tensor:
        """Return positions of distinct random real videos, ``vpc`` of each class, class after class.

        Every method that starts from real clips starts from these, so that equal seeds compare like with like.
        """
        chosen = []
        for label in range(len(self.real.class_names)):
            members = self.real.members(label)
            order = torch.randperm(len(members), generator=self.generator("videos", label))
            chosen.append(members[order[: self.vpc]])
        return torch.cat(chosen)

    def initial_clips(self, start: Start) -> Tensor:
        """Return normalised clips ``[C vpc, T, 3, H, W]`` on the CPU: the random real videos, or noise."""
        if start == "real":
            return self.real.decode(self.random_videos()).cpu()
        return torch.randn(len(self.labels), *self.real.spec.shape, generator=self.generator("noise"))


# A method's function: a task and its keyword options in, a recipe out.
Build = Callable[..., Recipe]


@dataclass(frozen=True)
class Method:
    """An entry of the registry.

    Attributes:
        name: what users type.
        build: the method's function; its docstring is the method's page.
        paper: where it comes from.
        stores: what a condensed dataset of it holds, in words.
        needs: what is trained before it, in words.
        iterations: default length of a run by scale (0 for coresets).
        frames: of T and the options, the fewest and the usual number of stored frames of a video, for byte budgets.
        rates: learning rates that ``lr=auto`` tries, ascending.
        beside: of the clips' spec, C and the options, the bytes that a video takes beside its frames, whatever the
            number type of these (a learned label), for byte budgets.
        options: made from the function's signature.
    """

    name: str
    build: Build
    paper: str
    stores: str
    needs: str
    iterations: Mapping[Scale, int]
    frames: Callable[[int, Mapping[str, Any]], tuple[int, int]]
    rates: tuple[float, ...]
    beside: Callable[[ClipSpec, int, Mapping[str, Any]], int]
    options: Options = field(repr=False)

    @property
    def source(self) -> str | None:
        """Hash of the file that defines a method of somebody else's, None for our own."""
        return foreign_source(self.build)

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.build) or "").partition("\n")[0]

    def validate(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return all options with defaults filled in and types checked.

        Raises:
            UserError: listing every mistake at once.
        """
        checked = validate(self.options.model, values, f"options of method {self.name!r}").model_dump(mode="json")
        # Groups may refuse values that are fine one by one; better now than when the recipe is built.
        self.options.arguments(checked)
        return checked

    def recipe(self, task: Task, options: Mapping[str, Any]) -> Recipe:
        """Make the method ready to run.

        Args:
            task: what to do.
            options: as :meth:`validate` returned them, a learning rate of ``auto`` resolved.

        Raises:
            UserError: if an option does not fit the task's clips.
        """
        return self.build(task, **self.options.arguments(options))


METHODS: Registry[Method] = Registry("method")


def register_method(
    name: str,
    *,
    paper: str,
    stores: str,
    iterations: Mapping[Scale, int],
    needs: str = "nothing",
    frames: Callable[[int, Mapping[str, Any]], tuple[int, int]] = lambda length, options: (length, length),
    rates: tuple[float, ...] = RATES,
    beside: Callable[[ClipSpec, int, Mapping[str, Any]], int] = lambda spec, classes, options: 0,
    like: Build | None = None,
    **defaults: Any,
) -> Callable[[Build], Build]:
    """Return a decorator that registers a method's function.

    Args:
        name: what users type.
        paper: as in :class:`Method`.
        stores: as in :class:`Method`.
        iterations: as in :class:`Method`.
        needs: as in :class:`Method`.
        frames: as in :class:`Method`; by default every frame of a video is stored.
        rates: as in :class:`Method`.
        beside: as in :class:`Method`; by default nothing.
        like: another function whose keyword arguments are the options, for a method that is a setting of it.
        defaults: of those options, where they differ from the other function's.
    """

    def register(build: Build) -> Build:
        options = read_options(like or build, **defaults)
        method = Method(name, build, paper, stores, needs, iterations, frames, rates, beside, options)
        METHODS.register(name)(method)
        return build

    return register
