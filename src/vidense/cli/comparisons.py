"""``vidense evaluate --task proxy`` and ``fairness``: what takes several evaluations to say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidense.cli.output import print_json, print_table, say
from vidense.errors import UserError, suggest
from vidense.run_files import FAIRNESS, PROXY
from vidense.tasks import TASKS

__all__ = ["COMPARISONS", "check_task", "compare"]

# The flags that these tasks decide themselves, and what they take them to be.
FIXED = {
    "protocol": "clean",
    "epochs": None,
    "lr": None,
    "labels": None,
    "mix": "none",
    "scale": None,
    "codec": None,
    "ceiling": True,
}


def check_task(task: str) -> None:
    """Raise ``UserError`` unless ``vidense evaluate`` has such a task; segmentation is a command of its own."""
    if task == "segment":
        raise UserError(
            "--task segment needs neither run nor store; use `vidense segment FOLDER`, which condenses a folder of "
            "features, trains on the result and tests it"
        )
    if task not in (known := (*TASKS, *COMPARISONS)):
        raise UserError(f"unknown task {task!r}{suggest(task, known)}")


def compare(
    task: str,
    run: Path,
    store: Path,
    named: Mapping[str, Sequence[str]],
    seeds: int,
    device: str,
    how: Mapping[str, Any],
    as_json: bool,
) -> None:
    """Run one of :data:`COMPARISONS` and print what it found.

    Raises:
        UserError: if a flag is given that the task has no use for.
    """
    from vidense.cli.progress import Display
    from vidense.evaluation import fairness, proxy

    if odd := [name for name, value in how.items() if value != FIXED[name]]:
        raise UserError(f"--task {task} decides itself how networks are trained; leave out {', '.join(odd)}")
    work = {"proxy": proxy.rank_by_proxy, "fairness": fairness.judge}[task]
    file = run / {"proxy": PROXY, "fairness": FAIRNESS}[task]
    with Display() as display:
        found = work(run, store, seeds=seeds, device=device, progress=display.note, **named)
    if as_json:
        print_json({"path": str(file), **found})
        return
    COMPARISONS[task](found)
    say(f"\nwritten to {file}")


def _print_proxy(found: Mapping[str, Any]) -> None:
    from vidense.report.wording import percent

    columns = ("condensed", "random", "whole")
    print_table(
        ("variant", *(f"{name} %" for name in columns)),
        [(row["name"], *(percent(row["on"][name]["top1"]) for name in columns)) for row in found["variants"]],
    )
    whole = found["whole_seconds"]
    for name, agreement in found["agreement"].items():
        agree = ", ".join(f"{key.capitalize()} {_signed(agreement[key])}" for key in ("spearman", "kendall"))
        say(
            f"{name}: {agree} with the whole dataset; its first choice is {percent(agreement['regret'])} points below "
            f"the best; {agreement['seconds']:.0f} s of training against {whole:.0f} s"
        )
    if found["condense_seconds"] is not None:
        say(_net(whole - found["agreement"]["condensed"]["seconds"], found["condense_seconds"]))


def _net(saved: float, spent: float) -> str:
    """Return what ranking on the condensed set saves once its condensation is paid."""
    return (
        f"ranking on the condensed videos saves {saved:.0f} s of training; condensing them took {spent:.0f} s, without "
        "what the store had already (a teacher, experts, pictures), so that "
        + (f"{saved - spent:.0f} s are saved in all" if saved > spent else "nothing is saved by this one ranking")
    )


def _signed(correlation: float | None) -> str:
    return "none" if correlation is None else f"{correlation:+.2f}"


def _print_fairness(found: Mapping[str, Any]) -> None:
    from vidense.report.wording import percent

    for model, scores in found["networks"].items():
        say(f"\n{model}, top-1 %")
        columns = ("condensed", "random", "whole")
        print_table(
            ("labels", *columns),
            [(part, *(percent(on.get(name)) for name in columns)) for part, on in scores["on"].items()],
        )
        hard, soft = (_score(scores["label_robust"][name]) for name in ("hard", "soft"))
        say(f"label-robust score: {hard} with hard labels, {soft} with soft ones")
        say(f"augmentation-robust score: {_score(scores['augmentation_robust'])}")
    say("\nscores from 0 to 1, as DD-Ranking defines them; at 0.269 gains over random clips and losses cancel")


def _score(value: float | None) -> str:
    return "none, for a baseline diverged" if value is None else f"{value:.3f}"


COMPARISONS = {"proxy": _print_proxy, "fairness": _print_fairness}
