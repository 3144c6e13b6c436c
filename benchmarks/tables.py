"""The tables of docs/results.md that compare methods: made of the committed JSON, and of nothing else."""

from benchmarks.markdown import NOTHING, markdown
from benchmarks.records import (
    CEILING,
    Record,
    Records,
    accuracies,
    average,
    counted,
    difference,
    equal_bytes,
    grouped,
    in_points,
    interval,
    is_studied,
    ranked,
)
from vidense.budget import parse_bytes
from vidense.statistics import Accuracies, summarise

__all__ = ["ablated", "ablation", "budgets", "column", "crossed", "gradient_shares", "motion", "summary", "trainings"]

WHOLE = "*whole training set*"
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
    "s of its iterations",
    "peak MB",
)


def column(records: Records, vpc: int = 1) -> str:
    """Return all methods at ``vpc`` videos per class, the best first, and the whole training set."""
    plain = [r for r in records if r["point"]["vpc"] == vpc and not is_studied(r)]
    if not plain:
        return NOTHING
    by_method = grouped(plain)
    random = accuracies(by_method.get("random", []))
    rows = [_row(name, by_method[name], random) for name in ranked(by_method)]
    if (whole := _whole(records)) is not None:
        mean, count = whole
        rows.append([WHOLE, f"1 x {count}", f"{mean:.1f}"])
    return markdown(COLUMNS, rows)


def _whole(records: Records) -> tuple[float, int] | None:
    """Return the mean accuracy in percent of networks trained on the whole training set, and how many there are."""
    found = [record for record in records if record["point"]["method"] == CEILING]
    networks = [net["top1"] for record in found for net in record["networks"]]
    return (100 * sum(networks) / len(networks), len(networks)) if networks else None


def summary(records: Records) -> str:
    """Return the short table of the README: one video per class, accuracy and bytes."""
    rows = []
    by_method = grouped([r for r in records if r["point"]["vpc"] == 1 and not is_studied(r)])
    for name in ranked(by_method):
        members = by_method[name]
        own = summarise(accuracies(members))
        size = average([record["storage"] for record in members], "bytes")
        videos = len(members[0]["networks"][0]["per_class"])
        rows.append([name, f"{100 * own['mean']:.1f}", interval(own), videos, f"{size:,.0f}"])
    if (whole := _whole(records)) is not None:
        rows.append([WHOLE, f"{whole[0]:.1f}"])
    return markdown(("trained on", "top-1 %", "95 % interval", "videos", "bytes"), rows)


def ablation(records: Records) -> str:
    """Return variants of one method, each against the method itself."""
    groups = grouped(records)
    random = accuracies(groups.pop("random", []))
    if not groups:
        return NOTHING
    # The method as it is has the shortest name.
    whole = min(groups, key=len)
    columns = ("variant", "seeds x nets", "top-1 %", "95 % interval", f"minus {whole}", "minus random, equal videos")
    rows = []
    for name in ranked(groups):
        members = groups[name]
        own = summarise(accuracies(members))
        against = "" if name == whole else difference(members, accuracies(groups[whole]))
        # Random clips were evaluated in one way.
        alike = members[0]["point"].get("evaluated", "") == ""
        cells = (name, counted(own), f"{100 * own['mean']:.1f}", interval(own), against)
        rows.append([*cells, difference(members, random) if alike else ""])
    return markdown(columns, rows)


def ablated(records: Records) -> str:
    """Return the rows of the one grid of ``vidense ablate`` among the records."""
    differences = ("minus first", "minus random, equal videos")
    columns = ("variant", "seeds x nets", "top-1 %", *differences, "key-frames a video", "lr", "bytes on disk")
    shown: list[tuple[str, ...]] = []
    rows = [row for record in records for row in record["result"]["rows"]]
    for row in rows:
        own = row["summary"]
        size = average([one["storage"] for one in row["sets"]], "bytes")
        # A mean over the networks that did not diverge would flatter.
        seen = ("", "diverged") if own is None else (counted(own), f"{100 * own['mean']:.1f}")
        against = "" if row is rows[0] else in_points(row["against_first"])
        keys = [count for one in row["sets"] for count in one["key_frames"] or ()]
        kept = f"{sum(keys) / len(keys):.1f}" if keys else ""
        # One for all seeds: it is searched at the first.
        rate = "" if row["sets"][0]["lr"] is None else f"{row['sets'][0]['lr']:g}"
        cells = (row["variant"], *seen, against, in_points(row["against_random"]), kept, rate, f"{size:,.0f}")
        shown.append(cells)
    return markdown(columns, shown)


