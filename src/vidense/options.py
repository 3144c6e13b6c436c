"""A function's keyword arguments as flat, typed, documented options. Needs no torch."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from vidense.docstrings import entries
from vidense.records import disjoint

__all__ = ["Options", "options_of"]


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
    model = create_model(function.__name__, __config__=ConfigDict(extra="forbid", frozen=True), **found)
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
