"""Every published cell as a run: what data, which settings, how it is evaluated. Needs no torch.

Settings are those that the papers or their released code give. Where a table of theirs ends before the number of videos
per class, ``readings`` names what we continue it by; what no source gives is named in ``unstated``, and is then what
the method takes by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vidense.errors import UserError, suggest
from vidense.published import CELLS, REGRESSION, SOFT, Cell

__all__ = ["DATASETS", "NamedRecipe", "PublishedData", "find_recipe", "named_recipes"]


@dataclass(frozen=True)
class PublishedData:
    """A dataset that papers report on.

    Attributes:
        layout: how vidense reads it.
        prepared: settings of a store (:class:`~vidense.data.settings.PrepareSettings`) as the papers take clips; they
            are what the layout takes unless told otherwise.
        videos: for training and testing in the complete dataset; None where every copy is another one.
        metric: ``top1`` or ``top5``, what the papers print for it.
        classes: how many it has.
        advice: what to download and unpack.
    """

    layout: str
    prepared: Mapping[str, Any]
    videos: tuple[int, int] | None
    metric: str
    classes: int
    advice: str


# Published loaders draw one clip of 16 frames a video, and test three; of the large datasets a rule takes one of 8.
LONG_CLIPS = {"split": 1, "frames": 16, "stride": 4, "size": 112, "resize": "crop", "clips": 3}
SHORT_CLIPS = {"split": 1, "frames": 8, "size": 64, "resize": "squash", "clips": 1}
DATASETS = {
    "MiniUCF": PublishedData(
        layout="miniucf",
        prepared=LONG_CLIPS,
        videos=(4662, 1861),
        metric="top1",
        classes=50,
        advice="UCF101.rar and the archive of train/test lists from the UCF101 page, unpacked in one folder",
    ),
    "HMDB51": PublishedData(
        layout="hmdb51",
        prepared=LONG_CLIPS,
        videos=(5236, 1530),
        metric="top1",
        classes=51,
        advice="hmdb51_org.rar and test_train_splits.rar from the HMDB page, unpacked in one folder",
    ),
    "K400": PublishedData(
        layout="kinetics400",
        prepared={**SHORT_CLIPS, "sampling": "middle"},
        videos=None,
        metric="top5",
        classes=400,
        advice="the Kinetics-400 clips and their train.csv and validate.csv, in one folder",
    ),
    "SSv2": PublishedData(
        layout="ssv2",
        prepared={**SHORT_CLIPS, "sampling": "spread"},
        videos=(168_913, 24_777),
        metric="top5",
        classes=174,
        advice="the Something-Something V2 videos and their three JSON lists, unpacked in one folder",
    ),
}

# Values by dataset, then by videos per class.
Table = Mapping[str, Mapping[int, Any]]


@dataclass(frozen=True)
class _Settings:
    """What sources give for a method.

    Attributes:
        options: the same everywhere.
        varying: by option; where a table has no entry, the option is a reading of ours or unstated.
        unstated: what no source gives anywhere.
        readings: by option, what we take where a table of ``varying`` ends.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    varying: Mapping[str, Table] = field(default_factory=dict)
    unstated: tuple[str, ...] = ()
    readings: Mapping[str, Table] = field(default_factory=dict)


