"""``vidense condense``: from a store to a condensed dataset in a run folder."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from vidense.cli import options as shared
from vidense.cli.output import print_json, say
from vidense.config import Mistakes
from vidense.errors import UserError
from vidense.run_files import LOG, RECORD

__all__ = ["check", "condense"]


def condense(
    store: shared.StorePath,
    out: Annotated[Path, typer.Option(metavar="RUN", help="Folder of the run; the dataset lies in it.")],
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
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget an earlier run there and start over.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Insist that there is a run to resume.")] = False,
    as_json: shared.AsJson = False,
) -> None:
    """Condense the training clips of a store. The same command again resumes, or recognises a finished run."""
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
    with mistakes.collect():
        _check_resume(out, fresh, resume)
    check(store, settings, mistakes)
    _print(_run(store, out, settings, fresh), as_json)


def _check_resume(out: Path, fresh: bool, resume: bool) -> None:
    from vidense.runlog import read_record

    if resume and fresh:
        raise UserError("--resume continues a run and --fresh forgets it; give one of them")
    if resume and not out.exists():
        raise UserError(f"--resume: {str(out)!r} does not exist, so there is no run to resume; leave --resume out")
    if resume:
        read_record(out)


def check(store: Path, settings: dict[str, Any], mistakes: Mistakes) -> None:
    """Report the mistakes of a command line, if there are any, and with them those that the engine would find."""
    from vidense import methods  # noqa: F401 - registers them
    from vidense.data.store import ClipStore
    from vidense.engine.settings import resolve

    if not mistakes:
        # The engine checks before anything else: opening a large store twice would take its time.
        return
    with mistakes.collect():
        resolve(settings, ClipStore.open(store))
    mistakes.report()


def _run(store: Path, out: Path, settings: dict[str, Any], fresh: bool) -> dict[str, Any]:
    """Condense and return what is printed."""
    from vidense.cli.progress import Display
    from vidense.engine.condense import condense as run
    from vidense.engine.preview import write_previews
    from vidense.engine.settings import pick_device
    from vidense.hardware import peak_memory
    from vidense.report.courses import read_stretches, rising
    from vidense.runlog import read_record

    before = (out / RECORD).exists() and not fresh and read_record(out)["status"] == "done"
    # Of which device is asked once the engine has checked that it is one.
    with Display(memory=lambda: peak_memory(pick_device(settings.get("device", "auto")))) as display:
        dataset = run(store, out, fresh=fresh, progress=display.step, **settings)
        write_previews(dataset, out)
    record = read_record(out)
    return {
        "run": str(out),
        "dataset": str(dataset.path),
        "content_hash": dataset.content_hash,
        "store": str(store),
        "found_finished": bool(before),
        "videos": len(dataset),
        "warning": rising(read_stretches(out / LOG)),
        **{name: record.get(name) for name in ("settings", "tuning", "storage", "preparation", "seconds")},
        **{name: record.get(name) for name in ("peak_memory", "hardware")},
    }


def _print(result: dict[str, Any], as_json: bool) -> None:
    from vidense.budget import format_bytes

    if as_json:
        print_json(result)
        return
    storage, settings = result["storage"], result["settings"]
    if result["found_finished"]:
        say(f"{result['run']} holds this very run, finished before; nothing was done (--fresh starts over)")
    say(
        f"{settings['method']}: {result['videos']} videos, {storage['frames']:g} stored frames, "
        f"{format_bytes(storage['bytes'])} on disk ({storage['float32_mib']:g} MiB counted as float32)"
    )
    if result["tuning"]:
        say(f"learning rate {result['tuning']['lr']:g}, found in {result['tuning']['seconds']:.1f} s")
    if result["seconds"] is not None:
        taken = result["preparation"]
        before = "" if taken is None else f" after {taken:.1f} s of preparation"
        say(
            f"{settings['iterations']} iterations in {result['seconds']:.1f} s{before}, "
            f"at most {format_bytes(result['peak_memory'])} of memory"
        )
    if result["warning"] is not None:
        say(result["warning"])
    say(f"dataset: {result['dataset']}")
    say("next: " + shlex.join(["vidense", "evaluate", result["run"], "--on", result["store"]]))
