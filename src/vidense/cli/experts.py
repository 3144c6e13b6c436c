"""``vidense experts``: train what trajectory matching follows, ahead of any run."""

from typing import Annotated

import typer

from vidense.cli import options as shared
from vidense.cli.ahead import following, made_ahead
from vidense.cli.output import print_json, say
from vidense.config import Mistakes

__all__ = ["experts"]


def experts(
    store: shared.StorePath,
    method: Annotated[str, typer.Option(help="The method they are for.")] = "mtt",
    scale: shared.Scale = None,
    device: shared.Device = None,
    set_options: shared.SetOptions = None,
    plugin: shared.Plugins = None,
    as_json: shared.AsJson = False,
) -> None:
    """Train the experts of mtt or vdsd_mtt, once per store; `condense` with the same options finds them.

    The same command again continues after the last finished epoch.
    """
    from vidense.experts import Experts

    mistakes = Mistakes()
    settings = shared.gather({"method": method, "scale": scale, "device": device}, set_options, None, mistakes)
    found = [made.to_json() for made in made_ahead(store, Experts, "experts", settings, mistakes)]
    if as_json:
        print_json({"store": str(store), "method": method, "made": found})
        return
    for made in found:
        say(f"{made['what']}: {made['experts']} of {made['epochs']} epochs, in {made['seconds']:.1f} s")
    say(f"next: {following(store, settings, plugin)}")
