"""``vidense evaluate``: what a condensed dataset is worth, beside random clips and the whole dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidense.cli import options as shared
from vidense.tasks import TASKS

if TYPE_CHECKING:
    from vidense.evaluation import EvaluationRecord

__all__ = ["evaluate"]


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN|DATASET", help="Folder of a finished run, or of a dataset.")],
    on: Annotated[Path, typer.Option(metavar="STORE", help="Prepared data to test on.")],
    task: Annotated[
        str, typer.Option(metavar="classify|retrieve", help="Name classes, or find clips of the same one.")
    ] = "classify",
    protocol: Annotated[str, typer.Option(metavar="clean|published|frepo", help="How networks are trained.")] = "clean",
    models: Annotated[
        str,
        typer.Option(
            metavar="A,B", help="Networks to train, options behind colons: minic3d,cnn_lstm:lstm_hidden=1024."
        ),
    ] = "minic3d",
    seeds: Annotated[int, typer.Option(help="Networks of each kind.")] = 3,
    epochs: Annotated[int | None, typer.Option(help="Passes in place of the protocol's own length.")] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="hard|soft|soft_stored|soft_regions",
            help="Learn the classes, a teacher's view of every batch, labels kept with the videos, or those of each "
            "region of tiled videos.  [default: hard]",
        ),
    ] = None,
    mix: Annotated[
        str, typer.Option(metavar="none|video|image", help="How clips are mixed under soft labels.")
    ] = "none",
    no_ceiling: Annotated[bool, typer.Option("--no-ceiling", help="Leave out training on the whole dataset.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    plugin: shared.Plugins = None,
    as_json: shared.AsJson = False,
) -> None:
    """Train networks on the condensed videos and test them on real ones, beside random clips and the whole dataset.

    The same command again continues: finished networks are not trained twice.
    """
    from vidense import methods  # noqa: F401 - their parameterizations read the dataset
    from vidense.cli.output import print_json
    from vidense.cli.progress import Display
    from vidense.evaluation import evaluate_run

    with Display() as display:
        record = evaluate_run(
            run,
            on,
            protocol=protocol,
            models=[name.strip() for name in models.split(",") if name.strip()],
            seeds=seeds,
            epochs=epochs,
            labels=labels,
            mix=mix,
            task=task,
            ceiling=not no_ceiling,
            device=device,
            progress=display.note,
        )
    if as_json:
        print_json({"path": str(run / TASKS[task].file), **record.to_json()})
    else:
        _print(record, run)


def _print(record: "EvaluationRecord", run: Path) -> None:
    from vidense.budget import format_bytes
    from vidense.cli.scores import print_recall, print_scores

    print_scores(record.to_json())
    if record.task == "retrieve":
        print_recall(record.rows)
    if record.teacher is not None:
        told = "labels by {network}: {top1:.1%} of the test videos right, {bytes} of weights beside the videos"
        print("\n" + told.format_map({**record.teacher, "bytes": format_bytes(record.teacher["bytes"])}))
    following = f"; next: vidense report {run} -o report.html" if record.task == "classify" else ""
    print(f"\nwritten to {run / TASKS[record.task].file}{following}")
