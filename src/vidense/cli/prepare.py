"""``vidense prepare``: decode a dataset once into a store."""

from pathlib import Path
from typing import Annotated

import typer

from vidense.cli import options as shared

__all__ = ["prepare"]


Layout = Annotated[
    str,
    typer.Option(
        help="How the source lies on disk: auto, folder, frames (folders of images), csv, ucf101, miniucf, hmdb51 "
        "(trained on as in papers), hmdb51_official, kinetics400, ssv2."
    ),
]
Frames = Annotated[
    int | None, typer.Option(help="Frames in a clip; minic3d wants at least 8.  [default: 16; kinetics400, ssv2: 8]")
]
Stride = Annotated[
    int | None,
    typer.Option(
        help="Frames of the video from one frame of a clip to the next.  [default: 4; kinetics400, ssv2: the dataset's "
        "own rule, one clip a video]"
    ),
]
Size = Annotated[
    int | None,
    typer.Option(help="Side of a frame; minic3d wants 43-64 or 107-170 pixels.  [default: 112; kinetics400, ssv2: 64]"),
]
Clips = Annotated[int | None, typer.Option(help="Clips stored of each video.  [default: 3; 1 by a dataset's own rule]")]


def prepare(
    source: Annotated[
        Path, typer.Argument(metavar="SRC", help="A folder of videos or of a known dataset, or a CSV file.")
    ],
    out: Annotated[Path, typer.Option(metavar="STORE", help="Folder of the store to write.")],
    layout: Layout = "auto",
    split: Annotated[int, typer.Option(help="Which of several published splits, from 1.")] = 1,
    frames: Frames = None,
    stride: Stride = None,
    size: Size = None,
    resize: Annotated[
        str | None,
        typer.Option(metavar="squash|crop", help="Ignore the aspect ratio, or cut.  [default: as published]"),
    ] = None,
    clips: Clips = None,
    workers: Annotated[int | None, typer.Option(help="Decoding processes.  [default: one per processor]")] = None,
    on_error: Annotated[
        str, typer.Option(metavar="skip|fail", help="List unreadable files, or stop at the first one.")
    ] = "skip",
    seed: Annotated[int, typer.Option(help="Of the starts of training clips, and of a split if there is none.")] = 0,
    plugin: shared.Plugins = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete an earlier store there and start over.")] = False,
) -> None:
    """Decode a dataset once into a store of small clips. The same command again continues, or finds it finished."""
    from vidense.cli.prepared import print_prepared
    from vidense.cli.progress import Display
    from vidense.data.prepare import prepare as run

    with Display() as display:
        found = run(
            source,
            out,
            layout=layout,
            split=split,
            frames=frames,
            stride=stride,
            size=size,
            resize=resize,  # type: ignore[arg-type]  # checked by prepare, which explains the choices
            clips=clips,
            workers=workers,
            on_error=on_error,  # type: ignore[arg-type]
            seed=seed,
            fresh=fresh,
            progress=lambda done, total: display.step("decode", done, total),
        )
    print_prepared(found)
