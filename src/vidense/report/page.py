"""One self-contained page about one or more runs."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vidense import __version__
from vidense.budget import format_bytes
from vidense.records import replacing
from vidense.report.commands import condense_command, evaluate_command
from vidense.report.findings import group_rows, sentences
from vidense.report.runs import Run, read_runs
from vidense.report.wording import interval_text, percent, spread

__all__ = ["command_of", "write_page"]


def write_page(runs: Sequence[Path], out: Path, *, title: str = "Condensed videos", notes: Sequence[str] = ()) -> Path:
    """Write one HTML file that needs no network and no other file.

    Args:
        runs: folders of finished runs; those without an evaluation are shown without accuracy.
        out: the file.
        title: of the page.
        notes: sentences below the title.

    Returns:
        The file's absolute path.

    Raises:
        UserError: if a folder is no finished run.
    """
    found = read_runs(runs)
    with replacing(out) as temporary:
        temporary.write_text(_render(found, title, notes), encoding="utf-8")
    return out.resolve()


def command_of(run: Run) -> list[str]:
    """Return the commands that repeat a run, line by line; STORE stands for the prepared data."""
    return [condense_command(run.settings, out=run.name), evaluate_command(run.name, run.evaluation)]


def _render(runs: Sequence[Run], title: str, notes: Sequence[str]) -> str:
    environment = Environment(
        loader=PackageLoader("vidense.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    tables = group_rows(run.evaluation for run in runs if run.evaluation is not None)
    return environment.get_template("template.html.j2").render(
        title=title,
        notes=notes,
        version=__version__,
        tables=[{"table": table, "sentences": [_unbroken(text) for text in sentences(table)]} for table in tables],
        unevaluated=[run.name for run in runs if run.evaluation is None],
        runs=[_describe(run) for run in runs],
        percent=percent,
        spread=spread,
        interval_text=interval_text,
        format_bytes=format_bytes,
    )


def _unbroken(sentence: str) -> str:
    """Keep a number and its percent sign on one line."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def _describe(run: Run) -> dict[str, Any]:
    """Return what the template shows of a run."""
    storage, record = run.record["storage"], run.record
    return {
        "name": run.name,
        "method": run.dataset["method"],
        "settings": {**run.settings, "options": None},
        "options": run.settings["options"],
        "storage": storage,
        "spec": run.dataset["spec"],
        "videos": [(label, list(videos)) for label, videos in groupby(run.previews, key=lambda video: video.label)],
        "frames": _frames(run),
        "tuning": record.get("tuning"),
        "seconds": record.get("seconds"),
        "peak_memory": record.get("peak_memory"),
        "hardware": record.get("hardware", {}),
        "commands": command_of(run),
        "versions": run.dataset["versions"],
        "data": run.settings["data"],
    }


def _frames(run: Run) -> str:
    """Say how many frames are stored."""
    frames = run.dataset["spec"]["frames"]
    times = run.dataset["record"].get("times")
    if times is None:
        return f"all {frames} frames of each video are stored"
    counts = [len(of_video) for of_video in times]
    if min(counts) == max(counts):
        return f"{sum(counts)} key-frames, {counts[0]} of {frames} in each video"
    mean = sum(counts) / len(counts)
    return f"{sum(counts)} key-frames, {mean:.2g} a video on average ({min(counts)} to {max(counts)} of {frames})"
