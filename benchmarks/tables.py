"""Writes the tables of docs/results.md from the committed JSON, and from nothing else."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidense.records import replacing
from vidense.statistics import Accuracies, paired_difference, summarise

__all__ = ["CEILING", "STUDIED", "write_ablation", "write_column", "write_insertion", "write_motion", "write_tables"]

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "docs" / "results.md", ROOT / "README.md")
CEILING = "ceiling"
COLUMNS = (
    "method",
    "seeds x nets",
    "top-1 %",
    "95 % interval",
    "minus random, equal videos",
    "minus random, equal bytes",
    "stored frames",
    "float32 MiB",
    "bytes on disk",
    "condense s",
    "peak MB",
)
# Variants of these are settings of one study; those of other methods are methods of their own.
STUDIED = ("prism", "dm")
# Two differences that agree by chance give an interval of no width.
FEWEST_PAIRS = 3
Records = Sequence[Mapping[str, Any]]


def write_tables(results: Path) -> None:
    """Replace what stands between ``<!-- table NAME -->`` and ``<!-- end -->`` in docs/results.md and README.md.

    Raises:
        ValueError: if records of one table were evaluated differently; they must not share a column.
    """
    records = _records(results)
    tables = {
        "vpc 1": _column(records, 1),
        "vpc 5": _column(records, 5),
        "insertion": _study(records),
        "trigger": _trigger(records),
        "summary": _summary(records),
    }
    for page in PAGES:
        _fill(page, tables)


def write_insertion(results: Path) -> None:
    """Replace the table of insertion at 16 frames in docs/results.md."""
    _fill(PAGES[0], {"insertion 16": _study(_records(results))})


def write_column(results: Path, name: str) -> None:
    """Replace the table ``name`` of docs/results.md by the results at one video per class."""
    _fill(PAGES[0], {name: _column(_records(results), 1)})


def write_ablation(results: Path, name: str) -> None:
    """Replace the table ``name`` of docs/results.md by variants of one method, each against the method itself."""
    _fill(PAGES[0], {name: _ablation(_records(results))})


def write_motion(results: Path, name: str) -> None:
    """Replace the table ``name`` of docs/results.md by what clips teach moving and standing still."""
    _fill(PAGES[0], {name: _motion(_records(results))})


def _records(results: Path) -> Records:
    """Return what was measured.

    Raises:
        ValueError: if records were evaluated differently under one name; they must not share a column.
    """
    found = [json.loads(file.read_text()) for file in sorted(results.glob("*.json"))]
    specs = {(record["point"].get("evaluated", ""), record["eval"]["hash"]) for record in found}
    if len(specs) > len(dict(specs)):
        raise ValueError(f"the records in {str(results)!r} have different EvalSpecs; measure the older ones again")
    return found


def _fill(page: Path, tables: Mapping[str, str]) -> None:
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        pattern = rf"(<!-- table {name} -->\n).*?(<!-- end -->)"
        # Backslashes of the table are text, not groups.
        text = re.sub(pattern, r"\1" + (table + "\n").replace("\\", r"\\") + r"\2", text, flags=re.DOTALL)
    with replacing(page) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _column(records: Records, vpc: int) -> str:
    plain = [r for r in records if r["point"]["vpc"] == vpc and not _studied(r)]
    if not plain:
        return "Not measured yet."
    by_method = _grouped(plain)
    random = accuracies(by_method.get("random", []))
    lines = [f"| {' | '.join(COLUMNS)} |", "| --- " * len(COLUMNS) + "|"]
    lines += [_row(name, by_method[name], random) for name in _ranked(by_method)]
    if (whole := _whole(records)) is not None:
        mean, count = whole
        lines.append(f"| *whole training set* | 1 x {count} | {mean:.1f} |" + " |" * (len(COLUMNS) - 3))
    return "\n".join(lines)


def _ranked(by_method: Mapping[str, Records]) -> list[str]:
    return sorted(by_method, key=lambda name: -summarise(accuracies(by_method[name]))["mean"])


def _whole(records: Records) -> tuple[float, int] | None:
    """Return the mean accuracy in percent of networks trained on the whole training set, and how many there are."""
    found = [record for record in records if record["point"]["method"] == CEILING]
    networks = [net["top1"] for record in found for net in record["networks"]]
    return (100 * sum(networks) / len(networks), len(networks)) if networks else None


def _summary(records: Records) -> str:
    """Return the short table of the README: one video per class, accuracy and bytes."""
    lines = ["| trained on | top-1 % | 95 % interval | videos | bytes |", "| --- | --- | --- | --- | --- |"]
    by_method = _grouped([r for r in records if r["point"]["vpc"] == 1 and not _studied(r)])
    for name in _ranked(by_method):
        members = by_method[name]
        own = summarise(accuracies(members))
        size = _average([record["storage"] for record in members], "bytes")
        videos = len(members[0]["networks"][0]["per_class"])
        lines.append(f"| {name} | {100 * own['mean']:.1f} | {_interval(own)} | {videos} | {size:,.0f} |")
    if (whole := _whole(records)) is not None:
        lines.append(f"| *whole training set* | {whole[0]:.1f} | | | |")
    return "\n".join(lines)


def _interval(own: Mapping[str, Any]) -> str:
    if own["interval"] is None or own["condensation_seeds"] < FEWEST_PAIRS:
        return ""
    return "{:.1f} to {:.1f}".format(*(100 * value for value in own["interval"]))


def _study(records: Records) -> str:
    columns = (
        "variant",
        "seeds x nets",
        "top-1 %",
        "minus prism",
        "minus random, equal bytes",
        "key-frames a video",
        "trigger rate, %",
        "lr",
        "bytes on disk",
    )
    lines = [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
    prism = [r for r in records if r["point"]["name"].startswith("prism-vpc1")]
    if not prism:
        return "Not measured yet."
    variants = _grouped([r for r in records if _studied(r)])
    groups = {"prism": prism} | {name.partition(" ")[2]: members for name, members in variants.items()}
    for name, members in groups.items():
        if not members:
            continue
        own = summarise(accuracies(members))
        against = "" if name == "prism" else _difference(members, accuracies(prism))
        keys = [count for record in members for count in record["key_frames"] or []]
        shown_keys = f"{sum(keys) / len(keys):.1f}" if keys else "all"
        rate = members[0]["settings"]["options"]["lr"]
        size = _average([record["storage"] for record in members], "bytes")
        lines.append(
            f"| {name} | {own['condensation_seeds']} x {own['networks']} | {100 * own['mean']:.1f} | {against} "
            f"| {_difference(members, _equal_bytes(members))} | {shown_keys} | {_trigger_rate(members)} | {rate:g} "
            f"| {size:,.0f} |"
        )
    return "\n".join(lines)


def _ablation(records: Records) -> str:
    groups = _grouped(records)
    random = accuracies(groups.pop("random", []))
    if not groups:
        return "Not measured yet."
    # The method as it is has the shortest name.
    whole = min(groups, key=len)
    columns = ("variant", "seeds x nets", "top-1 %", "95 % interval", f"minus {whole}", "minus random, equal videos")
    lines = [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
    for name in _ranked(groups):
        members = groups[name]
        own = summarise(accuracies(members))
        against = "" if name == whole else _difference(members, accuracies(groups[whole]))
        # Random clips were evaluated in one way.
        alike = members[0]["point"].get("evaluated", "") == ""
        cells = (name, f"{own['condensation_seeds']} x {own['networks']}", f"{100 * own['mean']:.1f}", _interval(own))
        lines.append(f"| {' | '.join(cells)} | {against} | {_difference(members, random) if alike else ''} |")
    return "\n".join(lines)


def _motion(records: Records) -> str:
    columns = (
        "trained on",
        "seeds x nets",
        "top-1 %",
        "minus random, equal videos",
        "middle frame only, top-1 %",
        "what motion adds",
    )
    lines = [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
    groups = _grouped(records) | {"*whole training set*": [r for r in records if r["point"]["method"] == CEILING]}
    measured = {name: members for name, members in groups.items() if members}
    random = accuracies(measured.get("random", []))
    for name in _ranked(measured):
        members = measured[name]
        against = _difference(members, random) if members[0]["point"]["method"] not in (CEILING, "random") else ""
        moving, still = accuracies(members), accuracies([{**r, **r["frozen"]} for r in members])
        own, frozen = summarise(moving), summarise(still)
        lines.append(
            f"| {name} | {own['condensation_seeds']} x {own['networks']} | {100 * own['mean']:.1f} | {against} "
            f"| {100 * frozen['mean']:.1f} | {_difference(members, still)} |"
        )
    return "\n".join(lines) if measured else "Not measured yet."


def _trigger(records: Records) -> str:
    """Return PRISM's insertion over a run at one video per class, as means over seeds."""
    runs = [r for r in records if r["point"]["name"].startswith("prism-vpc1")]
    if not runs:
        return "Not measured yet."
    length = runs[0]["point"]["iterations"]
    lines = ["| iterations | loss | key-frames a video | trigger rate, % of candidates |", "| --- | --- | --- | --- |"]
    for part in range(1, 20, 2):
        told = [r["telemetry"] for r in runs]
        # Two of the twenty stretches of the log make a row; key-frames are those at its end.
        losses = [t["loss"][part] for t in told]
        rates = [t["trigger_rate"][i] for t in told for i in (part - 1, part) if t["trigger_rate"][i] is not None]
        keys = [t["key_frames"][part] for t in told]
        shown = f"{100 * sum(rates) / len(rates):.2f}" if rates else "off"
        lines.append(
            f"| {(part - 1) * length // 20} to {(part + 1) * length // 20} | {sum(losses) / len(losses):.2f} "
            f"| {sum(keys) / len(keys):.1f} | {shown} |"
        )
    histogram = [sum(column) for column in zip(*(r["telemetry"]["cosine_histogram"] for r in runs), strict=True)]
    near, total = sum(histogram[9:11]), sum(histogram)
    negative = sum(histogram[:10])
    lines.append("")
    lines.append(
        f"Of {total:,} cosines between the gradients of a frame and of a neighbouring key-frame, "
        f"{100 * near / total:.1f} % lie between -0.1 and 0.1, and {100 * negative / total:.1f} % are negative "
        f"({len(runs)} runs)."
    )
    return "\n".join(lines)


