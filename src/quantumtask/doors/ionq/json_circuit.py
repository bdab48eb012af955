"""JSON circuits of IonQ, as OpenQASM 3 with a measurement of all qubits at the end."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from quantumtask.doors.ionq.circuit_budget import CircuitBudget
from quantumtask.doors.ionq.gate_call import JsonGate
from quantumtask.doors.ionq.native_gates import NATIVE_DEFINITIONS, NATIVE_WRITERS
from quantumtask.doors.ionq.pauli_exponential import pauli_exponential
from quantumtask.doors.ionq.qis_gates import QIS_WRITERS
from quantumtask.shared.close_names import suggestion
from quantumtask.shared.errors import InvalidRequest

QIS, NATIVE = "qis", "native"
GATE_SETS = (QIS, NATIVE)
PAULI_EXPONENTIAL = "pauliexp"

_HEAD = 'OPENQASM 3.0;\ninclude "qelib1.inc";\n'


class CircuitText(NamedTuple):
    """A circuit as OpenQASM.

    Attributes:
        text: OpenQASM 3; bit k of the result is qubit k.
        one_qubit_gates: The number of gate calls on one qubit.
        two_qubit_gates: The number of gate calls on two qubits.
    """

    text: str
    one_qubit_gates: int
    two_qubit_gates: int


def translate(
    circuit: Any, qubits: int, gate_set: str, place: str, budget: CircuitBudget
) -> CircuitText:
    """Return a JSON circuit as OpenQASM 3, with the same unitary up to a global phase.

    Args:
        circuit: The JSON value: a list of gate calls.
        qubits: The number of qubits.
        gate_set: One of GATE_SETS.
        place: The place of the circuit in the body.
        budget: The budget of the job.

    Raises:
        InvalidRequest: a gate call is not valid; the message names its place and the field.
        CircuitTooLarge: the budget is used up.
    """
    if not isinstance(circuit, list):
        raise InvalidRequest(f"{place}: must be a list of gates")
    lines = [_HEAD + NATIVE_DEFINITIONS if gate_set == NATIVE else _HEAD]
    lines.append(f"qubit[{qubits}] q;\nbit[{qubits}] c;\n")
    budget.add_text("".join(lines), place)
    counts = [0, 0, 0]
    for index, value in enumerate(circuit):
        call = JsonGate(f"{place}.{index}", value, qubits)
        for line in _statements(call, gate_set, budget):
            budget.add_text(line, call.place)
            counts[min(2, line.count("q[") - 1)] += 1
            lines.append(line + "\n")
    lines.append("c = measure q;\n")
    return CircuitText("".join(lines), counts[0], counts[1])


def _statements(call: JsonGate, gate_set: str, budget: CircuitBudget) -> Iterator[str]:
    gates = NATIVE_WRITERS if gate_set == NATIVE else QIS_WRITERS
    if write := gates.get(call.name):
        yield write(call)
    elif call.name == PAULI_EXPONENTIAL and gate_set == QIS:
        yield from pauli_exponential(call, budget)
    else:
        names = [*gates, *([PAULI_EXPONENTIAL] if gate_set == QIS else [])]
        raise call.error(
            "gate",
            f"{call.name[:40]!r} is not a gate of the gate set `{gate_set}`"
            f"{suggestion(call.name, names) or ': ' + ', '.join(names)}",
        )
