"""A method in one file: keep the real clips that move most. CONTRIBUTING.md shows one that learns its videos.

python examples/own_method.py [FOLDER] [--quick] [--out DIR]

The commands take the same file: vidense condense STORE --out RUN --plugin examples/own_method.py --method liveliest
"""

from typing import Any

import torch

import vidense
from vidense.method import Recipe, Task, register_method
from vidense.parameterizations import SelectedClips
from vidense.report.findings import group_rows
from vidense.report.verdicts import sentences


@register_method(
    "liveliest",
    paper="an example",
    stores="whole real clips",
    iterations={"small": 0, "published": 0},
)
def liveliest(task: Task, *, calmest: bool = False) -> Recipe:
    """Keep the real clips that move most, class by class.

    Args:
        task: clips, videos per class, seed.
        calmest: keep those that move least.
    """
    chosen = []
    for label in range(len(task.real.class_names)):
        members = task.real.members(label)
        # float [n, T, 3, H, W]; how much consecutive frames differ says how much a clip moves.
        clips = task.real.pixels(members).float()
        motion = (clips[:, 1:] - clips[:, :-1]).abs().flatten(1).mean(1)
        order = motion.argsort(descending=not calmest, stable=True)
        chosen.append(members[order[: task.vpc]])
    pixels = task.real.pixels(torch.cat(chosen)).cpu()
    # Nothing is learned, so there is neither an objective nor an optimiser.
    return Recipe(SelectedClips(pixels, task.real.spec, task.real.class_names, task.labels))


def main() -> None:
    """Condense with it, and set it beside random clips."""
    # Only a script can import its neighbour: as a plug-in the file stands alone.
    from given import arguments, prepared

    given = arguments(__doc__)
    store, run = prepared(given), given.out / "run"
    vidense.condense(store, run, method="liveliest")
    effort: dict[str, Any] = {"epochs": 1, "seeds": 1, "baseline_seeds": 1} if given.quick else {}
    record = vidense.evaluate(run, store, ceiling=False, **effort)
    for table in group_rows([record.to_json()]):
        print(*sentences(table), sep="\n")


if __name__ == "__main__":
    main()