def _row(name: str, members: Records, random: Accuracies) -> str:
    found = accuracies(members)
    own = summarise(found)
    storage = [record["storage"] for record in members]
    held = [record["peak_memory"] for record in members if record.get("peak_memory")]
    seconds = [record["condense_seconds"] for record in members if record["condense_seconds"]]
    cells = [
        name,
        f"{own['condensation_seeds']} x {own['networks']}",
        f"{100 * own['mean']:.1f}",
        _interval(own),
        "" if name == "random" else _difference(members, random),
        "" if name == "random" else _difference(members, _equal_bytes(members)),
        f"{_average(storage, 'frames'):.1f}",
        f"{_average(storage, 'float32_mib'):.2f}",
        f"{_average(storage, 'bytes'):,.0f}",
        f"{sum(seconds) / len(seconds):.0f}" if seconds else "",
        f"{max(held) / 1e6:.0f}" if held else "",
    ]
    return f"| {' | '.join(cells)} |"


def _difference(members: Records, other: Accuracies) -> str:
    """Return ``first - second`` in points with its interval, in bold where the interval excludes zero.

    Never in bold with fewer than ``FEWEST_PAIRS`` pairs.
    """
    found = paired_difference(accuracies(members), other)
    if found["difference"] is None:
        return ""
    text = f"{100 * found['difference']:+.1f}"
    if found["interval"] is None:
        return text
    low, high = (100 * value for value in found["interval"])
    text += f" ({low:+.1f} to {high:+.1f})"
    return f"**{text}**" if found["pairs"] >= FEWEST_PAIRS and (low > 0 or high < 0) else text