def gradient_shares(records: Records) -> str:
    """Return which share of the gradient each frame received, where a grid has a variant that learns all of them."""
    rows = [row for record in records for row in record["result"]["rows"]]
    found = [(row["variant"], one["gradient_share"]) for row in rows for one in row["sets"] if one["gradient_share"]]
    if not found:
        return NOTHING
    lines = []
    for name in dict.fromkeys(name for name, _ in found):
        by_frame = zip(*(shares for other, shares in found if other == name), strict=True)
        lines.append([name, *(f"{100 * sum(column) / len(column):.1f} %" for column in by_frame)])
    return markdown(("variant", *(f"frame {number + 1}" for number in range(len(found[0][1])))), lines)


def trainings(records: Records) -> str:
    """Return every training's accuracy, where too many diverge for a mean to say anything."""
    rows = []
    for name, members in sorted(grouped(records).items()):
        networks = [network for record in members for network in record["networks"]]
        ended = [f"{100 * network['top1']:.1f}" for network in networks if not network["diverged"]]
        rows.append([name, len(networks), len(networks) - len(ended), ", ".join(ended)])
    return markdown(("method", "trainings", "diverged", "top-1 % of each of the others"), rows)


def budgets(records: Records) -> str:
    """Return one row a method and one column a budget: top-1 of how many seeds and networks, and what it bought."""
    cells: dict[str, dict[str, list[Record]]] = {}
    for record in records:
        if record["point"]["budget"]:
            cells.setdefault(record["point"]["method"], {}).setdefault(record["point"]["budget"], []).append(record)
    columns = sorted({budget for row in cells.values() for budget in row}, key=parse_bytes)
    rows = [[name, *(_bought(row.get(budget, [])) for budget in columns)] for name, row in cells.items()]
    return markdown(("method", *columns), rows)


def _bought(members: Records) -> str:
    """Return what a budget buys: nothing measured, nothing possible, or an accuracy."""
    if not members or any("refused" in record for record in members):
        return "nothing fits" if members else ""
    counts = [record.get("videos") or record["storage"]["frames"] for record in members]
    kind = "clips" if "videos" in members[0] else "frames"
    own = summarise(accuracies(members))
    return f"{100 * own['mean']:.1f} ({counted(own)}; {sum(counts) / len(counts):.0f} {kind})"


def crossed(records: Records) -> str:
    """Return one row a method and one column an evaluation network, ranked over those networks that all rows have."""
    cells: dict[str, dict[str, list[Record]]] = {}
    for record in records:
        point = record["point"]
        row = cells.setdefault(f"{point['method']} {point['variant']}".strip(), {})
        row.setdefault(point["evaluated"], []).append(record)
    found = {
        name: {network: summarise(accuracies(members)) for network, members in row.items()}
        for name, row in cells.items()
    }
    networks = sorted({network for row in cells.values() for network in row})
    common = [network for network in networks if all(network in of for of in found.values())]
    rows = []
    for name, of in sorted(found.items(), key=lambda item: -sum(item[1][network]["mean"] for network in common)):
        shown = (f"{100 * of[net]['mean']:.1f} ({counted(of[net])})" if net in of else "" for net in networks)
        rows.append([name, *shown])
    return markdown(("method", *(f"{network} (seeds x nets)" for network in networks)), rows)


def motion(records: Records) -> str:
    """Return what sets teach moving and standing still."""
    columns = (
        "trained on",
        "seeds x nets",
        "top-1 %",
        "minus random, equal videos",
        "middle frame only, top-1 %",
        "what motion adds",
    )
    rows = []
    groups = grouped(records) | {WHOLE: [r for r in records if r["point"]["method"] == CEILING]}
    measured = {name: members for name, members in groups.items() if members}
    random = accuracies(measured.get("random", []))
    for name in ranked(measured):
        members = measured[name]
        against = difference(members, random) if members[0]["point"]["method"] not in (CEILING, "random") else ""
        moving, still = accuracies(members), accuracies([{**r, **r["frozen"]} for r in members])
        own, frozen = summarise(moving), summarise(still)
        shares = (f"{100 * own['mean']:.1f}", against, f"{100 * frozen['mean']:.1f}")
        rows.append([name, counted(own), *shares, difference(members, still)])
    return markdown(columns, rows)


def _row(name: str, members: Records, random: Accuracies) -> list[str]:
    found = accuracies(members)
    own = summarise(found)
    storage = [record["storage"] for record in members]
    held = [record["peak_memory"] for record in members if record.get("peak_memory")]
    seconds = [record["condense_seconds"] for record in members if record["condense_seconds"]]
    return [
        name,
        counted(own),
        f"{100 * own['mean']:.1f}",
        interval(own),
        "" if name == "random" else difference(members, random),
        "" if name == "random" else difference(members, equal_bytes(members)),
        f"{average(storage, 'frames'):.1f}",
        f"{average(storage, 'float32_mib'):.2f}",
        f"{average(storage, 'bytes'):,.0f}",
        f"{sum(seconds) / len(seconds):.0f}" if seconds else "",
        f"{max(held) / 1e6:.0f}" if held else "",
    ]
