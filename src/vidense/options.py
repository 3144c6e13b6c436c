"""A function's keyword arguments as flat, typed, documented options. Needs no torch."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from vidense.docstrings import entries
from vidense.records import disjoint, file_hash
from vidense.registry import foreign_source

__all__ = ["HASHED", "NamesCode", "NamesFile", "Options", "hashed", "options_of"]

HASHED = "sha256:"
"""How a value begins that stands for a file, see :func:`hashed`."""

# As many as vidense.records.content_hash has.
DIGITS = 16
# What is infinite or no number could not be written into the record of a run, for JSON has neither.
CONFIG = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True)
class NamesFile:
    """Marks an option whose value may be the path of a file: runs are known by what it holds, not by where it lies.

    Attributes:
        when: whether a value is one.
    """

    when: Callable[[str], bool] = bool


@dataclass(frozen=True)
class NamesCode:
    """Marks an option whose value names something registered: runs are known by what a plug-in makes of the name.

    Attributes:
        find: returns what a value names, None where it names nothing registered.
    """

    find: Callable[[str], Any]


@dataclass(frozen=True)
class Options:
    """The options of a function.

    An argument annotated with a dataclass is a group: its fields are options of their own, so that several methods
    share their names, defaults and documentation, and users still write ``epsilon=0.1`` and nothing nested.

    Attributes:
        model: one field an option, with type, default and description.
        groups: the arguments that gather options, and the dataclass each one takes.
    """

    model: type[BaseModel]
    groups: Mapping[str, type]

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return keyword arguments for the function from validated option values.

        Raises:
            UserError: from a group that refuses its values.
        """
        rest, gathered = dict(values), {}
        for name, group in self.groups.items():
            gathered[name] = group(**{item.name: rest.pop(item.name) for item in fields(group)})
        return {**rest, **gathered}

    def with_files(self, values: Mapping[str, Any], of: Callable[[Path], str]) -> dict[str, Any]:
        """Return validated option values with what ``of`` makes of a file in place of its path."""
        found = dict(values)
        for name, value, mark in self._marked(values):
            if isinstance(mark, NamesFile) and mark.when(value):
                found[name] = of(Path(value))
        return found

    def sources(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return, for each validated option that names a plug-in's code, the hash of the file that defines it."""
        named = {name: mark.find(value) for name, value, mark in self._marked(values) if isinstance(mark, NamesCode)}
        hashes = {name: foreign_source(code) for name, code in named.items() if code is not None}
        return {name: source for name, source in hashes.items() if source is not None}

    def _marked(self, values: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
        """Yield option, value and mark for each mark of each option that has a value."""
        for name, value in values.items():
            field = self.model.model_fields[name]
            if value is not None:
                yield from ((name, value, mark) for mark in [*field.metadata, *_marks(field.annotation)])


def hashed(file: Path) -> str:
    """Return what stands for a file in the settings of a run, such as ``sha256:0f3a...`` with 16 digits of its hash."""
    return f"{HASHED}{file_hash(file)[:DIGITS]}"


def options_of(function: Callable[..., Any], **defaults: Any) -> Options:
    """Return the options of a function.

    Args:
        function: its keyword-only arguments and its docstring are the source.
        defaults: replace those of the signature.

    Raises:
        ValueError: if a group and the signature, or two groups, give one name to two options.
    """
    hints = get_type_hints(function, include_extras=True)
    help_texts = entries(inspect.getdoc(function) or "", "Args")
    found: dict[str, Any] = {}
    groups: dict[str, type] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY:
            continue
        if is_dataclass(hints[name]):
            groups[name] = hints[name]
            found = disjoint(found, _fields_of(hints[name]))
        else:
            default = ... if parameter.default is parameter.empty else parameter.default
            found = disjoint(found, {name: (hints[name], Field(default, description=help_texts.get(name)))})
    for name, default in defaults.items():
        found[name] = (found[name][0], Field(default, description=found[name][1].description))
    model = create_model(function.__name__, __config__=CONFIG, **found)
    return Options(model, groups)


def _fields_of(group: type) -> dict[str, Any]:
    hints = get_type_hints(group, include_extras=True)
    help_texts = entries(inspect.getdoc(group) or "", "Attributes")
    return {
        item.name: (
            hints[item.name],
            Field(... if item.default is MISSING else item.default, description=help_texts.get(item.name)),
        )
        for item in fields(group)
    }


def _marks(annotation: Any) -> list[Any]:
    """Return what a type is annotated with at any depth, as in ``Annotated[str, mark] | None``."""
    own = [*getattr(annotation, "__metadata__", ())]
    return own + [mark for inner in get_args(annotation) for mark in _marks(inner)]
