"""Compare two methods fairly: same protocol, same seeds, random clips beside both, an interval of the difference.

python examples/compare_methods.py [FOLDER] [--quick] [--out DIR]
"""

from typing import Any

import vidense
from given import arguments, prepared
from vidense.report.findings import group_rows
from vidense.report.verdicts import sentences
from vidense.report.wording import interval_text, percent, points
from vidense.statistics import paired_difference

# Rates that the automatic search found on real videos, iterations as in `vidense demo`.
METHODS: dict[str, dict[str, Any]] = {
    "prism": {"iterations": 150, "options": {"lr": 10.0}},
    "dm": {"iterations": 75, "options": {"lr": 30.0}},
}


def main() -> None:
    """Condense with several seeds, evaluate every set alike, compare pair by pair."""
    given = arguments(__doc__)
    store = prepared(given)
    records = []
    for name, settings in METHODS.items():
        # Sets differ from seed to seed far more than networks do: the seeds to spend time on are these.
        for seed in range(2 if given.quick else 5):
            run, shorter = given.out / f"{name}-{seed}", {"iterations": 3} if given.quick else {}
            vidense.condense(store, run, method=name, seed=seed, **{**settings, **shorter})
            # The random clips of this row are drawn with the seed of the set, so that differences are paired.
            record = vidense.evaluate(
                run, store, seeds=1, baseline_seeds=[seed], ceiling=False, epochs=1 if given.quick else None
            )
            records.append(record.to_json())

    # One table for each EvalSpec: rows of different ones are never ranked together, and here there must be one.
    (table,) = group_rows(records)
    for row in table.rows:
        print(f"{row.title:<24} {percent(row.mean):>5} %   {interval_text(row.interval)}")
    print(*sentences(table), sep="\n")

    first, second = (row for row in table.rows if row.role == "method")
    found = paired_difference(first.accuracies, second.accuracies)
    low, high = found["interval"]
    print(f"{first.title} minus {second.title}: {points(found['difference'])} points", end=" ")
    print(f"(95 % interval {points(low)} to {points(high)}, {found['pairs']} pairs):", end=" ")
    print("no difference is shown" if low <= 0 <= high else "the interval leaves out zero")


if __name__ == "__main__":
    main()
