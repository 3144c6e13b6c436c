"""What networks learn in an evaluation: the classes, a teacher's view of each clip, or labels kept with the videos."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vidense.data.spec import LabelledClips
from vidense.errors import UserError
from vidense.evaluation.spec import EvalSpec
from vidense.mixing import mix
from vidense.nets import Network
from vidense.objectives.kernel_regression import centred
from vidense.parameterizations import Regions, Tiles
from vidense.seeding import Draw
from vidense.training import Lesson

__all__ = ["lesson_of", "shown", "targets_of"]


def shown(clips: LabelledClips, spec: EvalSpec) -> LabelledClips:
    """Return what is trained on: under ``soft_regions`` every region of tiled clips as a clip of its own.

    Clips that are not tiled, random real ones among them, stay whole.
    """
    synthetic = getattr(clips, "parameterization", clips)
    return Regions(synthetic) if spec.labels == "soft_regions" and isinstance(synthetic, Tiles) else clips


def targets_of(clips: LabelledClips, spec: EvalSpec, seen: Callable[[LabelledClips], Tensor]) -> Tensor | None:
    """Return what each clip stands for throughout a training; None for its class.

    Args:
        clips: to be trained on.
        spec: the evaluation.
        seen: returns the teacher's probabilities of each clip, ``[N, C]``; called only where they are needed.

    Returns:
        float32 ``[N, C]`` or None. ``soft_stored`` and ``soft_regions`` take the labels kept with the videos; sets that
        keep none, such as random real clips, get what a method would have kept: the teacher's probabilities of each
        clip, or, where the squared error is learned, the class less 1 / C (FRePo).
    """
    if spec.labels in ("hard", "soft"):
        return None
    stored: Tensor | None = getattr(clips, "soft_labels", None)
    if stored is not None:
        return _checked(stored.detach(), spec)
    if spec.recipe.loss == "mse":
        return centred(clips.labels, len(clips.class_names))
    return seen(clips)


def _checked(stored: Tensor, spec: EvalSpec) -> Tensor:
    proper = bool((stored >= 0).all()) and torch.allclose(stored.sum(1), torch.ones(len(stored)), atol=1e-3)
    if spec.recipe.loss == "cross_entropy" and not proper:
        raise UserError(
            "the labels kept with these videos are no probabilities (FRePo learns others); use --protocol frepo"
        )
    return stored


def lesson_of(spec: EvalSpec, teacher: Callable[[], Network]) -> Lesson | None:
    """Return what is done to every batch, None for nothing: clips are mixed, and the teacher says what is in them."""
    return _Lesson(spec, teacher()) if spec.labels == "soft" else None


@dataclass(frozen=True)
class _Lesson:
    spec: EvalSpec
    teacher: Network

    @torch.no_grad()
    def __call__(self, clips: Tensor, targets: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
        mixed = mix(clips, self.spec.mix, draw)
        return mixed, self.teacher(mixed).float().softmax(1)
