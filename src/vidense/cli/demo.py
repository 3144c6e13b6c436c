"""``vidense demo``: the whole story on generated video files."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["demo"]


@dataclass(frozen=True)
class Story:
    """How large everything is.

    Attributes:
        train: generated training videos of each of the eight classes.
        test: generated test videos of each class.
        size: side of a frame in pixels.
        methods: what condenses, with the method's options.
        iterations: of a condensation.
        sets: condensed sets of each method, with seeds 0, 1, ...; as many random selections.
        networks: trained and tested on each set.
    """

    train: int
    test: int
    size: int
    methods: dict[str, dict[str, Any]]
    iterations: int
    sets: int
    networks: int


# Learning rates are fixed here: searching them would take a sixth of each run again.
FULL = Story(
    train=40,
    test=20,
    size=48,
    methods={"prism": {"lr": 3.0, "batch_real": 4}, "dm": {"lr": 30.0, "batch_real": 4}},
    iterations=80,
    sets=3,
    networks=1,
)
QUICK = replace(FULL, train=10, test=5, iterations=10, sets=1)
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
    videos, store = out / "videos", out / "store"
    print(f"Everything goes to {out}{_quick_note(quick)}")
    _generate(videos, story, seed)
    _prepare(videos, store, story)
    runs = _condense(store, out, story, seed)
    _evaluate(runs, store, story)
    print("5. Write the page")
    page = write_page(
        runs, out / "report.html", title="vidense demo: eight motions, one tiny video each", notes=_notes(story, quick)
    )
    print("Open this page in a browser:")
    print(page)


def _quick_note(quick: bool) -> str:
    return "; with --quick the numbers show that it works, not what methods are worth" if quick else ""


def _generate(videos: Path, story: Story, seed: int) -> None:
    from vidense.data.builtin import MOTIONS, write_videos
    from vidense.records import read_json, write_json

    made = {"train_per_class": story.train, "test_per_class": story.test, "seed": seed}
    stamp = videos / "made.json"
    each = story.train + story.test
    print(f"1. Generate {len(MOTIONS)} x {each} real H.264 files, in which only the motion tells the classes apart")
    if not (stamp.exists() and read_json(stamp) == made):
        write_videos(videos, **made)
        # Last, so that an interrupted generation is taken up again.
        write_json(stamp, made)


def _prepare(videos: Path, store: Path, story: Story) -> None:
    from vidense.cli.progress import Display
    from vidense.data.prepare import prepare

    print(f"2. Prepare: decode each into {FRAMES} frames of {story.size} x {story.size} pixels")
    with Display() as display:
        prepare(
            videos,
            store,
            layout="folder",
            frames=FRAMES,
            stride=STRIDE,
            size=story.size,
            clips=1,
            progress=lambda done, total: display.step("decode", done, total),
        )


def _condense(store: Path, out: Path, story: Story, seed: int) -> list[Path]:
    from vidense.budget import format_bytes
    from vidense.cli.progress import Display
    from vidense.engine.condense import condense
    from vidense.engine.preview import write_previews

    print(
        f"3. Condense to one synthetic video per class, {story.iterations} iterations, {story.sets} seed(s): "
        f"{' and '.join(story.methods)}"
    )
    runs = []
    for number in range(story.sets):
        for method, options in story.methods.items():
            run = out / "runs" / f"{method}-{number}"
            with Display() as display:
                dataset = condense(
                    store,
                    run,
                    method=method,
                    iterations=story.iterations,
                    seed=seed + number,
                    options=options,
                    progress=lambda _, done, total, entry, name=run.name: display.step(name, done, total, entry),  # type: ignore[misc]
                )
            write_previews(dataset, run)
            frames, size = dataset.storage.frames, format_bytes(dataset.storage.bytes)
            print(f"   {run.name}: {len(dataset)} videos, {frames:g} stored frames, {size} on disk")
            runs.append(run)
    return runs


def _evaluate(runs: list[Path], store: Path, story: Story) -> None:
    from vidense.cli.progress import Display
    from vidense.cli.scores import print_scores
    from vidense.evaluation import evaluate_run

    print("4. Evaluate: train fresh networks on the synthetic videos, on random real ones, and on all of them")
    with Display() as display:
        records = [
            evaluate_run(run, store, seeds=story.networks, baseline_seeds=story.sets, progress=display.note)
            for run in runs
        ]
    print_scores(*(record.to_json() for record in records))
    print()


def _notes(story: Story, quick: bool) -> list[str]:
    from vidense.data.builtin import MOTIONS

    notes = [
        f"Generated videos in which only motion tells the {len(MOTIONS)} classes apart, written as H.264 files, "
        f"decoded to {FRAMES} frames of {story.size} x {story.size} pixels, condensed to one video per class, and "
        "judged by networks that were trained on nothing else. Whatever was measured is shown, also where "
        "condensation does not beat random clips."
    ]
    if quick:
        small = asdict(story)
        notes.append(
            f"This was `vidense demo --quick`: {small['train']} training videos per class, {small['iterations']} "
            f"iterations, {small['sets']} seed. The numbers show that everything works, not what methods are worth."
        )
    return notes
