"""What comes in, as pydantic models: the check of each request, and its text in /docs."""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, ValidationError
from pydantic_core import from_json

from quantumtask.api.schemas.metadata import Metadata, metadata_text
from quantumtask.api.schemas.noise import WAYS, Noise
from quantumtask.api.schemas.options import options_text
from quantumtask.api.schemas.parameters import parameters_text
from quantumtask.shared.errors import InvalidJson, InvalidRequest
from quantumtask.shared.output_kinds import RETURNS
from quantumtask.shared.task import AUTO, ENGINES, TaskSpec

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
        raise ValueError("must not hold control characters")
    return text


INPUT = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float theta;\noutput bit c;\nqubit q;\n'
    "ry(theta) q;\nc = measure q;\n"
)

Label = Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_printable)]
Circuit = Annotated[str, AfterValidator(_not_blank), Field(description="OpenQASM 3 (or 2) text.")]
Parameters = Annotated[
    dict[str, Any] | None,
    Field(
        description="A value for each `input` of the circuit: a number, true or false, a bit "
        "string, a list for an array, [re, im] for a complex number. An array where one value is "
        "expected makes a sweep: arrays are broadcast as NumPy does. At most 8 MiB as JSON."
    ),
]
Engine = Annotated[
    str, Field(description=f"{AUTO}: the fastest for the circuit. Or one of: {', '.join(ENGINES)}.")
]
Method = Annotated[
    str | None, Field(description="A method of that engine, as `GET /engines` lists them.")
]
Observables = Annotated[
    list[Any] | str | None,
    Field(
        description='One observable or an array of them, broadcast against the sweep: `"ZZ"`, or '
        'a list of terms, `[["ZZ", 1.0], ["XI", 0.5]]`. Letters I X Y Z and 0 1 + - r l; the last '
        "one belongs to the first qubit declared."
    ),
]
Precision = Annotated[
    float | None,
    Field(
        ge=0,
        allow_inf_nan=False,
        description="Of expectation values: 0 is exact, else 1/precision^2 shots are drawn, "
        "at least two.",
    ),
]
Returns = Annotated[
    list[str] | None,
    FailFast(),
    Field(max_length=6, description=f"Any of {', '.join(RETURNS)}. By default, counts."),
]
Backend = Annotated[
    Label | None, Field(description="Runs as on that: its gates, its noise. See `GET /backends`.")
]
Compile = Annotated[
    Literal["auto", "always", "never"] | None,
    Field(
        description="Compiling for the backend. always; auto, the default: unless the circuit "
        "names physical qubits ($0). never: qubit k of the circuit is qubit k of the device."
    ),
]
Shots = Annotated[int, Field(description="How often to run it: 1 to 1,000,000.")]


class SubmitRequest(BaseModel):
    """A circuit to run."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"circuit": BELL},
                {"circuit": BELL, "shots": 100, "seed": 7},
                {"circuit": INPUT, "parameters": {"theta": 0.3}},
            ]
        },
    )

    circuit: Circuit
    shots: Shots = 1024
    seed: int | None = Field(
        None, description="0 to 2^63 - 1; the same seed gives the same counts. None: one is drawn."
    )
    memory: bool = Field(False, description="Also return the bit string of every shot.")
    timeout_s: float = Field(
        600.0, allow_inf_nan=False, description="Most wall-clock seconds it may run."
    )
    name: Label | None = Field(None, description="A name to find it by, up to 50 characters.")
    tags: Annotated[list[Label], FailFast()] = Field(
        default=[], max_length=20, description="Up to 20 tags of up to 50 characters."
    )
    parameters: Parameters = None
    engine: Engine = AUTO
    method: Method = None
    owner: Label | None = Field(
        None, description="Whose task it is: what waits is shared out fairly among owners."
    )
    priority: int = Field(
        0, ge=-10, le=10, description="-10 to 10: a higher one goes before all lower ones."
    )

    observables: Observables = None
    precision: Precision = None
    returns: Returns = Field(None, alias="return")
    noise: Noise = None
    backend: Backend = None
    compile: Compile = None
    metadata: Metadata = None

    def spec(self) -> TaskSpec:
        fields = self.model_dump(exclude={"parameters", "tags", "owner", "metadata", *OPTIONS})
        return TaskSpec(
            **fields,
            tags=tuple(dict.fromkeys(self.tags)),
            parameters=parameters_text(self.parameters),
            owner=self.owner or "",
            options=_options(self),
            metadata=metadata_text(self.metadata),
        )


OPTION_NAMES = {"returns": "return"}
OPTIONS = ("observables", "precision", "returns", "noise", "backend", "compile")


def _options(request: SubmitRequest) -> str | None:
    if request.model_fields_set.isdisjoint(OPTIONS):
        return None
    asked = {OPTION_NAMES.get(name, name): getattr(request, name) for name in OPTIONS}
    return options_text(asked)


class ValidateRequest(BaseModel):
    """A circuit to look at and not to run."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"circuit": BELL}, {"circuit": INPUT, "parameters": {"theta": 0.3}}]
        },
    )

    circuit: Circuit
    parameters: Parameters = None

    def spec(self) -> TaskSpec:
        fields = self.model_dump(exclude={"parameters"})
        return TaskSpec(**fields, parameters=parameters_text(self.parameters))


class EstimateRequest(ValidateRequest):
    """A circuit to look at, and how it would be run."""

    shots: Shots = 1024
    engine: Engine = AUTO
    method: Method = None


def parse_submission(body: bytes) -> TaskSpec:
    """A request body as a task. Raises InvalidJson, or a RequestError that names the field."""
    return _parsed(SubmitRequest, body).spec()


def parse_question(body: bytes) -> TaskSpec:
    """What is to be validated; raises what `parse_submission` does."""
    return _parsed(ValidateRequest, body).spec()


def parse_estimate(body: bytes) -> TaskSpec:
    """What is to be estimated, likewise."""
    return _parsed(EstimateRequest, body).spec()


def _parsed(model: type[M], body: bytes) -> M:
    return checked(model, read_json(body))


def read_json(body: bytes) -> Any:
    """A request body, read. Raises InvalidJson."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        raise InvalidJson from None


def checked(model: type[M], fields: Any) -> M:
    """What was read, as a model has it. Raises a RequestError that names the field."""
    if not isinstance(fields, dict):
        raise InvalidRequest('the body must be a JSON object with a "circuit"')
    # Before pydantic, which would make an error of each of a million unknown fields.
    known = _fields(model)
    if unknown := next((name for name in fields if name not in known), None):
        raise InvalidRequest(f"{unknown[:60]}: no such field")
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
    raise InvalidRequest(first_reason(problems))


@cache
def _fields(model: type[BaseModel]) -> frozenset[str]:
    """The names of a body's fields."""
    return frozenset(field.alias or name for name, field in model.model_fields.items())


NOT_FIELDS = ("body", "query", "path", *WAYS)


def first_reason(problems: Sequence[Any]) -> str:
    """The first of pydantic's findings as "field: reason"."""
    place = [str(part) for part in problems[0]["loc"] if part not in NOT_FIELDS]
    reason = problems[0]["msg"].removeprefix("Value error, ")
    return f"{'.'.join(place)}: {reason[:1].lower()}{reason[1:]}"