def accuracies(members: Records) -> Accuracies:
    """Return top-1 by condensation seed and network seed.

    Raises:
        ValueError: if a network diverged; such a record has no accuracy to average and must be named in the text.
    """
    return {record["point"]["seed"]: _by_net(record["networks"]) for record in members}


def _equal_bytes(members: Records) -> Accuracies:
    """Return the accuracies of random clips that hold as many stored frames, as :func:`accuracies` does."""
    return {record["point"]["seed"]: _by_net(record["random_equal_bytes"]["networks"]) for record in members}


def _by_net(networks: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    if any(net["diverged"] for net in networks):
        raise ValueError("a network diverged; its point cannot be averaged")
    return {net["net_seed"]: net["top1"] for net in networks}


def _grouped(records: Records) -> dict[str, list[Mapping[str, Any]]]:
    """Return records by method, variant and evaluation, as far as they have a name."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        point = record["point"]
        if point["method"] != CEILING:
            named = (point["method"], point["variant"], point.get("evaluated", ""))
            groups[" ".join(filter(None, named))].append(record)
    return groups


def _studied(record: Mapping[str, Any]) -> bool:
    return bool(record["point"]["variant"]) and record["point"]["method"] in STUDIED


def _average(values: Sequence[Mapping[str, float]], key: str) -> float:
    return sum(value[key] for value in values) / len(values)


def _trigger_rate(members: Records) -> str:
    rates = [rate for r in members for rate in (r["telemetry"] or {}).get("trigger_rate", []) if rate is not None]
    return f"{100 * sum(rates) / len(rates):.2f}" if rates else ""
