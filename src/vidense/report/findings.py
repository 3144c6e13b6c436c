"""Evaluations of several runs as tables of comparable rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vidense.records import content_hash
from vidense.report.wording import percent
from vidense.statistics import mean_interval, summarise
from vidense.tasks import TASKS

__all__ = ["Row", "Table", "group_rows"]

# In the place of an option that an older run does not have.
UNSET = object()
# What a protocol's recipe may be changed in.
DEPARTURES = {"epochs": "{} epochs", "lr": "learning rate {:g}"}
# Baselines that are made anew for every condensed set, and how they are called beside it.
MATCHED = {"random_equal_bytes": "random, bytes of {}", "random_coded": "random coded, bytes of {}"}


@dataclass
class Row:
    """One line of a table: a method under one setting, over all its condensation seeds, or a baseline.

    Attributes:
        role: ``method``, ``random_equal_vpc``, ``random_equal_bytes``, ``random_coded`` or ``ceiling``.
        title: what it is called on the page.
        videos: trained on.
        frames: stored, mean over condensation seeds.
        float32_mib: as the papers count, mean over condensation seeds.
        disk: bytes on disk, mean over condensation seeds; None for baselines, which are not stored.
        diverged: networks whose training diverged.
        accuracies: top-1, or another task's metric, in [0, 1] by condensation seed (selection seed of a baseline) and
            network seed.
        results: of every network that did not diverge, as the evaluations hold them.
        method: name of the method, also of a baseline that belongs to one; empty for others.
        method_row: of a baseline at equal bytes, the method row it belongs to.
        foreign: whether a condensed set does not say that it was made of the training videos of the table's store.
    """

    role: str
    title: str
    videos: int
    frames: float
    float32_mib: float
    disk: float | None
    diverged: int
    accuracies: dict[int, dict[int, float]]
    results: Sequence[Mapping[str, Any]] = ()
    method: str = ""
    method_row: "Row | None" = None
    foreign: bool = False

    @property
    def summary(self) -> dict[str, Any] | None:
        """Of :func:`vidense.statistics.summarise`; None if any network diverged: survivors alone would flatter."""
        return None if self.diverged or not self.accuracies else summarise(self.accuracies)

    @property
    def mean(self) -> float | None:
        """Mean accuracy, None if any network diverged."""
        summary = self.summary
        return None if summary is None else summary["mean"]

    @property
    def figure(self) -> str:
        """Mean accuracy in percent, or that there is none."""
        return "diverged" if self.diverged else percent(self.mean)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval over condensation seeds; of the whole dataset, which has only one set, over networks."""
        if self.role == "ceiling" and self.summary is not None:
            return mean_interval([value for networks in self.accuracies.values() for value in networks.values()])
        return None if self.summary is None else self.summary["interval"]

    @property
    def interval_over_sets(self) -> tuple[float, float] | None:
        """The interval where it is over condensation seeds, to stand in a column with others."""
        return None if self.role == "ceiling" else self.interval

    @property
    def per_class(self) -> tuple[float | None, ...]:
        """Accuracy on each class in [0, 1], mean over networks; None without test videos; empty for other tasks."""
        counted = [found for result in self.results if (found := result.get("per_class")) is not None]
        return tuple(None if None in column else _mean(column) for column in zip(*counted, strict=True))


