"""The parameters of the primitive `executor`: a quantum program, in IBM's schema of version 2.0.

Clients of qiskit-ibm-runtime 0.49 and later send it. Circuits and samplexes are texts here, which
only a slot reads.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.requests import parse_model
from quantumtask.doors.ibm.tensors import EncodedTensor
from quantumtask.shared.errors import InvalidRequest

_M = TypeVar("_M", bound=BodyPart)

SCHEMA_VERSION = "v2.0"
MAX_ITEM_DIMENSIONS = 16

ItemShape = Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=MAX_ITEM_DIMENSIONS)]
ChunkSize = Annotated[int, Field(ge=1)] | Literal["auto"]


class QpyCircuits(BodyPart):
    """The circuits of all items, as base64 of zlib of one file in QPY."""

    b64_data: str
    qpy_version: int
    num_programs: Annotated[int, Field(ge=1)]


class CircuitItem(BodyPart):
    """A circuit with the values of its parameters."""

    item_type: Literal["circuit"]
    circuit_arguments: EncodedTensor
    shape: ItemShape
    chunk_size: ChunkSize = "auto"


class PauliLindbladMap(BodyPart):
    """A Pauli-Lindblad map: letters, their qubits and the rate of each term."""

    sparse_terms: list[Any]
    num_qubits: Annotated[int, Field(ge=0)]


class SamplexText(BodyPart):
    """A samplex as JSON text, and the version of its format."""

    ssv: Annotated[int, Field(ge=1)]
    samplex_json: str


class SamplexItem(BodyPart):
    """A circuit whose parameters a samplex draws."""

    item_type: Literal["samplex"]
    samplex: SamplexText
    samplex_arguments: dict[str, Any]
    shape: ItemShape
    chunk_size: ChunkSize = "auto"


class QuantumProgram(BodyPart):
    """Items to run, and data that come back as they are."""

    shots: Annotated[int, Field(ge=1)]
    circuits: dict[str, Any]
    items: list[dict[str, Any]]
    semantic_role: str | None = None
    meas_level: str = "classified"
    passthrough_data: Any = None


class ExecutionOptions(BodyPart):
    """Options of the hardware, of which a simulator has few."""

    init_qubits: bool = True
    rep_delay: float | None = None
    scheduler_timing: bool = False
    stretch_values: bool = False
    experimental: dict[str, Any] = Field(default_factory=dict)


class ProgramParams(BodyPart):
    """The parameters of the primitive."""

    schema_version: str
    quantum_program: dict[str, Any]
    options: dict[str, Any]


def parse_quantum_program(params: dict[str, Any]) -> tuple[QuantumProgram, QpyCircuits, list[Any]]:
    """Return a program, its circuits, and its items: for each circuit, the values of its inputs.

    Raises:
        InvalidRequest: a field is not valid, or requests something that a simulator does not have;
            the message names the field.
    """
    parts = parse_part(ProgramParams, params, "")
    if parts.schema_version != SCHEMA_VERSION:
        raise InvalidRequest(
            f"params.schema_version: must be {SCHEMA_VERSION}, of qiskit-ibm-runtime 0.49 and "
            f"later; got {parts.schema_version[:20]!r}"
        )
    _check_options(parse_part(ExecutionOptions, parts.options, "options"))
    program = parse_part(QuantumProgram, parts.quantum_program, "quantum_program")
    if program.meas_level != "classified":
        raise InvalidRequest(
            "params.quantum_program.meas_level: must be classified: a simulator has no analogue "
            f"signals; got {program.meas_level[:20]!r}"
        )
    circuits = _parse_circuits(program.circuits)
    if circuits.num_programs != len(program.items):
        raise InvalidRequest(
            f"params.quantum_program.items: must be as many as circuits, {circuits.num_programs:,};"
            f" got {len(program.items):,}"
        )
    items = [_parse_item(fields, k) for k, fields in enumerate(program.items)]
    if len({each.chunk_size == "auto" for each in items}) > 1:
        raise InvalidRequest(
            "params.quantum_program.items: chunk_size must be auto in all items, or in none"
        )
    return program, circuits, items


def _check_options(options: ExecutionOptions) -> None:
    """Refuse what would change results, or be missing in them."""
    if not options.init_qubits:
        raise InvalidRequest(
            "params.options.init_qubits: must be true: each shot begins with all qubits in 0"
        )
    for name in ("scheduler_timing", "stretch_values"):
        if getattr(options, name):
            raise InvalidRequest(
                f"params.options.{name}: must be false: this service schedules no pulses"
            )
    if options.experimental:
        first = next(iter(options.experimental))
        raise InvalidRequest(
            f"params.options.experimental: {first[:60]!r} is not an option of this service"
        )


def _parse_circuits(fields: dict[str, Any]) -> QpyCircuits:
    if fields.keys() == {"data"}:
        raise InvalidRequest(
            "params.quantum_program.circuits: must be QPY (b64_data); OpenQASM is not taken at "
            "this door"
        )
    return parse_part(QpyCircuits, fields, "quantum_program.circuits")


def _parse_item(fields: dict[str, Any], number: int) -> CircuitItem | SamplexItem:
    place = f"quantum_program.items.{number}"
    kind = fields.get("item_type")
    if kind == "circuit":
        return parse_part(CircuitItem, fields, place)
    if kind == "samplex":
        return parse_part(SamplexItem, fields, place)
    raise InvalidRequest(
        f"params.{place}.item_type: must be circuit or samplex; got {str(kind)[:20]!r}"
    )


def parse_part(model: type[_M], fields: Any, place: str) -> _M:
    """Return an object of the parameters; raise InvalidRequest with its place."""
    try:
        return parse_model(model, fields)
    except InvalidRequest as error:
        inner = f"{place}." if place else ""
        raise InvalidRequest(f"params.{inner}{error.message}") from None
