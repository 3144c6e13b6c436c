"""How large the report of ten runs is, and how fast a browser opens it.

    python -m benchmarks.report_page RUN... --chromium /usr/bin/chromium

Any ten finished runs do; those of ``benchmarks.ucf101_6`` lie below ``runs/ucf101_6/runs``. The page is opened five
times, each in a browser of its own, from a file; a page is open when its ``load`` event has fired.
"""

import argparse
import json
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmarks.provenance import provenance
from vidense.cli.report import draw_missing
from vidense.records import write_json
from vidense.report import read_runs, write_page

__all__ = ["seconds_to_open"]

FILE = Path(__file__).parent / "results" / "report_page" / "ten-runs.json"
TIMES = 5


def seconds_to_open(page: Path, chromium: str) -> float:
    """Return how long a fresh browser takes from the request to the ``load`` event."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        started = time.perf_counter()
        tab.goto(page.as_uri(), wait_until="load")
        seconds = time.perf_counter() - started
        browser.close()
    return round(seconds, 2)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs=10, metavar="RUN")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    chosen = parser.parse_args()
    head = provenance("python -m benchmarks.report_page RUN...", torch.device("cpu"))
    draw_missing(chosen.runs)
    with TemporaryDirectory() as folder:
        page = write_page(chosen.runs, Path(folder) / "report.html")
        found = {
            "runs": [run.name for run in read_runs(chosen.runs)],
            "evaluated": sum((run / "evaluation.json").exists() for run in chosen.runs),
            "bytes": page.stat().st_size,
            "seconds": [seconds_to_open(page, chosen.chromium) for _ in range(TIMES)],
        }
    write_json(FILE, {**head, **found})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
