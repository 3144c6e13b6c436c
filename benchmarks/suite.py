"""Runs a list of points as resumable jobs, each in a process of its own."""

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.pages import fill, save_figures
from benchmarks.points import Measured, Point, run_point
from benchmarks.processes import command_line, measure_each
from benchmarks.records import CEILING, ROOT, Benchmark, Records, read
from vidense.data.prepare import prepare
from vidense.report.drawing import Picture

__all__ = ["Suite", "run_suite"]


@dataclass(frozen=True)
class Suite(Benchmark):
    """A benchmark.

    Attributes:
        name: as of :class:`~benchmarks.records.Benchmark`.
        points: what to measure, in the order it is wanted.
        clips: arguments of ``prepare``.
        device: where to run: ``cpu`` or ``cuda``.
        data: name of the folder of videos.
        rate_of: method whose search at seed 0 gives a method its learning rate.
        evaluation: arguments of :func:`vidense.evaluation.spec.eval_spec` beside the network.
        base: the suite whose runs and learning rates this one evaluates otherwise, given the same ``--work``.
        frozen: as of :class:`~benchmarks.points.Measured`.
        tables: by name, the tables of docs/results.md (and of the README) and what makes them of the results.
        figures: by name, the same of docs/figures.
    """

    points: Sequence[Point]
    clips: dict[str, Any]
    device: str
    data: str = "ucf101-6"
    tables: Mapping[str, Callable[[Records], str]] = field(default_factory=dict)
    figures: Mapping[str, Callable[[Records], Picture | None]] = field(default_factory=dict)
    rate_of: dict[str, str] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=lambda: {"protocol": "clean"})
    base: "Suite | None" = None
    frozen: bool = False

    def write_tables(self, results: Path) -> None:
        """Write the tables and figures from the JSON files in ``results``.

        Raises:
            ValueError: if results of one table were evaluated differently; they must not share a column.
        """
        records = read(results)
        fill({name: table(records) for name, table in self.tables.items()})
        save_figures({name: figure(records) for name, figure in self.figures.items()})

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
        # The finished runs of another suite know their rates.
        if finder in (None, point.name) or self.base is not None:
            return point
        found = json.loads((self.results / f"{finder}.json").read_text())
        # A budget too small for a method searched nothing.
        return replace(point, options={**point.options, "lr": found["tuning"]["lr"]}) if "tuning" in found else point


def run_suite(suite: Suite, description: str, arguments: Sequence[str] | None = None) -> None:
    """Run the command of a suite; ``description`` is its help."""
    processes = 1 if suite.device == "cuda" else os.cpu_count() or 1
    parser = command_line(description, ROOT.parent / "runs" / (suite.base or suite).name, processes)
    data = Path(os.environ.get("VIDENSE_TEST_DATA", ROOT.parent.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=data / suite.data, help="folder that holds splits.csv")
    chosen = parser.parse_args(arguments)
    wanted = [point for point in suite.points if point.name.startswith(chosen.only)]
    if chosen.list:
        for point in wanted:
            print("done" if suite.finished(point) else "    ", point.name)
    elif chosen.point:
        (point,) = [point for point in suite.points if point.name == chosen.point]
        taken = suite.base is not None
        measured = Measured(chosen.work, suite.command, suite.device, suite.evaluation, taken, suite.frozen)
        run_point(suite.with_rate(point), measured, suite.results)
    else:
        if not chosen.tables:
            prepare(chosen.data, chosen.work / "store", **suite.clips)
            _measure(suite, wanted, chosen)
        suite.write_tables(suite.results)


def _measure(suite: Suite, wanted: Sequence[Point], chosen: argparse.Namespace) -> None:
    missing = [point for point in wanted if not suite.finished(point)]
    # What others wait for comes first: points that search a learning rate, and the networks that herding embeds with.
    first = [point for point in missing if point.name in (suite.finder(point), CEILING) and suite.base is None]
    runs = [point for point in missing if point not in first and not point.evaluated]
    # Then runs, before they are evaluated otherwise.
    for batch in (first, runs, [point for point in missing if point.evaluated]):
        measure_each(suite.name, [point.name for point in batch], chosen.work, chosen.processes)
