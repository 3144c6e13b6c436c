"""Condense labelled videos to a size of your choice, measure what that is worth, and write a page about it.

python examples/condense_your_videos.py [FOLDER] [--quick] [--out DIR]
"""

from typing import Any

import vidense
from given import arguments, prepared
from vidense.engine.preview import write_previews
from vidense.report import write_page
from vidense.report.findings import group_rows
from vidense.report.verdicts import sentences

BUDGET = "100kB"


def main() -> None:
    """Prepare, condense, evaluate, report."""
    given = arguments(__doc__)
    store, run = prepared(given), given.out / "run"

    # Left alone, the run takes the method's usual length, and a short search finds the learning rate.
    shorter: dict[str, Any] = {"iterations": 5, "options": {"lr": 10.0}} if given.quick else {}
    dataset = vidense.condense(store, run, method="prism", budget=BUDGET, **shorter)
    print(f"{len(dataset)} videos of {len(dataset.class_names)} classes in {dataset.storage.bytes:,} bytes: {run}")

    # Fresh networks learn from the condensed videos, from random real ones of the same size, and from all of them.
    effort: dict[str, Any] = {"epochs": 1, "seeds": 1, "baseline_seeds": 1} if given.quick else {}
    record = vidense.evaluate(run, store, **effort)
    for table in group_rows([record.to_json()]):
        print(*sentences(table), sep="\n")

    write_previews(dataset, run)
    print(write_page([run], given.out / "report.html"))


if __name__ == "__main__":
    main()
