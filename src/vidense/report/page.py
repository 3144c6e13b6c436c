"""One self-contained page about one or more runs."""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vidense import __version__
from vidense.budget import format_bytes
from vidense.records import replacing
from vidense.report.commands import condense_command, evaluate_command
from vidense.report.courses import rising
from vidense.report.drawing import style
from vidense.report.figures import course_figures, table_figures
from vidense.report.findings import Row, Table, group_rows
from vidense.report.gallery import gallery
from vidense.report.runs import Run, read_runs
from vidense.report.verdicts import sentences
from vidense.report.wording import interval_text, percent, spread

__all__ = ["command_of", "write_page"]

TEMPLATES = "templates"


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
        # A name may hold what no file can.
        temporary.write_text(_render(found, title, notes), encoding="utf-8", errors="replace")
    return out.resolve()


def command_of(run: Run) -> list[str]:
    """Return the commands that repeat a run, line by line; STORE stands for the prepared data."""
    foreign = bool(run.settings.get("sources"))
    return [condense_command(run.settings, out=run.name), evaluate_command(run.name, run.evaluation, foreign=foreign)]


def _render(runs: Sequence[Run], title: str, notes: Sequence[str]) -> str:
    environment = Environment(
        loader=PackageLoader("vidense.report", TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    tables = group_rows(run.evaluation for run in runs if run.evaluation is not None)
    classes, left_out = gallery(runs)
    script = _asset("filter.js")
    return environment.get_template("page.html.j2").render(
        title=title,
        notes=notes,
        version=__version__,
        style=f"{_asset('style.css')}{style()}",
        script=script,
        # The browser runs this script and no other, whatever names from strangers hold.
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        tiles=_tiles(tables),
        methods=list(dict.fromkeys(run.dataset["method"]["name"] for run in runs)),
        tables=[_described(table) for table in tables],
        unevaluated=[run.name for run in runs if run.evaluation is None],
        runs=[_describe(run) for run in runs],
        classes=classes,
        single=all(len(group.clips) == 1 for group in classes),
        left_out=left_out,
        percent=percent,
        spread=spread,
        interval_text=interval_text,
        format_bytes=format_bytes,
    )


def _asset(name: str) -> str:
    return (files("vidense.report") / TEMPLATES / name).read_text(encoding="utf-8")


def _tiles(tables: Sequence[Table]) -> list[dict[str, str]]:
    """Return the headline of a page about one method: its accuracy, that of random clips, that of the whole dataset."""
    methods = [row for table in tables for row in table.rows if row.role == "method"]
    if len(methods) != 1:
        return []
    (method,), (table,) = methods, tables
    named = [
        (method, f"{method.title}, {table.metric.removesuffix(' %')}"),
        *((row, "random clips at equal bytes") for row in table.rows if row.method_row is method),
        *((row, "the whole dataset") for row in table.rows if row.role == "ceiling"),
    ]
    return [_tile(row, words) for row, words in named if row.role != "random_coded"]


def _tile(row: Row, title: str) -> dict[str, str]:
    videos = f"{row.videos} videos, {row.float32_mib:.3g} MiB as float32"
    interval = f"; {interval_text(row.interval)} with 95 %" if row.interval is not None else ""
    value = "diverged" if row.diverged else f"{percent(row.mean)}\N{NO-BREAK SPACE}%"
    return {"value": value, "title": title, "detail": _unbroken(videos + interval)}


def _described(table: Table) -> dict[str, Any]:
    """Return a table with its sentences and figures, those of single methods apart."""
    size, of_methods = table_figures(table)
    return {
        "table": table,
        "sentences": [_unbroken(text) for text in sentences(table)],
        "figure": None if size is None else size.inline(),
        "methods": [(row, list(drawn.values())) for row, drawn in of_methods if drawn],
    }


def _unbroken(sentence: str) -> str:
    """Keep a number and its percent sign on one line."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def _describe(run: Run) -> dict[str, Any]:
    """Return what the template shows of a run."""
    storage, record = run.record["storage"], run.record
    courses = {} if run.stretches is None else course_figures(run.stretches)
    return {
        "name": run.name,
        "method": run.dataset["method"],
        "settings": {**run.settings, "options": None},
        "options": run.settings["options"],
        "storage": storage,
        "spec": run.dataset["spec"],
        "drawn": bool(run.previews),
        "figures": [picture.inline() for picture in courses.values()],
        "warning": rising(run.stretches),
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
    frames, kept = run.dataset["spec"]["frames"], run.record["storage"]["frames"]
    times = run.dataset["record"].get("times")
    if times is None:
        if kept != run.videos * frames:
            return f"kept as {run.dataset['parameterization']}, as many numbers as {kept:g} frames"
        return f"all {frames} frames of each video are stored"
    counts = [len(of_video) for of_video in times]
    if min(counts) == max(counts):
        return f"{sum(counts)} key-frames, {counts[0]} of {frames} in each video"
    mean = sum(counts) / len(counts)
    return f"{sum(counts)} key-frames, {mean:.2g} a video on average ({min(counts)} to {max(counts)} of {frames})"
