"""Runs a list of points as resumable jobs, each in a process of its own."""

import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.command import Benchmark
from benchmarks.points import Measured, Point, run_point
from benchmarks.records import CEILING, ROOT, Records, read
from benchmarks.runs import condensed, finished
from vidense.condensed import CondensedDataset
from vidense.data.prepare import prepare

__all__ = ["Suite"]


@dataclass(frozen=True, kw_only=True)
class Suite(Benchmark):
    """Runs and their evaluation.

    Attributes:
        name: as of :class:`~benchmarks.command.Benchmark`, as are ``tables`` and ``figures``.
        points: what to measure, in the order it is wanted.
        clips: arguments of ``prepare``.
        device: where to run: ``cpu`` or ``cuda``.
        data: name of the folder of videos.
        rate_of: method whose search at seed 0 gives a method its learning rate.
        evaluation: arguments of :func:`vidense.evaluation.spec.eval_spec` beside the network.
        base: the suite whose runs and learning rates this one evaluates otherwise, given the same ``--work``.
        frozen: as of :class:`~benchmarks.points.Measured`.
    """

    points: Sequence[Point]
    clips: dict[str, Any]
    device: str
    data: str = "ucf101-6"
    rate_of: dict[str, str] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=lambda: {"protocol": "clean"})
    base: "Suite | None" = None
    frozen: bool = False

    @property
    def processes(self) -> int:
        """One at a time on a GPU."""
        return 1 if self.device == "cuda" else super().processes

    @property
    def names(self) -> Sequence[str]:
        """Of the points."""
        return [point.name for point in self.points]

    @property
    def work(self) -> str:
        """The folder of the suite whose runs are used: this one or its base."""
        return (self.base or self).name

    def point(self, name: str) -> Point:
        """Return the point called ``name``."""
        (found,) = [point for point in self.points if point.name == name]
        return found

    def is_done(self, name: str) -> bool:
        """Return what :meth:`finished` says of the point called ``name``."""
        return self.finished(self.point(name))

    def finished(self, point: Point) -> bool:
        """Return whether this very point, with all of its settings, was measured.

        Raises:
            ValueError: if a file of its name holds another point; it must be moved away or measured again on purpose.
        """
        file = self.results / f"{point.name}.json"
        if not file.exists():
            return False
        found = Point.from_json(json.loads(file.read_text())["point"])
        # The learning rate was filled in from the point that searched it.
        if "lr" not in point.options:
            found.options.pop("lr", None)
        if found != point:
            raise ValueError(f"{str(file)!r} holds a point with other settings; move it away to measure it again")
        return True

    def finder(self, point: Point) -> str | None:
        """Return the name of the point whose learning-rate search serves this one, None where none is searched."""
        if point.method not in self.rate_of or "lr" in point.options:
            return None
        variant = point.variant if point.variant == "noise" else ""
        return Point(self.rate_of[point.method], point.vpc, 0, 0, variant=variant, budget=point.budget).name

    def with_rate(self, point: Point) -> Point:
        """Return the point with the learning rate that was found for it."""
        finder = self.finder(point)
        return point if finder in (None, point.name) else self._at_rate_of(finder, point)

    def lend(self, point: Point, work: Path) -> CondensedDataset:
        """Return the run of one of its points to another benchmark; where it is not there it is condensed again.

        Args:
            point: of this suite, however the other evaluates it. Its learning rate is searched only where no result
                says what was found.
            work: the folder of this suite's work; its data must be prepared.
        """
        if (made := finished(point, work)) is not None:
            return made
        finder = self.finder(point)
        known = finder is not None and (self.results / f"{finder}.json").exists()
        return condensed(self._at_rate_of(finder, point) if known else point, work, self.device)

    def _at_rate_of(self, finder: str | None, point: Point) -> Point:
        found = json.loads((self.results / f"{finder}.json").read_text())
        # A budget too small for a method searched nothing.
        return replace(point, options={**point.options, "lr": found["tuning"]["lr"]}) if "tuning" in found else point

    @property
    def videos(self) -> Path:
        """Where the videos are unless told otherwise."""
        return Path(os.environ.get("VIDENSE_TEST_DATA", ROOT.parent.parent / "shared" / "data")) / self.data

    def add_data(self, parser: ArgumentParser) -> None:
        """Add the flag that says where the videos are."""
        parser.add_argument("--data", type=Path, default=self.videos, help="folder that holds splits.csv")

    def prepare(self, chosen: Namespace) -> None:
        """Decode the videos, if that was not done before; ``chosen`` is what the command was given."""
        prepare(chosen.data, chosen.work / "store", **self.clips)

    def parser(self, description: str) -> ArgumentParser:
        """Return the flags of the command: where the videos are, too."""
        parser = super().parser(description)
        self.add_data(parser)
        return parser

    def measure_all(self, missing: Sequence[str], chosen: Namespace) -> None:
        """Decode the videos, then measure what others wait for, then runs, then runs evaluated otherwise."""
        self.prepare(chosen)
        points = [self.point(name) for name in missing]
        # Points that search a learning rate, and the networks that herding embeds with.
        first = [point for point in points if point.name in (self.finder(point), CEILING) and self.base is None]
        runs = [point for point in points if point not in first and not point.evaluated]
        for batch in (first, runs, [point for point in points if point.evaluated]):
            super().measure_all([point.name for point in batch], chosen)

    def measure(self, name: str, work: Path) -> None:
        """Condense and evaluate a point, and write its file."""
        point = self.point(name)
        if self.base is None:
            point, made = self.with_rate(point), partial(condensed, work=work, device=self.device)
        else:
            made = partial(self.base.lend, work=work)
        measured = Measured(work, self.command, self.device, self.evaluation, self.frozen, made)
        run_point(point, measured, self.results)

    def read(self) -> Records:
        """Return what was measured.

        Raises:
            ValueError: if results of one table were evaluated differently; they must not share a column.
        """
        return read(self.results)
