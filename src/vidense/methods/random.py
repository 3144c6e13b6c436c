"""Random: real clips drawn at random, the baseline every method has to beat."""

from vidense.method import Recipe, Task, register_method
from vidense.parameterizations.selected import SelectedClips

__all__ = ["random"]


@register_method(
    "random",
    paper="the baseline of every paper of the field",
    stores="whole real clips",
    iterations={"small": 0, "published": 0},
)
def random(task: Task) -> Recipe:
    """Random selection: distinct real videos of each class, one clip each, kept as they are."""
    pixels = task.real.pixels(task.random_videos()).cpu()
    return Recipe(SelectedClips(pixels, task.real.spec, task.real.class_names, task.labels))
