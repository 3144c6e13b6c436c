"""What papers take away or vary, as grids of variants. Needs no torch.

A grid's first variant is the one that the others are set against: the method as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vidense.errors import UserError, suggest

__all__ = ["Grid", "Variant", "grid_of", "grids_of"]

VIDEOS_PER_CLASS = (1, 2, 5, 10, 20, 30)
FRAMES = (16, 14, 12, 10, 8)


@dataclass(frozen=True)
class Variant:
    """One point of a grid.

    Attributes:
        name: of its row.
        options: of the method, where they differ from what it takes by itself.
        vpc: videos per class; None for those that were asked for.
        evaluation: arguments of :func:`vidense.evaluation.spec.eval_spec`, where they differ from the grid's.
        frames: of a clip; None for those of the store.
        half: ``static`` or ``dynamic``, the classes that move less or more than the others; None for all.
        motion: ``none`` or ``abrupt``, in the place of that of the videos; None for theirs.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    vpc: int | None = None
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    frames: int | None = None
    half: str | None = None
    motion: str | None = None


@dataclass(frozen=True)
class Grid:
    """Variants that are set against the first of them.

    Attributes:
        source: where a paper does this; empty where none does.
        variants: at least two.
        evaluation: arguments of :func:`vidense.evaluation.spec.eval_spec` for all of them.
    """

    source: str
    variants: tuple[Variant, ...]
    evaluation: Mapping[str, Any] = field(default_factory=dict)


def _along(option: str, values: tuple[Any, ...], *others: str) -> tuple[Variant, ...]:
    """Return variants in which ``option``, and others with it, take each value in turn."""
    return tuple(Variant(f"{option} {value:g}", dict.fromkeys((option, *others), value)) for value in values)


SOFT = {"labels": "soft", "mix": "video"}
INSERTION = {
    "components": Grid(
        "PRISM, table 6",
        (
            Variant("as published"),
            Variant("no insertion", {"criterion": "none"}),
            Variant("random position", {"position": "random"}),
            Variant("distance threshold", {"criterion": "l2"}),
            Variant("no warm-up", {"warm_up": 0.0}),
            Variant("no cool-down", {"cool_down": 0.0}),
            Variant("all frames learnable", {"all_learnable": True}),
            # The control that the paper lacks: videos of all frames want another rate than those of two.
            Variant("all frames, own rate", {"all_learnable": True, "lr": "auto"}),
        ),
    ),
    "epsilon": Grid("PRISM, table B", _along("epsilon", (0.0, -0.3, -0.2, -0.1, 0.1, 0.2, 0.3))),
    "windows": Grid("PRISM, table C", _along("warm_up", (0.2, 0.3, 0.1, 0.0), "cool_down")),
    "initial": Grid("PRISM, table 5", _along("initial_keys", (2, 3, 4, 6, 8))),
}
# What papers contradict each other on, or leave open.
READINGS = Grid(
    "",
    (
        Variant("as published"),
        Variant("most negative only", {"most_negative_only": True}),
        Variant("total gradient", {"gradient": "total"}),
        Variant("insert noise", {"insert_from": "noise"}),
        Variant("64 real clips", {"batch_real": 64}),
    ),
)
GRIDS: dict[str, dict[str, Grid]] = {
    "prism": {**INSERTION, "readings": READINGS},
    "dfs": INSERTION,
    "tsgf": {
        "components": Grid(
            "TSGF, table 3",
            (
                Variant("as published"),
                Variant("no mixing", evaluation={"mix": "none"}),
                Variant("no mask", {"mask": "none"}),
                Variant("neither", {"mask": "none"}, evaluation={"mix": "none"}),
            ),
            SOFT,
        ),
        "start": Grid("TSGF, table 5", (Variant("from real clips"), Variant("from noise", {"start": "noise"})), SOFT),
        "augmentation": Grid(
            "TSGF, table 6", (Variant("mixed video"), Variant("mixed images", evaluation={"mix": "image"})), SOFT
        ),
        "direction": Grid(
            "TSGF, table 9", (Variant("magnitude only"), Variant("both signs", {"mask_sign": "both"})), SOFT
        ),
    },
}
# How papers judge methods whose numbers are all of soft labels.
JUDGED = {"tsgf": SOFT}
# What every method has.
SWEEPS = {
    "vpc": Grid("", tuple(Variant(f"{vpc} videos per class", vpc=vpc) for vpc in VIDEOS_PER_CLASS)),
    "frames": Grid("TSGF, figure 4", tuple(Variant(f"{frames} frames", frames=frames) for frames in FRAMES)),
    "groups": Grid(
        "TSGF, table 7",
        (Variant("all classes"), Variant("static half", half="static"), Variant("dynamic half", half="dynamic")),
    ),
    "motion": Grid(
        "the failures that DFS describes, appendix A.3",
        (Variant("as filmed"), Variant("no motion", motion="none"), Variant("abrupt motion", motion="abrupt")),
    ),
}


def grids_of(method: str) -> dict[str, Grid]:
    """Return the grids of a method by name."""
    sweeps = {name: replace(grid, evaluation=JUDGED.get(method, {})) for name, grid in SWEEPS.items()}
    return {**GRIDS.get(method, {}), **sweeps}


def grid_of(method: str, name: str) -> Grid:
    """Return one grid.

    Raises:
        UserError: if the method has none of that name.
    """
    known = grids_of(method)
    if name not in known:
        raise UserError(f"{method} has no grid {name!r}{suggest(name, known)}")
    return known[name]
