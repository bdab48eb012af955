"""Request models: they validate each body and describe it in /docs."""

import json
from collections.abc import Collection, Container, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, ValidationError
from pydantic_core import from_json

from quantumtask.api.schemas.body_part import field_names
from quantumtask.api.schemas.json_errors import explain_json_error
from quantumtask.api.schemas.json_limits import check_json_size
from quantumtask.api.schemas.metadata import Attachment, Metadata, metadata_text
from quantumtask.api.schemas.noise import NOISE_TAGS, Noise
from quantumtask.api.schemas.parameters import parameters_text
from quantumtask.shared.approximation import APPROXIMATION_OPTIONS
from quantumtask.shared.close_names import suggestion
from quantumtask.shared.error_rates import RatesOption
from quantumtask.shared.errors import InvalidJson, InvalidRequest, OptionError, ParametersTooLarge
from quantumtask.shared.output_kinds import ALL_PARAMETERS, OPENQASM, OUTPUT_KINDS, QPY
from quantumtask.shared.qpy_text import MIN_QPY_VERSION, QpyFormatError, read_qpy_head
from quantumtask.shared.task import AUTO, ENGINES, MAX_PARAMETERS_BYTES, TaskSpec
from quantumtask.shared.task_options import parse_task_options

M = TypeVar("M", bound=BaseModel)

BELL = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
    "h q[0];\ncx q[0], q[1];\nc = measure q;\n"
)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must not contain control characters")
    return text


INPUT_CIRCUIT = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float theta;\noutput bit c;\nqubit q;\n'
    "ry(theta) q;\nc = measure q;\n"
)

LabelField = Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_printable)]
CircuitField = Annotated[
    str,
    AfterValidator(_not_blank),
    Field(
        description="OpenQASM 3 (or 2) text; or base64 of QPY, with `circuit_format`.",
        json_schema_extra={"pattern": r"\S"},
    ),
]
CircuitFormatField = Annotated[
    Literal["openqasm", "qpy"] | None,
    Field(
        description="`qpy`: the circuit is base64 of one circuit as `qiskit.qpy.dump` writes it, "
        f"version {MIN_QPY_VERSION} or later, compressed by zlib or gzip or not. Default: openqasm."
    ),
]
ParametersField = Annotated[
    dict[str, Any] | None,
    Field(
        description="A value for each `input` of the circuit: a number, true, false, a bit string, "
        "a list for an array, [re, im] for a complex number. An array for an input of one value "
        "makes a sweep; arrays are broadcast by NumPy's rules. At most 8 MiB as JSON. With QPY: "
        f"for each parameter, or `{ALL_PARAMETERS}` for one array, whose last dimension has a "
        "value for each of `circuit.parameters`."
    ),
]
EngineField = Annotated[
    str,
    Field(
        description=f"{AUTO}: the fastest for the circuit. Or {', '.join(ENGINES)}.",
        json_schema_extra={"enum": [AUTO, *ENGINES]},
    ),
]
MethodField = Annotated[
    str | None, Field(description="A method of the engine; see `GET /engines`.")
]
ObservablesField = Annotated[
    list[Any] | str | None,
    Field(
        description="One observable, or an array of observables that is broadcast against the "
        'sweep. An observable is a Pauli word, `"ZZ"`, or a list of terms, '
        '`[["ZZ", 1.0], ["XI", 0.5]]`. '
        "Letters are I X Y Z and the projectors 0 1 + - r l; the last letter belongs to the first "
        "declared qubit."
    ),
]
PrecisionField = Annotated[
    float | None,
    Field(
        ge=0,
        allow_inf_nan=False,
        description="Standard error of expectation values. 0: exact; otherwise 1/precision^2 "
        "shots are drawn, at least two.",
    ),
]
ReturnsField = Annotated[
    list[str] | None,
    FailFast(),
    Field(
        max_length=6,
        description=f"Outputs of the task, any of {', '.join(OUTPUT_KINDS)}. Default: counts.",
    ),
]
BackendField = Annotated[
    LabelField | None,
    Field(description="Run with the gates and the noise of this backend; see `GET /backends`."),
]
CompileField = Annotated[
    Literal["auto", "always", "never"] | None,
    Field(
        description="When to compile the circuit for the backend. auto (default): unless the "
        "circuit names physical qubits ($0). never: qubit k of the circuit is qubit k "
        "of the device."
    ),
]
MaxBondField = Annotated[
    int | None,
    Field(
        description="With method matrix_product_state: the largest bond dimension. The result is "
        "approximate and has a bound on its error."
    ),
]
TruncationField = Annotated[
    float | None,
    Field(
        allow_inf_nan=False,
        description="With method matrix_product_state: the largest weight that one gate may drop, "
        "of a total of 1. The result is approximate and has a bound on its error.",
    ),
]
MaxTermsField = Annotated[
    int | None,
    Field(
        description="With method pauli_propagation: the largest number of Pauli words of an "
        "observable. The values are approximate and have a bound on their error."
    ),
]
MinCoefficientField = Annotated[
    float | None,
    Field(
        allow_inf_nan=False,
        description="With method pauli_propagation: Pauli words with smaller coefficients are "
        "dropped. The values are approximate and have a bound on their error.",
    ),
]
RandomizationField = Annotated[
    dict[str, Any] | None,
    Field(
        description="With a circuit in QPY: a samplex of samplomatic that draws the values of its "
        "parameters. `samplex`: its JSON text. `arguments`: a value for each name: a number, an "
        "encoded array, or a Pauli-Lindblad map `{num_qubits, terms}` with terms "
        '`["XZ", [0, 3], 0.01]`. `shape`: that of the sweep, to which the arguments are broadcast.'
    ),
]
ShotsField = Annotated[int, Field(description="Number of runs: 1 to 1,000,000.")]


