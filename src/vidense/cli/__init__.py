"""The command line ``vidense``: the only place that parses arguments and prints.

Nothing here loads torch before a verb needs it, so that help answers at once.
"""

import logging
import os
import shlex
import sys
import traceback
from collections.abc import Sequence

import typer

from vidense.cli.ablate import ablate
from vidense.cli.circumstances import circumstance
from vidense.cli.condense import condense
from vidense.cli.demo import demo
from vidense.cli.doctor import doctor
from vidense.cli.evaluate import evaluate
from vidense.cli.examples import EXAMPLES
from vidense.cli.experts import experts
from vidense.cli.export import export
from vidense.cli.flow import flow
from vidense.cli.methods import methods
from vidense.cli.output import Warnings, say
from vidense.cli.plan import plan
from vidense.cli.prepare import prepare
from vidense.cli.report import report
from vidense.cli.reproduce import reproduce
from vidense.cli.segment import segment
from vidense.cli.teacher import teacher
from vidense.cli.watch import watch
from vidense.errors import UserError

__all__ = ["run"]

DONE, DEFECT, USER, INTERRUPTED = 0, 1, 2, 130
# In the order that help lists them.
VERBS = (
    demo, prepare, plan, experts, teacher, condense, watch, evaluate, flow, ablate, reproduce, segment, report, export,
    methods, doctor,
)  # fmt: skip
# The common base of all that the parser finds wrong; typer exports only this child of it.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: the words after ``vidense``; without any, help is shown.

    Returns:
        0 done; 2 the user can fix it (one sentence on stderr), or nothing was asked; 1 a defect of ours (traceback), or
        nobody reads stdout any more; 130 interrupted (the command that resumes on stderr).
    """
    logger = logging.getLogger("vidense")
    # A plug-in may have told Python where warnings go.
    if not logging.getLogger().handlers and not any(isinstance(handler, Warnings) for handler in logger.handlers):
        logger.addHandler(Warnings())
    try:
        code = _app()(list(arguments) or ["--help"], prog_name="vidense", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except UserError as error:
        return _refuse(str(error))
    except _USAGE_ERROR as error:
        return _refuse(_usage(error))
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; without this, Python complains once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DEFECT
    except Exception as error:  # whatever else is a defect, and must not look like the user's mistake
        if (told := circumstance(error)) is not None:
            return _refuse(told)
        traceback.print_exc()
        say("vidense: this is a defect of vidense; please report it with the lines above", file=sys.stderr)
        return DEFECT
    if code == INTERRUPTED:
        say(f"interrupted; to resume: {resume_command(arguments)}", file=sys.stderr)
    elif not arguments:
        return USER
    return code if isinstance(code, int) else DONE


def resume_command(arguments: Sequence[str]) -> str:
    """Return what to type to continue; ``--fresh`` is left out, for it would start over."""
    return shlex.join(["vidense", *(word for word in arguments if word != "--fresh")])


def _app() -> typer.Typer:
    app = typer.Typer(
        help="Condense a video dataset into a handful of tiny synthetic videos, and measure honestly how well.",
        epilog=EXAMPLES["vidense"],
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    app.callback()(_root)
    for verb in VERBS:
        app.command(epilog=EXAMPLES[verb.__name__])(verb)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        from vidense import __version__

        say(f"vidense {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
) -> None:
    """Take the options that stand before a verb; their callbacks do all there is to do."""


def _refuse(sentence: str) -> int:
    say(f"vidense: {' '.join(sentence.split())}", file=sys.stderr)
    return USER


def _usage(error: Exception) -> str:
    message = (error.format_message() if hasattr(error, "format_message") else str(error)).rstrip(".")
    context = getattr(error, "ctx", None)
    unknown = getattr(error, "option_name", None)
    # What one would try first, `--lr 3`, is an option of the method and none of the command.
    if context and unknown and any("--set" in parameter.opts for parameter in context.command.params):
        message += f"; an option of the method is written --set {unknown.lstrip('-')}=VALUE"
    return f"{message} (see `{context.command_path if context else 'vidense'} --help`)"
