"""What every example is given: its arguments, and clips prepared from generated videos or from a folder of yours."""

import argparse
import sys
from pathlib import Path

import vidense
from vidense.data.builtin import write_videos

__all__ = ["arguments", "prepared"]

MOTIONS = ("moving_left", "moving_right", "moving_up", "moving_down")


def arguments(description: str | None) -> argparse.Namespace:
    """Return ``folder`` (None for generated videos), ``quick`` and ``out`` from the command line."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="CLASS/CLIP.mp4, perhaps train/ and test/ above")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it works; the numbers say nothing")
    parser.add_argument("--out", type=Path, help="where everything goes, another for every folder and size")
    given = parser.parse_args()
    if given.out is None:
        given.out = Path("runs") / (Path(sys.argv[0]).stem + "-quick" * given.quick)
    return given


def prepared(given: argparse.Namespace) -> Path:
    """Decode the videos once and return the folder of the store; the second time it is found finished."""
    folder, size = given.folder, 64
    if folder is None:
        folder, size = given.out / "videos", 44
        if not (given.out / "store").exists():
            train, test = (4, 3) if given.quick else (40, 20)
            write_videos(folder, motions=MOTIONS, train_per_class=train, test_per_class=test)
    # One clip of 8 small frames from each video: little enough to train on without a GPU.
    vidense.prepare(folder, given.out / "store", frames=8, stride=3, size=size, clips=1)
    store: Path = given.out / "store"
    return store
