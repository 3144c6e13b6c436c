"""``vidense teacher``: the network that videos are recovered from, or crops scored by, before a run needs it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidense.cli import options as shared
from vidense.cli.ahead import following, made_ahead
from vidense.cli.output import print_json, say
from vidense.config import Mistakes

if TYPE_CHECKING:
    from vidense.engine.provide import Provided
    from vidense.method import Scale
    from vidense.teachers import Teacher

__all__ = ["teacher"]


def teacher(
    store: shared.StorePath,
    method: Annotated[str, typer.Option(help="The method it is for.")] = "tsgf",
    scale: shared.Scale = None,
    seed: shared.Seed = None,
    device: shared.Device = None,
    set_options: shared.SetOptions = None,
    plugin: shared.Plugins = None,
    as_json: shared.AsJson = False,
) -> None:
    """Train what runs with the same seed, scale and options ask for: a teacher, or the network that they choose by.

    Teachers are those of tsgf, sre2l and optdistill; herding and kcenter choose. The accuracy is printed. It is trained
    once: the same command again, and those runs, find it in the store's cache.
    """
    from vidense.engine.settings import pick_device, pick_scale
    from vidense.teachers import Teacher

    mistakes = Mistakes()
    flags = {"method": method, "scale": scale, "seed": seed, "device": device}
    settings = shared.gather(flags, set_options, None, mistakes)
    made = made_ahead(store, Teacher, "teacher", settings, mistakes)
    settings["scale"] = pick_scale(settings.get("scale"), pick_device(settings.get("device", "auto")))
    found = [_tested(store, one, settings["scale"]) for one in made]
    if as_json:
        print_json({"store": str(store), "method": method, "scale": settings["scale"], "made": found})
        return
    for trained in found:
        _print(trained, settings["scale"])
    say(f"next: {following(store, settings, plugin)}")


def _tested(store: Path, provided: "Provided[Teacher]", scale: "Scale") -> dict[str, Any]:
    """Return what is told of a teacher, its accuracy on videos that it was not chosen by too."""
    from vidense.data.store import ClipStore
    from vidense.trained_networks import HOLD_OUT
    from vidense.training import accuracy

    opened, need, network = ClipStore.open(store), provided.need, provided.made.network
    test = [need.seen(opened.test).to(next(network.parameters()).device)] if len(opened.test) else []
    return {
        **provided.to_json(),
        "single_frames": need.single_frames,
        "held_out_videos": len(HOLD_OUT.split(opened.train)[1]),
        "test_accuracy": round(accuracy(network, test, need.recipe(scale)), 4) if test else None,
        "test_videos": len(opened.test),
    }


def _print(found: Mapping[str, Any], scale: str) -> None:
    from vidense.budget import format_bytes

    size = format_bytes(found["bytes"])
    of = " of single frames" if found["single_frames"] else ""
    say(f"teacher: {found['network']}{of}, seed {found['seed']}, scale {scale}, {size} of weights")
    by = "by their first frames, " if found["single_frames"] else ""
    chose, chose_not = f"{by}they chose its weights", f"{by}they chose nothing"
    say(_told("held-out training videos", found["accuracy"], found["held_out_videos"], chose))
    say(_told("test videos", found["test_accuracy"], found["test_videos"], chose_not))


def _told(videos: str, accuracy: float | None, count: int, role: str) -> str:
    from vidense.report.wording import percent

    return f"{videos}: {percent(accuracy)} % of {count} right ({role})" if count else f"{videos}: none"
