"""``vidense plan``: what a run will take, measured before it."""

from vidense.cli import options as shared
from vidense.cli.output import print_json, say
from vidense.config import Mistakes

__all__ = ["plan"]


def plan(
    store: shared.StorePath,
    method: shared.Method = None,
    vpc: shared.Vpc = None,
    budget: shared.Budget = None,
    iterations: shared.Iterations = None,
    seed: shared.Seed = None,
    device: shared.Device = None,
    scale: shared.Scale = None,
    store_dtype: shared.StoreDtype = None,
    set_options: shared.SetOptions = None,
    config: shared.Config = None,
    plugin: shared.Plugins = None,
    as_json: shared.AsJson = False,
) -> None:
    """Say what `condense` with the same flags would take: a few of its iterations are run here and multiplied."""
    from vidense.cli.condense import check
    from vidense.engine.plan import plan as measure

    flags = {
        "method": method,
        "vpc": vpc,
        "budget": budget,
        "iterations": iterations,
        "seed": seed,
        "device": device,
        "scale": scale,
        "store_dtype": store_dtype,
    }
    mistakes = Mistakes()
    settings = shared.gather(flags, set_options, config, mistakes)
    check(store, settings, mistakes)
    found = measure(store, **settings)
    if as_json:
        print_json(found.to_json())
        return
    for sentence in found.sentences():
        say(sentence)
