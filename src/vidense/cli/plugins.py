"""``--plugin``: a user's own method, network, parameterization, layout or box source, from a file."""

import sys
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from vidense.errors import UserError

__all__ = ["load_plugins"]


def load_plugins(files: Sequence[Path] | None) -> Sequence[Path] | None:
    """Run each file once as a module, so that what it registers is known; return ``files`` as they are.

    Raises:
        UserError: if a file is missing, is no Python file, or raises; the line that raised is named.
    """
    for file in files or ():
        _load(file)
    return files


def _load(file: Path) -> None:
    # What vidense registers comes first: a name that is taken is then the plug-in's mistake, and is named as such.
    from vidense import methods  # noqa: F401
    from vidense.data import layouts  # noqa: F401

    if not file.is_file() or file.suffix != ".py":
        raise UserError(f"--plugin {str(file)!r} is no Python file; give the path of one")
    name = f"vidense_plugin_{file.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(file.resolve()):
        return
    if known is not None:
        raise UserError(f"--plugin {str(file)!r}: another plug-in is called {file.stem!r} too; rename one of them")
    spec = spec_from_file_location(name, file.resolve())
    if spec is None or spec.loader is None:
        raise UserError(f"--plugin {str(file)!r} cannot be imported; give the path of a Python file")
    # Registered before it runs, so that dataclasses and pickles of what it defines find it.
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever a stranger's code raises, the user is told where
        del sys.modules[name]
        raise UserError(f"--plugin {str(file)!r} failed{_line(error, file)}: {type(error).__name__}: {error}") from None


def _line(error: BaseException, file: Path) -> str:
    if isinstance(error, SyntaxError):
        return f" in line {error.lineno}"
    trace, found = error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file.resolve()):
            found = f" in line {trace.tb_lineno}"
        trace = trace.tb_next
    return found
