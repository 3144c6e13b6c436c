"""What is said of a run: rows for a view, and one line for where there is no terminal."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from vidense.budget import format_bytes
from vidense.durations import format_duration
from vidense.monitor.state import KEY_FRAMES, Course, RunState
from vidense.printable import printable

__all__ = ["Row", "describe", "sparkline", "summary"]

# More classes than this would push the rest off a screen.
CLASSES_SHOWN = 12
LONGEST_NAME = 40
BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Row:
    """One thing that is known.

    Attributes:
        name: what it is.
        text: what it is now; safe to print.
        course: what it was, iteration after iteration; empty where that is not shown.
    """

    name: str
    text: str
    course: tuple[float, ...] = ()


def describe(state: RunState) -> list[Row]:
    """Return all that is known of a run, from its settings to what to type next."""
    run = state.run
    size = f"{run.vpc} video{'s' * (run.vpc != 1)} per class"
    known = [size] + ([f"{len(run.class_names)} classes"] if run.class_names else []) + [f"seed {run.seed}"]
    rows = [
        Row("run", f"{printable(str(state.path))}: {_sentence(state)}"),
        Row("method", ", ".join([printable(run.method), *known, *([] if run.lr is None else [f"lr {run.lr:g}"])])),
        Row("data", f"store {printable(run.data)}"),
    ]
    if run.iterations:
        rows.append(Row("iteration", ", ".join([f"{state.iterations_done} of {run.iterations}", *_pace(state)])))
    for name, course in state.courses.items():
        rows.append(_course_row(name, course, state.iterations_done))
        rows += _class_rows(state) if name == KEY_FRAMES else []
    if state.memory is not None:
        rows.append(Row("memory", format_bytes(state.memory)))
    if run.done:
        rows.append(Row("next", printable(run.next_command)))
    else:
        rows.append(Row("to continue", printable(run.continuing)))
    return rows


def summary(state: RunState) -> str:
    """Return one line: how far the run is, and what was measured last."""
    run = state.run
    count = f" {state.iterations_done}/{run.iterations}" if run.iterations else ""
    parts = [printable(run.method) + count]
    parts += [f"{_spoken(name)} {course.values[-1]:.4g}" for name, course in state.courses.items()]
    if state.status == "running":
        return ", ".join([*parts, *_pace(state)])
    return ", ".join([*parts, _sentence(state)])


def sparkline(values: tuple[float, ...], width: int) -> str:
    """Return at most ``width`` bars: means of stretches of the values, from the lowest of these to the highest."""
    count = min(width, len(values))
    cuts = [round(i * len(values) / count) for i in range(count + 1)] if count else [0]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(cuts)]
    low, high = min(means, default=0.0), max(means, default=0.0)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((mean - low) * scale)] for mean in means)


def _sentence(state: RunState) -> str:
    """Say where the run is, and nothing that its files do not tell."""
    run, status = state.run, state.status
    if status == "finished":
        return "finished"
    silence = format_duration(state.silence())
    if status == "preparing":
        own = "its learning rate is searched" if run.iterations else "clips are chosen"
        work = f"{own}, or what the method needs is made"
        return f"no iteration yet, last heard of {silence} ago: {work}, or it was interrupted"
    if status == "silent":
        return f"no new line for {silence}: it was interrupted, or takes longer than before"
    return "writing the videos" if state.iterations_done >= run.iterations else "running"


def _pace(state: RunState) -> Iterator[str]:
    if state.seconds is not None:
        yield f"in {format_duration(state.seconds)}"
    if state.rate is not None:
        yield f"{state.rate:.3g}/s"
    if state.seconds_left is not None and state.status == "running":
        yield f"{format_duration(state.seconds_left)} left"


def _course_row(name: str, course: Course, iterations_done: int) -> Row:
    text = f"{course.values[-1]:.4g}, {course.values[0]:.4g} at first"
    if course.step + 1 < iterations_done:
        text += f", last logged at iteration {course.step + 1}"
    return Row(_spoken(name), text, tuple(course.values))


def _class_rows(state: RunState) -> list[Row]:
    shown = state.key_frames[:CLASSES_SHOWN]
    rows = [Row(f"  {_short(state.class_name(label))}", f"{count:.3g}") for label, count in enumerate(shown)]
    if rest := state.key_frames[CLASSES_SHOWN:]:
        rows.append(Row(f"  {len(rest)} more classes", f"{min(rest):.3g} to {max(rest):.3g}"))
    return rows


def _spoken(name: str) -> str:
    return "key-frames" if name == KEY_FRAMES else _short(name.replace("_", " "))


def _short(name: str) -> str:
    name = printable(name)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
