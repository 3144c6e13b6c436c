"""``vidense teacher``: the network that videos are recovered from, trained before a run needs it."""

from pathlib import Path
from typing import Any

from vidense.cli import options as shared

__all__ = ["teacher"]


def teacher(
    store: shared.StorePath,
    scale: shared.Scale = None,
    seed: shared.Seed = None,
    device: shared.Device = None,
    as_json: shared.AsJson = False,
) -> None:
    """Train the teacher that runs with the same seed and scale recover videos from, and say how good it is.

    It is trained once: the same command again, and those runs, find it in the store's cache.
    """
    from vidense.budget import format_bytes
    from vidense.cli.output import print_json

    given = {"scale": scale, "seed": seed, "device": device}
    found = _train(store, {name: value for name, value in given.items() if value is not None})
    if as_json:
        print_json(found)
        return
    trained, scale = found["teacher"], found["scale"]
    size = format_bytes(trained["bytes"])
    print(f"teacher: {trained['network']}, seed {trained['seed']}, scale {scale}, {size} of weights")
    print(_told("held-out training videos", trained["accuracy"], found["held_out_videos"], "they chose its weights"))
    print(_told("test videos", found["test_accuracy"], found["test_videos"], "they chose nothing"))
    print(f"next: vidense condense {store} --out RUN --method tsgf --seed {trained['seed']} --scale {scale}")


def _train(store: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Train, or find, the teacher and return what is printed."""
    from vidense.cli.progress import Display
    from vidense.config import validate
    from vidense.data.store import ClipStore
    from vidense.engine.settings import CondenseSettings, pick_device, pick_scale
    from vidense.experts import HOLD_OUT
    from vidense.method import Task
    from vidense.teachers import Teacher, teacher_recipe
    from vidense.training import accuracy

    asked, opened = validate(CondenseSettings, settings, "settings"), ClipStore.open(store)
    device = pick_device(asked.device)
    scale = pick_scale(asked.scale, device)
    task = Task(opened.train.to(device), 1, asked.seed, opened.cache, scale=scale)
    with Display() as display:
        trained = Teacher().make(task, display.step)
    test = [opened.test.to(device)] if len(opened.test) else []
    return {
        "store": str(store),
        "scale": scale,
        "teacher": trained.to_json(),
        "held_out_videos": len(HOLD_OUT.split(opened.train)[1]),
        "test_accuracy": round(accuracy(trained.network, test, teacher_recipe(scale)), 4) if test else None,
        "test_videos": len(opened.test),
    }


def _told(videos: str, accuracy: float | None, count: int, role: str) -> str:
    from vidense.report.wording import percent

    return f"{videos}: {percent(accuracy)} % of {count} right ({role})" if count else f"{videos}: none"