# PRISM, table A; DFS is the same method.
PRISM_SETTINGS = _Settings(
    varying={
        "lr": {
            "MiniUCF": {1: 1.0, 5: 25.0, 10: 50.0},
            "HMDB51": {1: 0.7, 5: 25.0, 10: 75.0},
            "K400": {1: 1.0, 5: 50.0},
            "SSv2": {1: 3.0, 5: 30.0},
        },
        "batch_real": {
            "MiniUCF": {1: 64, 5: 64, 10: 64},
            "HMDB51": {1: 64, 5: 64, 10: 64},
            "K400": {1: 64, 5: 128},
            "SSv2": {1: 64, 5: 128},
        },
    },
    unstated=("iterations",),
    # The table ends at 10 videos per class. A video's gradient is 1 / vpc of its class's, so the rate grows with vpc.
    readings={
        "lr": {"MiniUCF": {30: 150.0}, "HMDB51": {30: 150.0}},
        "batch_real": {"MiniUCF": {30: 64}, "HMDB51": {30: 64}},
    },
)
# TSGF, table 11; it ends at 5 videos per class, whose row we take for 10.
TSGF_SETTINGS = _Settings(
    varying={
        "lr": {
            "MiniUCF": {1: 0.25, 5: 0.25},
            "HMDB51": {1: 0.25, 5: 0.25},
            "K400": {1: 0.3, 5: 0.3},
            "SSv2": {1: 0.3, 5: 0.3},
        },
        "r_bn": {
            "MiniUCF": {1: 0.001, 5: 0.005},
            "HMDB51": {1: 0.001, 5: 0.005},
            "K400": {1: 0.01, 5: 0.01},
            "SSv2": {1: 0.01, 5: 0.01},
        },
    },
    unstated=("iterations", "optimiser", "how saliency is smoothed and bounded"),
    readings={"lr": {"MiniUCF": {10: 0.25}}, "r_bn": {"MiniUCF": {10: 0.005}}},
)
# FRePo draws 512 real clips of all classes together, ``batch_real`` counts those of each class.
FREPO_BATCH = {name: dict.fromkeys((1, 5), max(1, round(512 / dataset.classes))) for name, dataset in DATASETS.items()}
# How VDSD's pictures are learned: DC's own rate and batch, and where videos have two pictures each, at 5 videos per
# class, DC's loops for the ten of a class.
PICTURES = {"static_lr": 0.1, "static_batch_real": 256}
LOOPS: dict[str, Table] = {
    "static_outer_loop": {name: {1: 1, 5: 10} for name in DATASETS},
    "static_inner_loop": {name: {1: 1, 5: 50} for name in DATASETS},
}
# PRISM repeated DM at 10 videos per class, with its own momentum; VDSD's scripts have DM's.
DM_MOMENTUM = {name: {1: 0.5, 5: 0.5, 10: 0.95} for name in DATASETS}
# VDSD's released scripts, but for PRISM and TSGF.
SETTINGS = {
    "random": _Settings(),
    "herding": _Settings(),
    "kcenter": _Settings(),
    "dm": _Settings({"batch_real": 64}, {"lr": {"MiniUCF": {1: 30.0}}, "momentum": DM_MOMENTUM}),
    "static_dc": _Settings({"lr": 0.1, "batch_real": 256}),
    "mtt": _Settings(varying={"lr": {"MiniUCF": {1: 1e5}}}),
    "frepo": _Settings(varying={"batch_real": FREPO_BATCH}, unstated=("lr",)),
    "vdsd_dm": _Settings(
        {"batch_real": 64, **PICTURES},
        {"lr": {"MiniUCF": {1: 1e-4, 5: 1e3}}, "lr_hallucinator": {"MiniUCF": {1: 1e-5, 5: 1e-6}}, **LOOPS},
    ),
    "vdsd_mtt": _Settings(
        PICTURES,
        {
            "lr": {"MiniUCF": {1: 1e4, 5: 1e4}},
            "lr_hallucinator": {"MiniUCF": {1: 1e-3, 5: 1e-3}},
            "syn_steps": {"MiniUCF": {1: 10, 5: 5}},
            "batch_syn": {"MiniUCF": {5: 128}, "K400": {1: 256, 5: 256}},
            **LOOPS,
        },
    ),
    "vdsd_frepo": _Settings({"lr_hallucinator": 1e-3, **PICTURES}, {"batch_real": FREPO_BATCH}, unstated=("lr",)),
    "prism": PRISM_SETTINGS,
    "dfs": PRISM_SETTINGS,
    "tsgf": TSGF_SETTINGS,
    "sre2l": replace(TSGF_SETTINGS, unstated=("start", "iterations", "optimiser")),
}


