"""``vidense experts``: train what trajectory matching follows, ahead of any run."""

from typing import Annotated

import typer

from vidense.cli import options as shared
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
    from vidense.cli.condense import check
    from vidense.cli.output import print_json
    from vidense.cli.progress import Display
    from vidense.engine.provide import provide

    mistakes = Mistakes()
    flags = {"method": method, "scale": scale, "device": device}
    settings = shared.gather(flags, set_options, None, mistakes)
    check(store, settings, mistakes)
    with Display() as display:
        found = provide(store, progress=display.step, **settings)
    if as_json:
        print_json({"store": str(store), "method": method, "made": found})
        return
    for made in found:
        size = f": {made['experts']} of {made['epochs']} epochs" if "experts" in made else ""
        print(f"{made['what']}{size}, in {made['seconds']:.1f} s")
    print(f"next: vidense condense {store} --out run --method {method}")
