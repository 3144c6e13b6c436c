"""The command of a benchmark of several points: lists them, measures what is missing, writes the tables."""

import os
from abc import ABC, abstractmethod
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.pages import fill, save_figures
from benchmarks.processes import measure_each
from benchmarks.records import ROOT, Records
from vidense.report.drawing import Picture

__all__ = ["Benchmark", "run"]


@dataclass(frozen=True, kw_only=True)
class Benchmark(ABC):
    """What a command measures, point by point.

    Attributes:
        name: of the module below ``benchmarks`` and of the folder of results.
        tables: by name, the tables of docs/results.md (and of the README) and what makes them of the results.
        figures: by name, the same of docs/figures.
    """

    name: str
    tables: Mapping[str, Callable[[Records], str]] = field(default_factory=dict)
    figures: Mapping[str, Callable[[Records], Picture | None]] = field(default_factory=dict)

    @property
    def results(self) -> Path:
        """Where the JSON files are."""
        return ROOT / "results" / self.name

    @property
    def command(self) -> str:
        """What a reader types to repeat the numbers."""
        return f"python -m benchmarks.{self.name}"

    @property
    def processes(self) -> int:
        """How many points are measured at a time by default."""
        return os.cpu_count() or 1

    @property
    @abstractmethod
    def names(self) -> Sequence[str]:
        """Of the points, in the order they are wanted."""

    @property
    @abstractmethod
    def work(self) -> str:
        """Name of the folder, below ``runs``, where things are made by default."""

    @abstractmethod
    def is_done(self, name: str) -> bool:
        """Return whether a point was measured."""

    @abstractmethod
    def measure(self, name: str, work: Path) -> None:
        """Measure a point in the folder ``work`` and write its file."""

    @abstractmethod
    def read(self) -> Records:
        """Return what was measured."""

    def parser(self, description: str) -> ArgumentParser:
        """Return the flags of the command."""
        parser = ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
        parser.add_argument("--work", type=Path, default=ROOT.parent / "runs" / self.work)
        parser.add_argument("--processes", type=int, default=self.processes)
        parser.add_argument("--only", default="", help="measure points whose name begins so")
        parser.add_argument("--list", action="store_true", help="print the points and stop")
        parser.add_argument("--tables", action="store_true", help="write the tables from what is there and stop")
        parser.add_argument("--point", help="measure this point only (what the processes are started with)")
        return parser

    def measure_all(self, missing: Sequence[str], chosen: Namespace) -> None:
        """Measure each point in a process of its own; ``chosen`` is what the command was given."""
        measure_each(self.name, missing, chosen.work, chosen.processes)

    def write_tables(self) -> None:
        """Write the tables and figures from what was measured."""
        records = self.read()
        fill({name: table(records) for name, table in self.tables.items()})
        save_figures({name: figure(records) for name, figure in self.figures.items()})


def run(benchmark: Benchmark, description: str, arguments: Sequence[str] | None = None) -> None:
    """Run the command of a benchmark; ``description`` is its help."""
    chosen = benchmark.parser(description).parse_args(arguments)
    wanted = [name for name in benchmark.names if name.startswith(chosen.only)]
    if chosen.list:
        for name in wanted:
            print("done" if benchmark.is_done(name) else "    ", name)
    elif chosen.point:
        benchmark.measure(chosen.point, chosen.work)
    else:
        if not chosen.tables:
            benchmark.measure_all([name for name in wanted if not benchmark.is_done(name)], chosen)
        benchmark.write_tables()
