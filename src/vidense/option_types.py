"""Types of options: what they allow is checked before anything runs, and shown on the method's page."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vidense.errors import suggest
from vidense.nets import NETWORKS
from vidense.options import NamesCode, NamesFile

__all__ = [
    "LARGEST",
    "Count",
    "FileName",
    "LearningRate",
    "Momentum",
    "NetworkName",
    "Rate",
    "Weight",
    "readable",
]

LARGEST = 3.4e38
"""Just below float32's largest number."""


def _known_network(name: str) -> str:
    if name not in NETWORKS:
        # pydantic gathers ValueErrors with the other mistakes.
        raise ValueError(f"unknown network{suggest(name, NETWORKS)}")
    return name


def readable(name: str) -> str:
    """Return the path of a file as it is.

    Raises:
        ValueError: if the file cannot be opened.
    """
    try:
        Path(name).open("rb").close()
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror}); give the path of one") from None
    return name


def _representable(value: float) -> float:
    if value > LARGEST:
        raise ValueError(f"videos and networks are float32, whose largest number is {LARGEST:g}; give a smaller one")
    return value


Rate = Annotated[float, Field(gt=0), AfterValidator(_representable)]
LearningRate = Rate | Literal["auto"]
Momentum = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(ge=0), AfterValidator(_representable)]
Count = Annotated[int, Field(ge=1)]
NetworkName = Annotated[str, AfterValidator(_known_network), NamesCode(NETWORKS.get)]
FileName = Annotated[str, AfterValidator(readable), NamesFile()]
