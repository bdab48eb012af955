"""Messages of the analysis child: requests to it, responses of it."""

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from quantumtask.shared.task import Failure, Problem, TaskSpec

if TYPE_CHECKING:
    from quantumtask.openqasm import Validation

JsonObject = dict[str, Any]


class AnalysisKind(StrEnum):
    """Kinds of requests."""

    VALIDATE = "validate"
    ESTIMATE = "estimate"
    DRAW = "draw"
    ENGINES = "engines"
    BACKENDS = "backends"
    BACKEND = "backend"


class AnalysisRequest(NamedTuple):
    """A request.

    Attributes:
        kind: The kind of the request.
        spec: The circuit and its options; None for a request about engines or backends.
        backend: The name of the backend that the request is about.
    """

    kind: AnalysisKind
    spec: TaskSpec | None = None
    backend: str = ""


class AnalysisResponse(NamedTuple):
    """A response.

    Attributes:
        ok: True if `body` is the answer; False if it is a failure.
        body: A JSON object.
        child_usable: False if the child has run out of memory and must be replaced.
    """

    ok: bool
    body: JsonObject
    child_usable: bool = True

    def to_json(self) -> bytes:
        """Return the response as JSON."""
        return json.dumps(self).encode()


def decode_response(data: bytes) -> AnalysisResponse:
    """Return the response from its JSON. Raises ValueError or TypeError for other data."""
    return AnalysisResponse(*json.loads(data))


def failure_response(
    kind: AnalysisKind, failure: Failure, child_usable: bool = True
) -> AnalysisResponse:
    """Return the response for a circuit that fails; for a validation, that is the answer."""
    if kind is AnalysisKind.VALIDATE:
        return AnalysisResponse(True, validation_report(failure), child_usable)
    return AnalysisResponse(False, asdict(failure), child_usable)


def validation_report(validation: "Validation | Failure") -> JsonObject:
    """Return `valid`, all `problems`, and the declarations of the circuit.

    Args:
        validation: A Failure if the circuit could not be read; the report then has no
            declarations.
    """
    if isinstance(validation, Failure):
        problems = validation.problems or (Problem(validation.code, validation.message),)
        return _report(False, problems)
    return _report(
        validation.valid,
        validation.problems,
        inputs=[{"name": each.name, "type": each.type} for each in validation.inputs],
        outputs=[{"name": each.name, "type": each.type} for each in validation.outputs],
        registers=[{"name": each.name, "size": each.size} for each in validation.registers],
        qubits=validation.qubits,
        operations=validation.operations,
    )


def _report(valid: bool, problems: tuple[Problem, ...], **declarations: Any) -> JsonObject:
    report = {"valid": valid, "problems": [asdict(problem) for problem in problems]}
    nothing = {"inputs": [], "outputs": [], "registers": [], "qubits": 0, "operations": None}
    return {**report, **nothing, **declarations}
