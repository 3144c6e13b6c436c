"""What a table of comparable rows shows, in plain words."""

from vidense.report.findings import Row, Table
from vidense.report.wording import percent, points
from vidense.statistics import paired_difference, shown_interval

__all__ = ["sentences"]

BASELINES = {
    "random_equal_vpc": "equal videos per class",
    "random_equal_bytes": "equal bytes",
    "random_coded": "equal bytes, stored by a video codec",
}
# Why there is no interval worth showing, by the number of pairs.
FEW = ("sets that share no seeds give", "one condensation seed gives", "two condensation seeds give as good as")


def sentences(table: Table) -> list[str]:
    """Return what a table shows, method by method, in plain words."""
    ceiling = next((row for row in table.rows if row.role == "ceiling"), None)
    found = []
    for method in [row for row in table.rows if row.role == "method"]:
        if method.foreign:
            found.append(
                f"{method.title} does not say that it was condensed from this store: test videos may be among those "
                "it was made of."
            )
        for baseline in _baselines(table, method):
            found.append(_compare(method, baseline, BASELINES[baseline.role]))
        if ceiling is not None and ceiling.mean and method.mean is not None:
            found.append(
                f"The whole dataset gives {percent(ceiling.mean)} %: {method.title} reaches "
                f"{100 * method.mean / ceiling.mean:.0f} % of that with {method.videos} of {ceiling.videos} videos."
            )
    return found


def _baselines(table: Table, method: Row) -> list[Row]:
    equal_bytes = [row for row in table.rows if row.method_row is method]
    equal_videos = [row for row in table.rows if row.role == "random_equal_vpc" and row.videos == method.videos]
    return [*equal_videos, *equal_bytes]


def _compare(method: Row, baseline: Row, at: str) -> str:
    if method.mean is None or baseline.mean is None:
        row = method if method.mean is None else baseline
        return f"{method.title} against random clips at {at}: no comparison, for training on {row.title} diverged."
    pairs = paired_difference(method.accuracies, baseline.accuracies)
    if pairs["pairs"] < len(FEW):
        verb = "scores above" if method.mean > baseline.mean else "does not beat"
        means = (
            f"{percent(method.mean)} % against {percent(baseline.mean)} %, {points(method.mean - baseline.mean)} points"
        )
        why = f"{FEW[pairs['pairs']]} no interval, so the difference may be luck."
        return f"{method.title} {verb} random real clips at {at}: {means}; {why}"
    # Set against each other are the sets of equal seeds, which may be fewer than a row has.
    own, other, difference = pairs["first"], pairs["second"], pairs["difference"]
    against = f"random real clips at {at}: {percent(own)} % against {percent(other)} %, {points(difference)} points"
    if (interval := shown_interval(pairs)) is None:
        verb = "scores above" if difference > 0 else "does not beat"
        alike = f"at each of {pairs['pairs']} condensation seeds, which give no interval."
        return f"{method.title} {verb} {against} {alike}"
    low, high = interval
    evidence = f"{against} (95 % interval {points(low)} to {points(high)}, {pairs['pairs']} condensation seeds)."
    if low > 0:
        return f"{method.title} beats {evidence}"
    if difference > 0:
        return f"{method.title} is not shown to beat {evidence} The interval includes zero."
    return f"{method.title} does not beat {evidence}"
