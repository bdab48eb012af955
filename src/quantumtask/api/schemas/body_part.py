"""Base class of the models of JSON objects in the body of a request."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from quantumtask.shared.close_names import suggestion


@cache
def field_names(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of the fields in a body."""
    return frozenset(field.alias or name for name, field in model.model_fields.items())


class BodyPart(BaseModel):
    """An object of a body, of which the first unknown field is an error, and the only one.

    Pydantic alone would describe each of a million unknown fields, and delay other requests.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _check_names(cls, fields: Any) -> Any:
        if isinstance(fields, Mapping):
            names = field_names(cls)
            unknown = next((name for name in fields if name not in names), None)
            if unknown is not None:
                similar = suggestion(unknown, [each for each in names if each not in fields])
                raise ValueError(f"no such field: {unknown[:60]}{similar}")
        return fields
