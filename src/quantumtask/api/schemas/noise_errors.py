"""Request models of a noise model: quantum errors by instruction and qubits, readout errors.

The form is that of `qiskit_aer.noise.NoiseModel.to_dict(serializable=True)`.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    FailFast,
    Field,
    Tag,
)
from typing_extensions import TypedDict

QUANTUM, READOUT = "qerror", "roerror"

MOST_ERRORS = 20_000
MOST_TERMS = 4_096
MOST_QUBITS = 4
"""Most errors of a model, most terms of an error, and most qubits of an error."""

TOLERANCE = 1e-6

Chance = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Qubit = Annotated[int, Field(ge=0, le=1_000_000)]
Places = Annotated[
    list[Annotated[list[Qubit], Field(min_length=1, max_length=MOST_QUBITS)]],
    FailFast(),
    Field(min_length=1, max_length=MOST_ERRORS, description="The qubits; without: all qubits."),
]


CONFIG = ConfigDict(strict=True, extra="forbid")


class Step(TypedDict):
    """One step of an error: a gate, `reset`, `pauli`, `unitary` or `kraus`.

    `qubits` are numbers within the error. `params` has the angles of a gate, one word for `pauli`
    (the last letter is the first qubit), one matrix for `unitary`, and all operators for `kraus`;
    a matrix is a list of rows of [re, im].
    """

    __pydantic_config__ = CONFIG  # type: ignore[misc]
    name: Name
    qubits: Annotated[
        list[Annotated[int, Field(ge=0, lt=MOST_QUBITS)]],
        Field(min_length=1, max_length=MOST_QUBITS),
    ]
    params: NotRequired[Annotated[list[Any], Field(max_length=4**MOST_QUBITS)]]
    label: NotRequired[Annotated[str, Field(max_length=100)]]


class QuantumError(TypedDict):
    """Terms of steps with probabilities, applied after each of the operations, before `measure`."""

    __pydantic_config__ = CONFIG  # type: ignore[misc]
    type: Literal["qerror"]
    operations: Annotated[
        list[Name],
        FailFast(),
        Field(min_length=1, max_length=1_000, description="Names of gates, `measure`, `reset`."),
    ]
    instructions: Annotated[
        list[list[Step]], FailFast(), Field(min_length=1, max_length=MOST_TERMS)
    ]
    probabilities: Annotated[list[Chance], FailFast(), Field(max_length=MOST_TERMS)]
    gate_qubits: NotRequired[Places]
    id: NotRequired[Annotated[str, Field(max_length=100)]]


class ReadoutError(TypedDict):
    """The probabilities that a 0, and a 1, is read as 0 and as 1: two rows that each sum to 1."""

    __pydantic_config__ = CONFIG  # type: ignore[misc]
    type: Literal["roerror"]
    operations: NotRequired[Annotated[list[Literal["measure"]], Field(max_length=1)]]
    probabilities: Annotated[
        list[Annotated[list[Chance], Field(min_length=2, max_length=2)]],
        Field(min_length=2, max_length=2),
    ]
    gate_qubits: NotRequired[Places]


def _quantum(error: QuantumError) -> QuantumError:
    terms, chances = len(error["instructions"]), error["probabilities"]
    if len(chances) != terms:
        raise ValueError(
            f"probabilities: must be {terms}, one for each of `instructions`; got {len(chances)}"
        )
    _check_sum(chances)
    return error


def _readout(error: ReadoutError) -> ReadoutError:
    for row in error["probabilities"]:
        _check_sum(row)
    if any(len(qubits) > 1 for qubits in error.get("gate_qubits") or ()):
        raise ValueError(
            "gate_qubits: a readout error has one qubit: give one error for each qubit"
        )
    return error


def _check_sum(chances: Sequence[float]) -> None:
    total = math.fsum(chances)
    if abs(total - 1) > TOLERANCE:
        raise ValueError(f"probabilities: must sum to 1; the sum is {total:.9g}")


def _kind(given: Any) -> str:
    return READOUT if isinstance(given, dict) and given.get("type") == READOUT else QUANTUM


Error = Annotated[
    Annotated[QuantumError, AfterValidator(_quantum), Tag(QUANTUM)]
    | Annotated[ReadoutError, AfterValidator(_readout), Tag(READOUT)],
    Discriminator(_kind),
]


class Errors(BaseModel):
    """Errors of instructions by name, as Aer's NoiseModel has them."""

    model_config = CONFIG

    errors: Annotated[list[Error], FailFast(), Field(max_length=MOST_ERRORS)]
    basis_gates: Annotated[list[Name], FailFast()] = Field(
        default=[],
        max_length=10_000,
        description="Gates of the program that are one instruction each, without an error.",
    )
