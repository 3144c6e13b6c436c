"""``vidense demo``: the whole story on generated video files."""

import json
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidense.cli.output import say
from vidense.errors import UserError

if TYPE_CHECKING:
    from vidense.cli.progress import Display

__all__ = ["demo"]


@dataclass(frozen=True)
class Story:
    """How large everything is.

    Attributes:
        motions: the classes.
        train: generated training videos of each class.
        test: generated test videos of each class.
        size: side of a frame in pixels.
        methods: what condenses: iterations and options by the method's name.
        sets: condensed sets of each method, with successive seeds; as many random selections.
        networks: trained and tested on each set.
    """

    motions: tuple[str, ...]
    train: int
    test: int
    size: int
    methods: dict[str, tuple[int, dict[str, Any]]]
    sets: int
    networks: int


# At runs as short as these a search would see little of what it has to judge, so the rates are those that lr=auto
# found for the same methods on real videos (benchmarks/ucf101_6); nothing was chosen by the demo's own test videos.
FULL = Story(
    motions=("moving_left", "moving_right", "moving_up", "moving_down"),
    train=40,
    test=20,
    size=44,
    methods={"prism": (150, {"lr": 10.0, "batch_real": 4}), "dm": (75, {"lr": 30.0, "batch_real": 4})},
    sets=3,
    networks=1,
)
QUICK = replace(
    FULL,
    train=4,
    test=5,
    methods={name: (10, options) for name, (_, options) in FULL.methods.items()},
    sets=1,
)
FRAMES, STRIDE = 8, 3


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where everything goes.")] = Path("demo"),
    quick: Annotated[bool, typer.Option("--quick", help="Smaller in every way, under a minute.")] = False,
    seed: Annotated[int, typer.Option(help="Another seed generates other videos and other draws.")] = 0,
) -> None:
    """Tell the whole story on generated videos: prepare, condense, evaluate, report.

    The same command again continues where it was interrupted. The last line printed is the path of a page to open.
    """
    from vidense import methods  # noqa: F401 - registers them
    from vidense.report import write_page

    story = QUICK if quick else FULL
    say(f"Everything goes to {out}{_quick_note(quick)}")
    _generate(out, story, seed)
    _prepare(out, story)
    runs = _condense(out, story, seed)
    _evaluate(runs, out, story)
    say("5. Write the page")
    title = f"vidense demo: {len(story.motions)} motions, one tiny video each"
    page = write_page([run for run, _ in runs], out / "report.html", title=title, notes=_notes(story, quick))
    say("Open this page in a browser:")
    say(str(page))


def _quick_note(quick: bool) -> str:
    return "; with --quick the numbers show that it works, not what methods are worth" if quick else ""


def _generate(out: Path, story: Story, seed: int) -> None:
    """Write the videos, or find that they were written."""
    from vidense.data.builtin import write_videos
    from vidense.records import is_free, read_json, write_json

    stamp = out / "demo.json"
    # As JSON reads it back: tuples are lists there.
    wanted = json.loads(json.dumps({"story": asdict(story), "seed": seed}))
    found = read_json(stamp) if stamp.exists() else None
    if found is None and not is_free(out, stamp.name):
        raise UserError(f"{str(out)!r} holds something else; give a new folder as --out")
    if found is not None and {name: found.get(name) for name in wanted} != wanted:
        raise UserError(
            f"{str(out)!r} holds a demo of another size or seed; give another folder as --out, or delete it"
        )
    each = story.train + story.test
    say(f"1. Generate {len(story.motions)} x {each} real H.264 files, in which only the motion tells the classes apart")
    if found is None or not found["generated"]:
        write_json(stamp, {**wanted, "generated": False})
        write_videos(
            out / "videos", motions=story.motions, train_per_class=story.train, test_per_class=story.test, seed=seed
        )
        write_json(stamp, {**wanted, "generated": True})


def _prepare(out: Path, story: Story) -> None:
    from vidense.cli.progress import Display
    from vidense.data.prepare import prepare

    say(f"2. Prepare: decode each into {FRAMES} frames of {story.size} x {story.size} pixels")
    with Display() as display:
        prepare(
            out / "videos",
            out / "store",
            layout="folder",
            frames=FRAMES,
            stride=STRIDE,
            size=story.size,
            clips=1,
            progress=lambda done, total: display.step("decode", done, total),
        )


def _condense(out: Path, story: Story, seed: int) -> list[tuple[Path, int]]:
    """Return the runs with their seeds."""
    from vidense.budget import format_bytes
    from vidense.cli.progress import Display
    from vidense.engine.condense import condense
    from vidense.engine.preview import write_previews

    lengths = " and ".join(f"{name} ({iterations} iterations)" for name, (iterations, _) in story.methods.items())
    say(f"3. Condense to one synthetic video per class: {lengths}, {story.sets} seed{'s' * (story.sets > 1)} each")
    runs = []
    for number in range(story.sets):
        for method, (iterations, options) in story.methods.items():
            run = out / "runs" / f"{method}-{number}"
            with Display() as display:
                dataset = condense(
                    out / "store",
                    run,
                    method=method,
                    iterations=iterations,
                    seed=seed + number,
                    options=options,
                    progress=partial(_show, display, run.name),
                )
            write_previews(dataset, run)
            frames, size = dataset.storage.frames, format_bytes(dataset.storage.bytes)
            say(f"   {run.name}: {len(dataset)} videos, {frames:g} stored frames, {size} on disk")
            runs.append((run, seed + number))
    return runs


def _show(display: "Display", name: str, phase: str, done: int, total: int, entry: dict[str, Any]) -> None:
    display.step(f"{phase} {name}", done, total, entry)


def _evaluate(runs: list[tuple[Path, int]], out: Path, story: Story) -> None:
    """Evaluate every run, each beside the random selection that shares its seed."""
    from vidense.cli.progress import Display
    from vidense.cli.scores import print_scores
    from vidense.evaluation import evaluate_run

    say("4. Evaluate: train fresh networks on the synthetic videos, on random real ones, and on all of them")
    with Display() as display:
        records = [
            evaluate_run(run, out / "store", seeds=story.networks, baseline_seeds=[number], progress=display.note)
            for run, number in runs
        ]
    print_scores(*(record.to_json() for record in records))
    say()


def _notes(story: Story, quick: bool) -> list[str]:
    side = f"{story.size} \N{MULTIPLICATION SIGN} {story.size}"
    notes = [
        f"Generated videos in which only motion tells the {len(story.motions)} classes apart, written as H.264 files, "
        f"decoded to {FRAMES} frames of {side} pixels, condensed to one video per class, and judged by networks that "
        "were trained on nothing else. Whatever was measured is shown, also where condensation does not beat random "
        "clips."
    ]
    if quick:
        notes.append(
            f"This was vidense demo --quick: {story.train} training videos per class, a few iterations, one seed. "
            "The numbers show that everything works, not what methods are worth."
        )
    return notes