@dataclass
class Table:
    """Rows that may be ranked together: one store, one evaluation specification.

    Attributes:
        store: as the evaluation describes it.
        spec: the specification.
        spec_hash: its hash.
        rows: methods, the best first, each followed by its equal-bytes baseline, then random at equal videos, then the
            ceiling.
        asked: of the evaluation; ``epochs`` and ``lr`` where the protocol's own were replaced.
    """

    store: Mapping[str, Any]
    spec: Mapping[str, Any]
    spec_hash: str
    rows: list[Row] = field(default_factory=list)
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells it from other tables: the store and the specification."""
        return f"{self.store['content_hash'][:8]}-{self.spec_hash[:8]}"

    @property
    def metric(self) -> str:
        """What the percentages of the table are."""
        return TASKS[self.spec.get("task", "classify")].title

    @property
    def network(self) -> str:
        """Which network was trained, as users name it: options behind colons."""
        options = "".join(f":{name}={value}" for name, value in self.spec.get("model_options", {}).items())
        return f"{self.spec['model']}{options}"

    @property
    def title(self) -> str:
        """Network, protocol, labels, data."""
        mix, kind = self.spec.get("mix", "none"), self.spec["labels"].replace("_", " ")
        labels = f"{kind} labels" + (f" of {mix}-mixed clips" if mix != "none" else "")
        own = "".join(
            f" with {words.format(self.asked[name])}"
            for name, words in DEPARTURES.items()
            if self.asked.get(name) is not None
        )
        return (
            f"{self.network}, protocol {self.spec['protocol']}{own}, {labels}, "
            f"{len(self.store['class_names'])} classes, {self.store['test_videos']} test videos of store "
            f"{self.store['content_hash']}"
        )


def group_rows(evaluations: Iterable[Mapping[str, Any]]) -> list[Table]:
    """Return one table for each store and specification.

    Args:
        evaluations: contents of ``evaluation.json``. Those whose settings differ in nothing but the seed are one row.
    """
    collected: dict[tuple[str, str], list[tuple[Mapping[str, Any], dict[str, Any]]]] = {}
    for evaluation in evaluations:
        for row in evaluation["rows"]:
            key = (evaluation["store"]["content_hash"], row["spec_hash"])
            collected.setdefault(key, []).append((evaluation, row))
    tables = []
    for (_, spec_hash), found in collected.items():
        first = found[0][0]
        tables.append(Table(first["store"], first["specs"][spec_hash], spec_hash, _rows(found), first.get("asked", {})))
    return tables


def _rows(found: Sequence[tuple[Mapping[str, Any], dict[str, Any]]]) -> list[Row]:
    """Merge the rows of one table."""
    groups: dict[tuple[str, ...], list[tuple[Mapping[str, Any], dict[str, Any]]]] = {}
    for evaluation, row in found:
        groups.setdefault(_key(evaluation, row), []).append((evaluation, row))
    settings = {key: _settings(members[0][0]) for key, members in groups.items() if key[0] == "method"}
    named = [(key, _merge(groups[key], title)) for key, title in _titles(settings).items()]
    rows: list[Row] = []
    for key, method in sorted(named, key=lambda item: -(item[1].mean or 0)):
        method.method = str(settings[key].get("method", ""))
        rows.append(method)
        for role, title in MATCHED.items():
            if (members := groups.get((role, *key[1:]))) is not None:
                baseline = _merge(members, title.format(method.title))
                baseline.method_row, baseline.method = method, method.method
                rows.append(baseline)
    for role, title in (("random_equal_vpc", "random, equal videos"), ("ceiling", "whole dataset")):
        rows += [_merge(members, title) for key, members in groups.items() if key[0] == role]
    return rows


def _key(evaluation: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["role"] in ("method", *MATCHED):
        return row["role"], content_hash([evaluation["dataset"]["method"], _settings(evaluation)])
    return row["role"], str(row["videos"])


def _settings(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decided the dataset except its seed, options beside the other settings."""
    settings = dict(evaluation["dataset"]["settings"])
    options = dict(settings.pop("options", {}))
    return {name: value for name, value in {**options, **settings}.items() if name != "seed"}


def _titles(settings: Mapping[tuple[str, ...], Mapping[str, Any]]) -> dict[tuple[str, ...], str]:
    """Name each method row: the method, and those settings that tell it from others of that method."""
    titles = {}
    for key, own in settings.items():
        name = str(own.get("method", "condensed"))
        others = [other for other in settings.values() if other.get("method") == own.get("method")]
        differing = [
            f"{setting}={value}"
            for setting, value in own.items()
            if any(other.get(setting, UNSET) != value for other in others)
        ]
        titles[key] = ", ".join([name, *differing])
    return titles


def _merge(members: Sequence[tuple[Mapping[str, Any], dict[str, Any]]], title: str) -> Row:
    """Make one row of the same row in several evaluations."""
    rows = [row for _, row in members]
    metric = TASKS[members[0][0].get("task", "classify")].metric
    results = [result for row in rows for result in row["results"] if not result["diverged"]]
    scores: dict[int, dict[int, list[float]]] = {}
    for result in results:
        nets = scores.setdefault(result["condensation_seed"], {})
        nets.setdefault(result["net_seed"], []).append(result[metric])
    is_method = rows[0]["role"] == "method"
    disk = [evaluation["dataset"]["storage"]["bytes"] for evaluation, _ in members] if is_method else []
    return Row(
        role=rows[0]["role"],
        title=title,
        videos=rows[0]["videos"],
        frames=_mean([row["frames"] for row in rows]),
        float32_mib=_mean([row["float32_mib"] for row in rows]),
        disk=_mean(disk) if disk else None,
        diverged=sum(row["diverged"] for row in rows),
        # Baselines at equal bytes differ a little from seed to seed; a selection counts once, with its mean.
        accuracies={seed: {net: _mean(values) for net, values in nets.items()} for seed, nets in scores.items()},
        results=results,
        foreign=is_method
        and not all(evaluation["dataset"].get("condensed_from_this_store") for evaluation, _ in members),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
