"""SRe2L: videos, or single frames, recovered from a teacher (Yin et al., NeurIPS 2023)."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from vidense.data.spec import ClipSpec
from vidense.hooks.clamp import Clamp
from vidense.method import Group, Optimizer, Recipe, Start, Task, register_method, resolved
from vidense.objectives.inversion import Recovery, TeacherInversion
from vidense.option_types import Count, LearningRate, Weight
from vidense.parameterizations.dense import Dense
from vidense.teachers import Teacher

__all__ = ["BETAS", "RATES", "Labels", "label_bytes", "room_for_labels", "sre2l"]

# Of Adam, as the reference code has them; a rate is nearly the most a pixel moves in an iteration, in normalised units.
BETAS, RATES = (0.5, 0.9), (0.01, 0.03, 0.1, 0.3, 1.0)
# What is kept with the videos: their class, or also what the teacher makes of each when it is finished.
Labels = Literal["hard", "soft"]


def label_bytes(spec: ClipSpec, classes: int, options: Mapping[str, Any]) -> int:
    """Return the bytes of a video's soft label: one float32 a class."""
    return 4 * classes if options["labels"] == "soft" else 0


def room_for_labels(task: Task, labels: Labels) -> Tensor | None:
    """Return float32 ``[C vpc, C]`` that the teacher fills in at the end, None where classes are all."""
    return torch.zeros(len(task.labels), len(task.real.class_names)) if labels == "soft" else None


@register_method(
    "sre2l",
    paper="Yin, Xing and Shen, Squeeze, Recover and Relabel: Dataset Condensation at ImageNet Scale From A New "
    "Perspective, NeurIPS 2023",
    stores="every frame of every synthetic video; its soft label with labels=soft",
    needs="a teacher (vidense teacher --method sre2l), of single frames with mode=frame",
    iterations={"small": 300, "published": 4000},
    rates=RATES,
    beside=label_bytes,
    r_bn=0.01,
)
def sre2l(
    task: Task,
    *,
    mode: Literal["video", "frame"] = "video",
    lr: LearningRate = 0.25,
    start: Start = "noise",
    first_bn: Weight = 10.0,
    labels: Labels = "hard",
    teacher_epochs: Count | None = None,
    recovery: Recovery,
) -> Recipe:
    """Teacher inversion from noise, under random views.

    A teacher with batch normalisation is trained on the real clips, once for a store, a seed and a scale. Then the
    teacher must recognise a random view of the videos, cut out, enlarged and rolled anew in each iteration, and its
    batch statistics on them must be those it remembers. The third step of the name, relabelling, belongs to evaluation.

    The paper condenses images: a learning rate of 0.25, r_bn of 0.01, 4,000 iterations, the first normalisation counted
    ten times. As the baseline of video methods the teacher is a video network; ``mode=frame`` is the image method
    itself, on a 2-D network of single frames.

    Differences:
        The paper condenses images and learns soft labels of mixed ones, which here is evaluation's part, where every
        set has the teacher of seed 0. Views are not mirrored: data whose labels depend on direction would suffer.

    Args:
        task: clips, videos per class, seed.
        mode: ``video`` recovers clips from a teacher of clips; ``frame`` recovers every frame by itself from a teacher
            of single frames, and a video is a stack of frames of its class that have nothing to do with each other.
        lr: learning rate of the pixels (normalised units), or ``auto``.
        start: ``real`` starts from one random real clip each, ``noise`` from N(0, 1).
        first_bn: weight of the first normalisation the clips pass; the others have 1.
        labels: ``hard``, or ``soft``, which keeps what the teacher makes of each finished video too (to train on by
            ``vidense evaluate --labels soft_stored``), four bytes a class.
        teacher_epochs: passes of the teacher over the clips; None for those of the scale.
        recovery: what is asked of the videos.
    """
    need = Teacher(epochs=teacher_epochs)
    if mode == "frame":
        need = Teacher("convnet_bn", single_frames=True, epochs=teacher_epochs)
    teacher = task.obtain(need)
    soft, real = room_for_labels(task, labels), task.real
    return Recipe(
        Dense(task.initial_clips(start), real.spec, real.class_names, task.labels, soft),
        TeacherInversion(teacher.network, teacher.to_json(), recovery, first_bn=first_bn, augment=True),
        Optimizer("adam", {"frames": Group(resolved(lr))}, betas=BETAS, schedule="cosine"),
        (Clamp(),),
    )
