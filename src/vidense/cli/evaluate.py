"""``vidense evaluate``: what a condensed dataset is worth, beside random clips and the whole dataset."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vidense.cli import options as shared
from vidense.cli.output import print_json
from vidense.tasks import TASKS

__all__ = ["evaluate"]

Task = Annotated[
    str,
    typer.Option(
        metavar="classify|retrieve|proxy|fairness",
        help="Name classes; find clips of one class; rank networks; or score what videos add to labels.",
    ),
]
Models = Annotated[
    str | None,
    typer.Option(
        metavar="A,B:KEY=VALUE",
        help="Networks to train, their options behind colons.  [default: minic3d; four kinds for proxy]",
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        metavar="hard|soft|soft_stored|soft_regions",
        help="Learn the classes, a teacher's view of every batch, labels kept with the videos, or those of each "
        "region of tiled videos.  [default: hard]",
    ),
]
TeacherScale = Annotated[
    str | None,
    typer.Option(
        metavar="small|published",
        help="How the teacher of soft labels is trained.  [default: the scale of the run]",
    ),
]


def evaluate(
    run: shared.RunPath,
    on: Annotated[Path, typer.Option(metavar="STORE", help="Prepared data to test on.")],
    task: Task = "classify",
    protocol: Annotated[str, typer.Option(metavar="clean|published|frepo", help="How networks are trained.")] = "clean",
    models: Models = None,
    seeds: Annotated[int, typer.Option(help="Networks of each kind.")] = 3,
    epochs: Annotated[int | None, typer.Option(help="Passes in place of the protocol's own length.")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate in place of the protocol's own.")] = None,
    labels: Labels = None,
    mix: Annotated[
        str, typer.Option(metavar="none|video|image", help="How clips are mixed under soft labels.")
    ] = "none",
    scale: TeacherScale = None,
    codec: Annotated[
        str | None,
        typer.Option(metavar="av1|h264", help="Add random clips stored by a video codec at equal bytes."),
    ] = None,
    no_ceiling: shared.NoCeiling = False,
    device: shared.WhereToRun = "auto",
    plugin: shared.Plugins = None,
    as_json: shared.AsJson = False,
) -> None:
    """Train networks on the condensed videos and test them on real ones, beside random clips and the whole dataset.

    The same command again continues: finished networks are not trained twice.
    """
    from vidense import methods  # noqa: F401 - their parameterizations read the dataset
    from vidense.cli.comparisons import COMPARISONS, check_task, compare
    from vidense.cli.progress import Display
    from vidense.cli.scores import print_record
    from vidense.evaluation import evaluate_run

    check_task(task)
    # Each task has networks of its own choice.
    named: dict[str, Any] = (
        {} if models is None else {"models": [name.strip() for name in models.split(",") if name.strip()]}
    )
    how: dict[str, Any] = {"protocol": protocol, "epochs": epochs, "lr": lr, "labels": labels, "mix": mix}
    how |= {"scale": scale, "codec": codec, "ceiling": not no_ceiling}
    if task in COMPARISONS:
        compare(task, run, on, named, seeds, device, how, as_json)
        return
    with Display() as display:
        told = display.note
        record = evaluate_run(run, on, task=task, seeds=seeds, device=device, progress=told, **named, **how)
    if as_json:
        print_json({"path": str(run / TASKS[task].file), **record.to_json()})
    else:
        print_record(record, run)
