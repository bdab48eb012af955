"""The body of `POST /jobs`, checked field by field."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, FailFast, Field

from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.requests import CircuitField, parse_model, read_json
from quantumtask.doors.ionq.noise_models import IDEAL
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.task import SIMULATOR

CIRCUIT, MULTI_CIRCUIT, OPENQASM = "ionq.circuit.v1", "ionq.multi-circuit.v1", "ionq.qasm3.v1"
JOB_TYPES = (CIRCUIT, MULTI_CIRCUIT, OPENQASM)
SHOTS_OF_A_JOB = 100


def _whole_number(value: Any) -> Any:
    """Return a number that cirq-ionq sends as text as a number."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


class JobNoise(BodyPart):
    """The noise model of the simulator, by name."""

    model: str = IDEAL
    seed: int | None = None


class JobCompilation(BodyPart):
    """Settings of IonQ's compiler, which change the circuit on the hardware and no distribution."""

    opt: float | None = None
    precision: str | float | None = None
    service_version: str | None = None
    gate_basis: str | None = None


class JobMitigation(BodyPart):
    """Settings of error mitigation."""

    debiasing: bool | None = None


class JobSettings(BodyPart):
    """Settings of a job."""

    compilation: JobCompilation | None = None
    error_mitigation: JobMitigation | None = None


class JobBody(BodyPart):
    """A job."""

    type: Literal["ionq.circuit.v1", "ionq.multi-circuit.v1", "ionq.qasm3.v1"]
    input: dict[str, Any]
    backend: str = SIMULATOR
    shots: Annotated[int, BeforeValidator(_whole_number)] = SHOTS_OF_A_JOB
    name: str | None = Field(None, max_length=1000)
    metadata: dict[str, Any] | None = None
    noise: JobNoise | None = None
    settings: JobSettings | None = None
    session_id: str | None = None
    dry_run: bool = False
    lang: Literal["json"] | None = None

    @property
    def noise_model(self) -> str:
        """The name of the noise model."""
        return self.noise.model if self.noise else IDEAL


class CircuitInput(BodyPart):
    """The input of a job with one circuit."""

    qubits: Annotated[int, Field(ge=1)]
    circuit: list[Any]
    gateset: Literal["qis", "native"] = "qis"


class CircuitsInput(BodyPart):
    """The input of a job with several circuits."""

    circuits: Annotated[list[dict[str, Any]], FailFast(), Field(min_length=1)]
    qubits: Annotated[int | None, Field(ge=1)] = None
    gateset: Literal["qis", "native"] = "qis"


class ChildCircuit(BodyPart):
    """One of the circuits of a job of the type `ionq.multi-circuit.v1`."""

    circuit: list[Any]
    name: str | None = None
    qubits: Annotated[int | None, Field(ge=1)] = None
    gateset: Literal["qis", "native"] | None = None


class OpenQasmInput(BodyPart):
    """The input of a job with a program in OpenQASM 3."""

    data: CircuitField
    qubits: Annotated[int | None, Field(ge=0)] = None


def parse_job(body: bytes) -> JobBody:
    """Return the job in a request body.

    Raises:
        InvalidJson: the body is not JSON.
        InvalidRequest: a field is not valid, or asks for something that this service lacks.
    """
    job = parse_part(JobBody, read_json(body), "")
    if job.dry_run:
        raise InvalidRequest(
            "dry_run: this service has no compiler for IonQ's hardware; POST /validate and "
            "/estimate of its own API answer without running"
        )
    if job.settings and job.settings.error_mitigation and job.settings.error_mitigation.debiasing:
        raise InvalidRequest(
            "settings.error_mitigation.debiasing: this service has no debiasing; leave it out, or "
            "send false"
        )
    if job.backend != SIMULATOR and job.noise_model != IDEAL:
        raise InvalidRequest(
            f"noise.model: only with the backend `{SIMULATOR}`; a device has its own noise"
        )
    return job


_M = TypeVar("_M", bound=BaseModel)


def parse_part(model: type[_M], fields: Any, place: str) -> _M:
    """Return a part of the body as a model; raise InvalidRequest with its place."""
    if not isinstance(fields, dict):
        raise InvalidRequest(f"{place or 'body'}: must be a JSON object")
    try:
        return parse_model(model, fields)
    except InvalidRequest as error:
        raise InvalidRequest(f"{place}.{error.message}" if place else error.message) from None