@dataclass(frozen=True)
class NamedRecipe:
    """How to repeat what one or several papers print for a method, a dataset and a number of videos per class.

    Attributes:
        cells: what is printed.
        options: of the method, as published but for ``readings``.
        unstated: what no source gives.
        readings: which of the options are our continuation of a source's table.
    """

    cells: tuple[Cell, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    unstated: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Such as ``miniucf-prism-1vpc``, or ``miniucf-prism-1vpc-cnn_gru`` for another evaluation network."""
        cell = self.cells[0]
        model = "" if cell.model == "minic3d" else f"-{cell.model}"
        return f"{cell.dataset.lower()}-{cell.method}-{cell.vpc}vpc{model}"

    @property
    def data(self) -> PublishedData:
        """The dataset."""
        return DATASETS[self.cells[0].dataset]

    @property
    def evaluation(self) -> dict[str, Any]:
        """Arguments of :func:`vidense.evaluation.spec.eval_spec`."""
        note, method = self.cells[0].note, self.cells[0].method
        if note == REGRESSION:
            return {"protocol": "frepo"}
        if note == SOFT:
            return {"protocol": "published", "labels": "soft", "mix": "video" if method == "tsgf" else "none"}
        return {"protocol": "published"}

    @property
    def learned_rate(self) -> bool:
        """Whether networks are trained at the step size that the condensation learned (VDSD's scripts)."""
        method, vpc = self.cells[0].method, self.cells[0].vpc
        return method == "mtt" or (method == "vdsd_mtt" and vpc == 1)

    @property
    def evaluation_departures(self) -> tuple[str, ...]:
        """How the paper's networks are trained otherwise than by :attr:`evaluation`, in words (VDSD's scripts)."""
        method, found = self.cells[0].method, []
        if method == "mtt":
            found.append("the paper's accuracy is that of epoch 400 of 500, here it is the last one's")
        if method == "vdsd_mtt" and self.cells[0].vpc == 5:
            found.append("the paper evaluates in batches of 128, here they are of 256")
            found.append("the paper keeps the step size of the condensation, here it is learned")
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON types."""
        printed = [
            {"mean": cell.mean, "spread": cell.spread, "source": cell.source, "note": cell.note} for cell in self.cells
        ]
        first = self.cells[0]
        return {
            "name": self.name,
            "method": first.method,
            "dataset": first.dataset,
            "vpc": first.vpc,
            "model": first.model,
            "layout": self.data.layout,
            "metric": self.data.metric,
            "options": dict(self.options),
            "unstated": list(self.unstated),
            "readings": list(self.readings),
            "evaluation": self.evaluation,
            "learned_rate": self.learned_rate,
            "evaluation_departures": list(self.evaluation_departures),
            "printed": printed,
        }


def named_recipes() -> dict[str, NamedRecipe]:
    """Return a recipe for every method, dataset, number of videos and network that a paper prints, by name."""
    groups: dict[tuple[str, str, int, str], list[Cell]] = {}
    for cell in CELLS:
        groups.setdefault((cell.dataset, cell.method, cell.vpc, cell.model), []).append(cell)
    found = [_recipe(tuple(cells)) for cells in groups.values()]
    return {recipe.name: recipe for recipe in found}


def find_recipe(name: str) -> NamedRecipe:
    """Return the recipe called ``name``.

    Raises:
        UserError: if there is none.
    """
    known = named_recipes()
    if name not in known:
        raise UserError(f"unknown recipe {name!r}{suggest(name, known)} (`vidense reproduce --list` prints them)")
    return known[name]


def _recipe(cells: tuple[Cell, ...]) -> NamedRecipe:
    first = cells[0]
    known = SETTINGS.get(first.method, _Settings(unstated=("all settings",)))
    options, unstated, readings = dict(known.options), list(known.unstated), []
    for option, table in known.varying.items():
        stated = table.get(first.dataset, {}).get(first.vpc)
        read = known.readings.get(option, {}).get(first.dataset, {}).get(first.vpc)
        if stated is not None:
            options[option] = stated
        elif read is not None:
            options[option] = read
            readings.append(option)
        else:
            unstated.append(option)
    return NamedRecipe(cells, options, tuple(unstated), tuple(readings))
