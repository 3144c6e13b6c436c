"""What to type to make a run, to continue it, and to evaluate it."""

import shlex
from collections.abc import Mapping
from typing import Any

__all__ = ["condense_command", "evaluate_command"]

# Stands for the prepared data: a run knows their content, not where they lie.
STORE = "STORE"
FLAGS = ("method", "vpc", "budget", "seed", "store_dtype", "iterations", "scale", "device")


def condense_command(settings: Mapping[str, Any], *, out: str) -> str:
    """Return the command that makes, and again that continues, a run.

    Args:
        settings: all that ``run.json`` keeps, or what was asked for, where the rest has its default.
        out: folder of the run.
    """
    words = ["vidense", "condense", STORE, "--out", out]
    # A budget decides how many videos there are, and coresets choose without iterating.
    unsaid = {"vpc"} if settings.get("budget") is not None else set()
    unsaid |= {"iterations"} if not settings.get("iterations") else set()
    for name in FLAGS:
        if settings.get(name) is not None and name not in unsaid:
            words += [f"--{name.replace('_', '-')}", str(settings[name])]
    if settings.get("source") is not None:
        # Of a method that is not ours a run knows the hash of its file, not where it lies.
        words += ["--plugin", "FILE.py"]
    for name, value in settings.get("options", {}).items():
        words += ["--set", f"{name}={_literal(value)}"]
    return shlex.join(words)


def evaluate_command(run: str, evaluation: Mapping[str, Any] | None = None) -> str:
    """Return the command that evaluates a run, in the way of an evaluation if there is one."""
    words = ["vidense", "evaluate", run, "--on", STORE]
    if evaluation is not None:
        specs = list(evaluation["specs"].values())
        words += ["--protocol", specs[0]["protocol"], "--models", ",".join(spec["model"] for spec in specs)]
    return shlex.join(words)


def _literal(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
