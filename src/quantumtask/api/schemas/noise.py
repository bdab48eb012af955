"""The `noise` field of a request: rates, a noise model, or the name of a backend."""

from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from quantumtask.api.schemas.noise_errors import QUANTUM_TAG, READOUT_TAG, NoiseErrors
from quantumtask.shared.error_rates import ErrorRates

_RATES, _NAME, _ERRORS = "by rates", "by name", "by errors"
NOISE_TAGS = (_RATES, _NAME, _ERRORS, QUANTUM_TAG, READOUT_TAG)
"""Tags of the unions below, which pydantic adds to the location of an error."""


def _schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of a dataclass of `shared.error_rates`."""
    properties = {
        each.name: {**_schema_of_type(each.type), **each.metadata} for each in fields(kind)
    }
    return {
        "type": "object",
        "description": kind.__doc__,
        "properties": properties,
        "required": [each.name for each in fields(kind) if each.default is MISSING],
        "additionalProperties": False,
    }


def _schema_of_type(kind: Any) -> dict[str, Any]:
    if kind is float:
        return {"type": "number"}
    if is_dataclass(kind):
        return _schema(kind)
    return {"anyOf": [_schema(get_args(kind)[0]), {"type": "null"}]}


def _rates_schema() -> dict[str, Any]:
    schema = _schema(ErrorRates)
    schema["properties"]["idle"] = {
        "anyOf": [{"type": "boolean"}, {"type": "null"}],
        "description": "false: idle qubits do not decay. Only with a `backend` and its own noise, "
        "without rates.",
    }
    return schema


def _tag(value: Any) -> str:
    if isinstance(value, str):
        return _NAME
    by_errors = isinstance(value, NoiseErrors) or (isinstance(value, dict) and "errors" in value)
    return _ERRORS if by_errors else _RATES


def _to_json(value: dict[str, Any] | NoiseErrors | str | None) -> dict[str, Any] | str | None:
    if isinstance(value, NoiseErrors):  # its items are JSON already, and there can be many
        return {"errors": value.errors, "basis_gates": value.basis_gates}
    return value


def _check_rates(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError(
            'must be rates, such as {"depolarizing": {"two_qubit": 0.01}}, errors, or the name of '
            f"a device; got {value!r:.60}"
        )
    return value


_Rates = Annotated[dict[str, Any], BeforeValidator(_check_rates), WithJsonSchema(_rates_schema())]
"""Rates are validated with the other options: `shared.task_options.parse_task_options`."""

_BackendName = Annotated[str, Field(min_length=1, max_length=50)]
Noise = Annotated[
    Annotated[
        Annotated[_Rates, Tag(_RATES)]
        | Annotated[NoiseErrors, Tag(_ERRORS)]
        | Annotated[_BackendName, Tag(_NAME)],
        Discriminator(_tag),
    ]
    | None,
    AfterValidator(_to_json),
    Field(
        description="Rates, errors of instructions as in `NoiseModel.to_dict` of Aer, or the name "
        "of a backend with that noise: see docs/how-to/backends.md."
    ),
]
