"""What ``vidense experts`` and ``vidense teacher`` share: things are made before a run needs them."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vidense.config import Mistakes
from vidense.errors import UserError

if TYPE_CHECKING:
    from vidense.engine.provide import Provided
    from vidense.needs import Need

__all__ = ["following", "made_ahead"]

N = TypeVar("N", bound="Need[Any]")


def made_ahead(
    store: Path, kind: type[N], name: str, settings: dict[str, Any], mistakes: Mistakes
) -> "list[Provided[N]]":
    """Make what a method needs of one kind, and show how far it is.

    Args:
        store: folder that ``prepare`` wrote.
        kind: of need.
        name: of the kind, in words.
        settings: as of ``condense``.
        mistakes: what is wrong so far.

    Raises:
        UserError: if the settings are wrong, or the method needs nothing of this kind.
    """
    from vidense.cli.condense import check
    from vidense.cli.progress import Display
    from vidense.engine.provide import provide

    check(store, settings, mistakes)
    with Display() as display:
        found = provide(store, kind, progress=display.step, **settings)
    if not found:
        raise UserError(
            f"method {settings['method']!r} needs no {name} with these options; `vidense methods` says what each needs"
        )
    return found


def following(store: Path, settings: dict[str, Any], plugins: Sequence[Path] | None) -> str:
    """Return the command of a run that finds what was made."""
    from vidense.report.commands import condense_command

    given = "".join(f" --plugin {shlex.quote(str(file))}" for file in plugins or ())
    return condense_command(settings, out="RUN", store=str(store)) + given