class SubmitRequest(BaseModel):
    """A task: a circuit to run, and how."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"circuit": BELL},
                {"circuit": BELL, "shots": 100, "seed": 7},
                {"circuit": INPUT_CIRCUIT, "parameters": {"theta": 0.3}},
            ]
        },
    )

    circuit: CircuitField
    circuit_format: CircuitFormatField = None
    shots: ShotsField = 1024
    seed: int | None = Field(
        None, description="0 to 2^63 - 1; the same seed gives the same counts. null: a random seed."
    )
    memory: bool = Field(False, description="Also return the bit string of each shot.")
    timeout_s: float = Field(
        600.0, allow_inf_nan=False, description="Maximal run time in seconds of wall-clock time."
    )
    name: LabelField | None = Field(None, description="A name to filter by, up to 50 characters.")
    tags: Annotated[list[LabelField], FailFast()] = Field(
        default=[], max_length=20, description="Up to 20 tags of up to 50 characters, to filter by."
    )
    parameters: ParametersField = None
    engine: EngineField = AUTO
    method: MethodField = None
    owner: LabelField | None = Field(
        None, description="Owner of the task; owners with waiting tasks share the slots fairly."
    )
    priority: int = Field(
        0, ge=-10, le=10, description="-10 to 10; tasks of a higher priority run first."
    )

    observables: ObservablesField = None
    precision: PrecisionField = None
    returns: ReturnsField = Field(None, alias="return")
    noise: Noise = None
    backend: BackendField = None
    compile: CompileField = None
    max_bond: MaxBondField = None
    truncation: TruncationField = None
    max_terms: MaxTermsField = None
    min_coefficient: MinCoefficientField = None
    randomization: RandomizationField = None
    attachment: Attachment = None
    metadata: Metadata = None

    def to_spec(self) -> TaskSpec:
        """Return the task; raise RequestError that names the field."""
        return TaskSpec(
            circuit=self.circuit,
            shots=self.shots,
            seed=self.seed,
            memory=self.memory,
            timeout_s=self.timeout_s,
            name=self.name,
            tags=tuple(dict.fromkeys(self.tags)),
            parameters=parameters_text(self.parameters),
            engine=self.engine,
            method=self.method,
            owner=self.owner or "",
            priority=self.priority,
            options=_options_text(self),
            metadata=metadata_text(self.metadata),
        )


OPTION_ALIASES = {"returns": "return"}
OPTION_FIELDS = (
    "observables", "precision", "returns", "noise", "backend", "compile", "circuit_format",
    "randomization", "attachment", *APPROXIMATION_OPTIONS,
)  # fmt: skip


def _options_text(request: SubmitRequest) -> str | None:
    if request.method is None and request.model_fields_set.isdisjoint(OPTION_FIELDS):
        return None
    values = {OPTION_ALIASES.get(name, name): getattr(request, name) for name in OPTION_FIELDS}
    options = {name: value for name, value in values.items() if value is not None}
    if options.get("circuit_format") == OPENQASM:
        del options["circuit_format"]
    _check_circuit(request.circuit, request.circuit_format)
    try:
        parsed = parse_task_options(options)
        parsed.check_method(request.engine, request.method, request.memory)
        parsed.check_parameters(request.parameters)
    except OptionError as error:
        raise InvalidRequest(str(error)) from None
    if not options:
        return None
    noise = parsed.noise
    if isinstance(noise, RatesOption):
        options["noise"] = noise.to_json()
    text = json.dumps(options, separators=(",", ":"))
    if len(text) > MAX_PARAMETERS_BYTES:
        raise ParametersTooLarge(f"options: must be at most {MAX_PARAMETERS_BYTES:,} bytes as JSON")
    return text


def _check_circuit(circuit: str, circuit_format: str | None) -> None:
    """Check the header of QPY; no process but a slot reads more of it. Raises InvalidRequest."""
    if circuit_format == QPY:
        try:
            read_qpy_head(circuit)
        except QpyFormatError as error:
            raise InvalidRequest(f"circuit: {error}") from None


class ValidateRequest(BaseModel):
    """A circuit to validate."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"circuit": BELL},
                {"circuit": INPUT_CIRCUIT, "parameters": {"theta": 0.3}},
            ]
        },
    )

    circuit: CircuitField
    circuit_format: CircuitFormatField = None
    parameters: ParametersField = None

    def to_spec(self) -> TaskSpec:
        """Return the task; raise RequestError that names the field."""
        _check_circuit(self.circuit, self.circuit_format)
        options = None
        if self.circuit_format == QPY:
            options = json.dumps({"circuit_format": QPY})
        fields = self.model_dump(exclude={"parameters", "circuit_format"})
        return TaskSpec(**fields, parameters=parameters_text(self.parameters), options=options)


