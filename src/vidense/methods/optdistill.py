"""OptDistill: real clips tiled of what matters in whole videos (Jiang, Chen and Wang)."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from vidense.boxes import Choosing, Cropping, Scorer, Tiling, check_source
from vidense.errors import UserError
from vidense.method import Recipe, Task, register_method
from vidense.nets.r3d18 import KINETICS, load_r3d_18
from vidense.option_types import FileName, NetworkName
from vidense.parameterizations import SelectedClips, Tiles
from vidense.teachers import Teacher

__all__ = ["optdistill"]


def stored_frames(length: int, options: Mapping[str, Any]) -> tuple[int, int]:
    """Return the frames of a clip; where its regions have labels, they take less room than one frame more."""
    return (length + (options["labels"] == "regions"),) * 2


def given_teacher(task: Task, file: Path) -> Scorer:
    """Return R3D-18 with the weights of a file; as many classes as the dataset's are taken for these."""
    network = load_r3d_18(file, replace(KINETICS, frames=task.real.spec.frames))
    knows_classes = network.classes == len(task.real.class_names)
    return Scorer(network.place(task.real.device), knows_classes)


@register_method(
    "optdistill",
    paper="Jiang, Chen and Wang, Video Dataset Distillation: Enhancing Diversity and Realism in Video Data for "
    "Efficient Training",
    stores="real clips, each tiled of several crops",
    needs="the original videos, a teacher (vidense teacher --method optdistill) or teacher_weights, OpenCV for boxes "
    "that are tracked",
    iterations={"small": 0, "published": 0},
    frames=stored_frames,
)
def optdistill(
    task: Task,
    *,
    labels: Literal["hard", "regions"] = "hard",
    teacher: NetworkName = "minic3d_bn",
    teacher_weights: FileName | None = None,
    cropping: Cropping,
    choosing: Choosing,
) -> Recipe:
    """Tiled crops: nothing is learned, the best parts of whole videos are put side by side.

    The files behind the store are read from end to end. Boxes on the first frame are followed (by CSRT, where OpenCV
    is installed), cropped and scored by a teacher; the best of each class are sorted by length, sped up to the
    shortest of each N x N, and tiled.

    Differences:
        The paper finds boxes by YOLOv5 and scores by R3D-18 trained on Kinetics-400; its code scores by I3D and draws
        no box at random. Here boxes come from motion, people, a file or a plug-in, and the teacher is trained on the
        dataset unless weights are given. A video without a box is taken whole.

        The paper's score decides alone, so that one video may fill a clip; here a class's videos give one crop each as
        far as they reach (one_per_video=false is its rule), and where there are too few crops the best are used again.
        Its experiments score by the highest probability of any class, its method by the loss at the true one; here it
        is the true one's where the teacher knows the classes (score=highest is the other). Of each crop the middle
        window is scored. Crops have the shape of the part of a frame that the store's clips show, so that they are
        squashed no more than these; the paper's have that of its canvas.

    Args:
        task: clips, videos per class, seed.
        labels: ``hard``, or ``regions``, which stores what the teacher makes of each region too (to train on by
            ``vidense evaluate --labels soft_regions``, the paper's loss, or ``soft_stored``, the mean of a clip's).
        teacher: network that is trained on the dataset to score crops; the published scorers know other classes.
        teacher_weights: file of weights for R3D-18 instead, with torchvision's names (``.pth`` or ``.safetensors``),
            as published for Kinetics-400 or trained on this dataset's classes.
        cropping: which parts of a video are looked at.
        choosing: which of them are kept.

    Raises:
        UserError: if a video, a box, or what is needed to find it is missing, or options contradict each other.
    """
    if choosing.tiles > min(task.real.spec.height, task.real.spec.width):
        raise UserError(f"tiles={choosing.tiles} leaves regions of less than a pixel; give 2 or 3, or larger clips")
    check_source(cropping, task.real)
    if teacher_weights:
        scorer = given_teacher(task, Path(teacher_weights))
    else:
        scorer = Scorer(task.obtain(Teacher(teacher)).network, knows_classes=True)
    if not scorer.knows_classes and (labels == "regions" or choosing.score == "label"):
        raise UserError(
            f"{teacher_weights!r} tells {scorer.network.classes} classes apart, the dataset has "
            f"{len(task.real.class_names)}: labels=regions and score=label need a teacher of the dataset's classes"
        )
    found, real = task.obtain(Tiling(cropping, choosing, scorer)), task.real
    if labels == "hard":
        return Recipe(SelectedClips(found.pixels, real.spec, real.class_names, task.labels))
    soft = found.regions.mean(1)
    return Recipe(Tiles(found.pixels, found.regions, real.spec, real.class_names, task.labels, soft))
