"""A benchmark of jobs that one function each measures, on the runs or the data of another suite."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from benchmarks.pages import fill, save_figures
from benchmarks.processes import command_line, measure_each
from benchmarks.provenance import provenance
from benchmarks.records import ROOT, Benchmark, Records
from vidense.records import write_json
from vidense.report.drawing import Picture

__all__ = ["Jobs", "run_jobs"]


@dataclass(frozen=True)
class Jobs(Benchmark):
    """What is measured, and where.

    Attributes:
        name: as of :class:`~benchmarks.records.Benchmark`.
        base: name of the suite whose store and runs are used, given the same ``--work``.
        jobs: by name, a function from the folder of work to what was measured, as JSON types.
        tables: by name, the tables of docs/results.md and what makes them of the results.
        figures: by name, the same of docs/figures.
    """

    base: str
    jobs: Mapping[str, Callable[[Path], dict[str, Any]]]
    tables: Mapping[str, Callable[[Records], str]]
    figures: Mapping[str, Callable[[Records], Picture | None]] = field(default_factory=dict)

    def finished(self, name: str) -> bool:
        """Return whether a job was measured."""
        return (self.results / f"{name}.json").exists()

    def run(self, name: str, work: Path) -> None:
        """Measure a job and write its file."""
        head, started = {"job": name, **provenance(self.command, torch.device("cpu"))}, time.perf_counter()
        found = self.jobs[name](work)
        seconds = round(time.perf_counter() - started, 1)
        write_json(self.results / f"{name}.json", {**head, "seconds": seconds, "result": found})

    def read(self) -> Records:
        """Return what was measured."""
        return [json.loads(file.read_text()) for file in sorted(self.results.glob("*.json"))]

    def write_tables(self) -> None:
        """Write the tables and figures from what was measured."""
        records = self.read()
        fill({name: table(records) for name, table in self.tables.items()})
        save_figures({name: figure(records) for name, figure in self.figures.items()})


def run_jobs(jobs: Jobs, description: str, arguments: Sequence[str] | None = None) -> None:
    """Run the command of a benchmark; ``description`` is its help."""
    parser = command_line(description, ROOT.parent / "runs" / jobs.base, os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    wanted = [name for name in jobs.jobs if name.startswith(chosen.only)]
    if chosen.list:
        for name in wanted:
            print("done" if jobs.finished(name) else "    ", name)
    elif chosen.point:
        jobs.run(chosen.point, chosen.work)
    else:
        if not chosen.tables:
            missing = [name for name in wanted if not jobs.finished(name)]
            measure_each(jobs.name, missing, chosen.work, chosen.processes)
        jobs.write_tables()
