"""``vidense export``: a condensed dataset in forms that other programs read."""

from pathlib import Path
from typing import Annotated

import typer

from vidense.cli import options as shared
from vidense.cli.output import say

__all__ = ["export"]


def export(
    run: shared.RunPath,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="mp4|gif|webp|frames|webdataset|hf|safetensors",
            help="What to write; see docs/export.md.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write; must be new or empty.")],
    plugin: shared.Plugins = None,
) -> None:
    """Write the videos for other programs.

    What videos cannot say (class names, soft labels, how the dataset was made) is in metadata.json beside them.
    """
    from vidense.cli.progress import Display
    from vidense.export import write

    with Display() as display:
        found = write(run, out, format=form, progress=lambda done, total: display.step("export", done, total))
    spec, videos = found["spec"], found["videos"]
    say(
        f"{len(videos)} videos of {len(found['class_names'])} classes, {spec['frames']} frames of "
        f"{spec['height']}x{spec['width']}, as {form}"
    )
    if found["stochastic"]:
        say("they decode differently at every draw; written is the one clip that stands for each")
    if "soft_labels" in videos[0]:
        say("their soft labels are in metadata.json")
    say(f"written to {out}")
