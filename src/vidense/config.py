"""Settings as users write them, checked against typed models, all mistakes reported at once. Needs no torch."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from reprlib import Repr
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from vidense.errors import UserError, suggest

__all__ = ["Mistakes", "check_counts", "first_mistake", "load_yaml", "parse_assignments", "sound", "validate"]

Model = TypeVar("Model", bound=BaseModel)

# Of a value that a sentence names: a few lines of YAML make one of gigabytes.
_LIMITED = Repr()
_LIMITED.maxstring = _LIMITED.maxother = 200
_LIMITED.maxlevel = 2
brief = _LIMITED.repr


class Mistakes:
    """Collects what is wrong in several checks, to say all of it at once."""

    def __init__(self) -> None:
        """Start with none."""
        self._found: list[str] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._found)

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Keep a :class:`UserError` of the block instead of raising it."""
        try:
            yield
        except UserError as error:
            self._found.append(str(error))

    def report(self) -> None:
        """Raise one :class:`UserError` with all that was collected, if anything was."""
        if self._found:
            raise UserError("; ".join(dict.fromkeys(self._found)))


def first_mistake(error: ValidationError) -> tuple[str, str]:
    """Return where the first mistake in a file is, as ``field 'videos.3.label'``, and what it is."""
    found = error.errors(include_url=False)[0]
    told = found["msg"].removeprefix("Value error, ")
    return f"field {brief('.'.join(map(str, found['loc'])))}" if found["loc"] else "what it holds", told


def check_counts(**counts: int) -> None:
    """Raise :class:`UserError` for the first of ``counts`` that is below 1."""
    for name, value in counts.items():
        if value < 1:
            raise UserError(f"{name}={value} is too few; give at least 1")


def validate(model: type[Model], values: Mapping[str, Any], what: str) -> Model:
    """Return ``values`` as ``model``.

    Args:
        model: the typed settings.
        values: what the user gave.
        what: what the settings belong to, for the message: ``"options of method 'prism'"``.

    Raises:
        UserError: naming every unknown key and every bad value at once.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise UserError(f"{what}: " + "; ".join(_mistakes(error, model))) from None


def sound(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of ``values`` that ``model`` accepts, so that checking can go on after a mistake was noted."""
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        bad = {str(item["loc"][0]) for item in error.errors(include_url=False) if item["loc"]}
        return {key: value for key, value in values.items() if key not in bad}
    return dict(values)


def _mistakes(error: ValidationError, model: type[BaseModel]) -> list[str]:
    # A union reports one line for each member; they are gathered by key so that a mistake reads as one.
    rules: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for item in error.errors(include_url=False):
        key = str(item["loc"][0]) if item["loc"] else "settings"
        values[key] = item["input"]
        unknown = item["type"] == "extra_forbidden"
        rule = f"unknown key{suggest(key, model.model_fields)}" if unknown else item["msg"].lower()
        rules.setdefault(key, []).append(rule)
    return [f"{key}={brief(values[key])}: {', or '.join(dict.fromkeys(found))}" for key, found in rules.items()]


def parse_assignments(assignments: Sequence[str], where: str = "--set") -> dict[str, Any]:
    """Turn ``["lr=5", "criterion=none"]`` into a dict, values read as YAML.

    Args:
        assignments: what was typed.
        where: the flag that they were typed after.

    Raises:
        UserError: listing every item that is no ``key=value``.
    """
    bad = [item for item in assignments if not item.partition("=")[0].strip() or "=" not in item]
    if bad:
        raise UserError(f"{where} {', '.join(map(repr, bad))}: write key=value")
    values: dict[str, Any] = {}
    for item in assignments:
        key, _, text = item.partition("=")
        try:
            values[key.strip()] = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):  # a ValueError is a date that no calendar has
            values[key.strip()] = text
    return values


def load_yaml(path: Path) -> dict[str, Any]:
    """Read a mapping from a YAML file.

    Raises:
        UserError: if the file is missing, is not YAML, or holds something else than a mapping.
    """
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f"config {str(path)!r} cannot be read ({error}); give a YAML file") from None
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise UserError(f"config {str(path)!r} holds {type(value).__name__}, not settings; write lines of key: value")
    return value