class EstimateRequest(ValidateRequest):
    """A circuit to estimate, and how it would run."""

    shots: ShotsField = 1024
    engine: EngineField = AUTO
    method: MethodField = None


TaskRequest = SubmitRequest | ValidateRequest
"""A body with one circuit."""


def parse_task(model: type[TaskRequest], body: bytes) -> TaskSpec:
    """Parse the JSON body of `POST /tasks`, `/validate` or `/estimate`.

    Raises:
        InvalidJson: the body is not JSON.
        RequestError: a field is not valid; the message names it.
    """
    return parse_model(model, read_json(body)).to_spec()


def read_json(body: bytes) -> Any:
    """Return the JSON value of a request body; raise InvalidJson or JsonTooLarge."""
    check_json_size(body)
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidJson(explain_json_error(body, str(error))) from None


def parse_model(model: type[M], fields: Any) -> M:
    """Validate JSON as a model; raise InvalidRequest that names the first wrong field."""
    if not isinstance(fields, dict):
        raise InvalidRequest('the body must be a JSON object with a "circuit"')
    # Before pydantic, which would report each of a million unknown fields.
    names = field_names(model)
    if unknown := next((name for name in fields if name not in names), None):
        raise _unknown_field(unknown, fields, names)
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
    raise InvalidRequest(first_error(errors))


def _unknown_field(name: str, fields: Container[str], names: Collection[str]) -> InvalidRequest:
    similar = suggestion(name, [each for each in names if each not in fields])
    if "circuit" in names and "circuit" not in fields:
        return InvalidRequest(f"circuit: field required, and `{name[:60]}` is not a field{similar}")
    return InvalidRequest(f"{name[:60]}: no such field{similar}")


INTERNAL_LOCATIONS = ("body", "query", "path", *NOISE_TAGS)
"""Parts of an error\'s location that are not names of fields."""


def first_error(errors: Sequence[Any]) -> str:
    """Return the first of pydantic's errors as "field: reason"."""
    location = [str(part) for part in errors[0]["loc"] if part not in INTERNAL_LOCATIONS]
    reason = errors[0]["msg"].removeprefix("Value error, ")
    return f"{'.'.join(location)}: {reason[:1].lower()}{reason[1:]}"
