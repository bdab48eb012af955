"""What a validation found, as the JSON object that goes to the client."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from quantumtask.shared.task import Failure, Problem

if TYPE_CHECKING:
    from quantumtask.openqasm import Validation


def findings(verdict: "Validation | Failure") -> bytes:
    """The JSON text: `valid`, all `problems`, and what the circuit declares.

    A Failure is a circuit that could not be read: it declares nothing, as far as we know.
    """
    if isinstance(verdict, Failure):
        return _text(False, verdict.problems or (Problem(verdict.code, verdict.message),))
    return _text(
        verdict.valid,
        verdict.problems,
        inputs=[{"name": one.name, "type": one.type} for one in verdict.inputs],
        outputs=[{"name": one.name, "type": one.type} for one in verdict.outputs],
        registers=[{"name": one.name, "size": one.size} for one in verdict.registers],
        qubits=verdict.qubits,
        operations=verdict.operations,
    )


def _text(valid: bool, problems: tuple[Problem, ...], **declared: Any) -> bytes:
    nothing = {"inputs": [], "outputs": [], "registers": [], "qubits": 0, "operations": None}
    found = {"valid": valid, "problems": [asdict(problem) for problem in problems]}
    return json.dumps({**found, **nothing, **declared}).encode()
