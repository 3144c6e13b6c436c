"""Types of options: what they allow is checked before anything runs, and shown on the method's page."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vidense.errors import suggest
from vidense.nets import NETWORKS

__all__ = ["Count", "LearningRate", "Momentum", "NetworkName", "Rate", "Weight"]


def _known_network(name: str) -> str:
    if name not in NETWORKS:
        # pydantic gathers ValueErrors with the other mistakes.
        raise ValueError(f"unknown network{suggest(name, NETWORKS)}")
    return name


Rate = Annotated[float, Field(gt=0)]
LearningRate = Rate | Literal["auto"]
Momentum = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
NetworkName = Annotated[str, AfterValidator(_known_network)]
