"""What to type to make a run, to continue it, and to evaluate it."""

import shlex
from collections.abc import Mapping
from typing import Any

from vidense.options import HASHED

__all__ = ["condense_command", "evaluate_command"]

# Stands for the prepared data: a run knows their content, not where they lie.
STORE = "STORE"
FLAGS = ("method", "vpc", "budget", "seed", "store_dtype", "iterations", "scale", "device")

# Of a method or network that is not ours a run knows the hash of its file, not where it lies.
PLUGIN = ["--plugin", "FILE.py"]
# Flags of `vidense evaluate` that need not be said.
DEFAULTS = {"labels": "hard", "mix": "none", "task": "classify"}
# Those that an evaluation may name: whoever made it shall not choose what others type.
ASKED = ("protocol", "epochs", "lr", "labels", "mix", "task", "models", "seeds", "scale", "codec", "no_ceiling")


def condense_command(settings: Mapping[str, Any], *, out: str, store: str = STORE) -> str:
    """Return the command that makes, and again that continues, a run.

    Args:
        settings: all that ``run.json`` keeps, or what was asked for, where the rest has its default.
        out: folder of the run.
        store: folder of the prepared data, where it is known.
    """
    words = ["vidense", "condense", store, "--out", out]
    # A budget decides how many videos there are, and coresets choose without iterating.
    unsaid = {"vpc"} if settings.get("budget") is not None else set()
    unsaid |= {"iterations"} if not settings.get("iterations") else set()
    for name in FLAGS:
        if settings.get(name) is not None and name not in unsaid:
            words += [f"--{name.replace('_', '-')}", str(settings[name])]
    if settings.get("sources"):
        words += PLUGIN
    for name, value in settings.get("options", {}).items():
        words += ["--set", f"{name}={_literal(value)}"]
    return shlex.join(words)


def evaluate_command(run: str, evaluation: Mapping[str, Any] | None = None, *, foreign: bool = False) -> str:
    """Return the command that evaluates a run, in the way of an evaluation if there is one.

    Args:
        run: its folder.
        evaluation: what ``evaluation.json`` holds.
        foreign: whether a plug-in's method or network made the run.
    """
    words = ["vidense", "evaluate", run, "--on", STORE]
    for name, value in ({} if evaluation is None else _asked(evaluation)).items():
        if value not in (None, False, DEFAULTS.get(name)):
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    if foreign:
        words += PLUGIN
    return shlex.join(words)


def _asked(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flags of an evaluation; of one that does not say what was asked, as far as its specifications tell."""
    if asked := evaluation.get("asked"):
        return {name: asked.get(name) for name in ASKED} | {"models": ",".join(asked["models"])}
    specs = list(evaluation["specs"].values())
    found = {name: specs[0].get(name) for name in ("protocol", "labels", "mix")}
    return {**found, "models": ",".join(_model(spec) for spec in specs)}


def _model(spec: Mapping[str, Any]) -> str:
    return ":".join([spec["model"], *(f"{name}={value}" for name, value in spec.get("model_options", {}).items())])


def _literal(value: Any) -> str:
    if isinstance(value, str) and value.startswith(HASHED):
        # Of a file, too, a run knows the content, not where it lies.
        return "FILE"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
