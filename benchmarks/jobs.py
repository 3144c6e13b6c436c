"""A benchmark of jobs that one function each measures, on the runs or the data of another suite."""

import json
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.command import Benchmark
from benchmarks.provenance import provenance
from benchmarks.records import Records
from benchmarks.suite import Suite
from vidense.records import write_json

__all__ = ["Jobs"]


@dataclass(frozen=True, kw_only=True)
class Jobs(Benchmark):
    """What is measured, and where.

    Attributes:
        name: as of :class:`~benchmarks.command.Benchmark`, as are ``tables`` and ``figures``.
        base: the suite whose data and runs are used, given the same ``--work``; what is not there is made.
        jobs: by name, a function from the folder of work to what was measured, as JSON types.
    """

    base: Suite
    jobs: Mapping[str, Callable[[Path], dict[str, Any]]]

    @property
    def names(self) -> Sequence[str]:
        """Of the jobs."""
        return list(self.jobs)

    @property
    def work(self) -> str:
        """The folder of the suite whose runs are used."""
        return self.base.name

    def is_done(self, name: str) -> bool:
        """Return whether a job was measured."""
        return (self.results / f"{name}.json").exists()

    def parser(self, description: str) -> ArgumentParser:
        """Return the flags of the command: where the videos are, too."""
        parser = super().parser(description)
        self.base.add_data(parser)
        return parser

    def measure_all(self, missing: Sequence[str], chosen: Namespace) -> None:
        """Decode the videos, then measure."""
        self.base.prepare(chosen)
        super().measure_all(missing, chosen)

    def measure(self, name: str, work: Path) -> None:
        """Measure a job and write its file; ``seconds`` are of this call, which may have found much of it done."""
        head, started = {"job": name, **provenance(self.command, torch.device("cpu"))}, time.perf_counter()
        found = self.jobs[name](work)
        seconds = round(time.perf_counter() - started, 1)
        write_json(self.results / f"{name}.json", {**head, "seconds": seconds, "result": found})

    def read(self) -> Records:
        """Return what was measured."""
        return [json.loads(file.read_text()) for file in sorted(self.results.glob("*.json"))]
