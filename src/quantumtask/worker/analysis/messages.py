"""What can be asked without running anything, and what was found, as both travel."""

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from quantumtask.shared.task import Failure, Problem, TaskSpec

if TYPE_CHECKING:
    from quantumtask.openqasm import Validation

Json = dict[str, Any]


class Kind(StrEnum):
    VALIDATE = "validate"
    ESTIMATE = "estimate"
    ENGINES = "engines"
    BACKENDS = "backends"
    BACKEND = "backend"


class Question(NamedTuple):
    """What is asked: of a circuit and how it would be run; `spec` None: of none.

    `name`: that of the backend that is asked about.
    """

    kind: Kind
    spec: TaskSpec | None = None
    name: str = ""


class Finding(NamedTuple):
    """What was found, a JSON object; `good`: it is what was asked for, and not why there is none.

    `fit`: the child that found it can be asked again.
    """

    good: bool
    content: Json
    fit: bool = True

    def encoded(self) -> bytes:
        return json.dumps(self).encode()


def decoded(data: bytes) -> Finding:
    """What `encoded` was made of. Raises ValueError or TypeError for anything else."""
    return Finding(*json.loads(data))


def of_failure(kind: Kind, failure: Failure, fit: bool = True) -> Finding:
    """Where a circuit could not be read or run. That is what a validation asks for."""
    if kind is Kind.VALIDATE:
        return Finding(True, report(failure), fit)
    return Finding(False, asdict(failure), fit)


def report(verdict: "Validation | Failure") -> Json:
    """`valid`, all `problems`, and what the circuit declares.

    A Failure is a circuit that could not be read: it declares nothing, as far as we know.
    """
    if isinstance(verdict, Failure):
        return _report(False, verdict.problems or (Problem(verdict.code, verdict.message),))
    return _report(
        verdict.valid,
        verdict.problems,
        inputs=[{"name": one.name, "type": one.type} for one in verdict.inputs],
        outputs=[{"name": one.name, "type": one.type} for one in verdict.outputs],
        registers=[{"name": one.name, "size": one.size} for one in verdict.registers],
        qubits=verdict.qubits,
        operations=verdict.operations,
    )


def _report(valid: bool, problems: tuple[Problem, ...], **declared: Any) -> Json:
    nothing = {"inputs": [], "outputs": [], "registers": [], "qubits": 0, "operations": None}
    told = {"valid": valid, "problems": [asdict(problem) for problem in problems]}
    return {**told, **nothing, **declared}
