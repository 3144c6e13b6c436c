"""DFS: PRISM's earlier form, which inserts one frame at a time."""

from typing import Any

from vidense.method import Recipe, Task, register_method
from vidense.methods.prism import prism, stored_frames

__all__ = ["dfs"]


@register_method(
    "dfs",
    paper="Condensing Videos by Learning Where Motion Matters, ICLR 2026 submission",
    stores="key-frames and their times; frames between them are interpolated",
    iterations={"small": 500, "published": 5000},
    frames=stored_frames,
    like=prism,
    most_negative_only=True,
)
def dfs(task: Task, **options: Any) -> Recipe:
    """PRISM that inserts only the most conflicting frame of a video in each iteration (DFS section 5).

    The options are those of ``prism``, of which this is a setting: ``most_negative_only=true``.

    Differences:
        The paper's equation inserts all frames that meet the criterion, its text the most negative one; this is its
        text.
    """
    return prism(task, **options)
