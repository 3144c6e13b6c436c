"""DSA: gradient matching under differentiable Siamese augmentation (Zhao and Bilen, ICML 2021)."""

from typing import Any

from vidense.method import Recipe, Task, register_method
from vidense.methods.dc import dc

__all__ = ["dsa"]


@register_method(
    "dsa",
    paper="Zhao and Bilen, Dataset Condensation with Differentiable Siamese Augmentation, ICML 2021",
    stores="every frame of every synthetic video",
    iterations={"small": 300, "published": 1000},
    like=dc,
    siamese=True,
    precision="float32",
)
def dsa(task: Task, **options: Any) -> Recipe:
    """Gradient matching of clips that are shifted, scaled, turned, recoloured or cut out alike on both sides.

    The options are those of ``dc``, of which this is a setting: ``siamese=true``. One operation is drawn for each class
    and iteration, with one set of strengths for all its real and synthetic clips and all their frames.

    Differences:
        As of ``dc``, whose start from noise is kept: the released code is run from real images (``--init real``), which
        start=real does. The paper augments in evaluation too; here all methods are evaluated alike, without.
    """
    return dc(task, **options)
