"""What the typed models of settings and of files that may come from strangers have in common. Needs no torch."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

__all__ = ["ClassNames", "Name", "Open", "Seed"]


class Open(BaseModel):
    """Fields that are checked, strictly, among others that need only be JSON."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)


def _unique(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("two classes have one name")
    return names


Name = Annotated[str, Field(min_length=1)]
# As large as the numbers that other languages read from JSON.
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]
ClassNames = Annotated[list[Name], Field(min_length=1), AfterValidator(_unique)]
