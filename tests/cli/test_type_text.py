from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from vidense.cli.type_text import type_text


class Options(BaseModel):
    rate: Annotated[float, Field(gt=0)] | Literal["auto"] = "auto"
    share: Annotated[float, Field(ge=0, lt=1)] = 0.5
    count: Annotated[int, Field(ge=1)] | None = None
    kind: Literal["a", "b"] = "a"
    flag: bool = False
    name: str = "x"


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("rate", "float > 0 | auto"),
        ("share", "float >= 0, < 1"),
        ("count", "int >= 1 | null"),
        ("kind", "a | b"),
        ("flag", "true | false"),
        ("name", "str"),
    ],
)
def test_types_read_as_values_are_written(option, text):
    field = Options.model_fields[option]
    assert type_text(field.annotation, field.metadata) == text
