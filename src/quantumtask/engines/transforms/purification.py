"""Purification: mid-circuit measurements and resets as terminal measurements on more qubits.

A measured qubit is first copied to a fresh ancilla, and a reset replaces a qubit by a fresh one.
The gates of the new circuit prepare a pure state, from which every exact value follows (principle
of deferred measurement; Nielsen and Chuang, section 4.4).
"""

from typing import NamedTuple

from quantumtask.openqasm.program.operations import BASIC_GATES, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Step


class PurifiedCircuit(NamedTuple):
    """Circuit that measures at its end.

    Attributes:
        qubits: For each qubit of the program, the qubit of `circuit` that has its final state.
    """

    circuit: Circuit
    qubits: dict[int, int]


def defer_to_ancillas(circuit: Circuit) -> PurifiedCircuit:
    """Return a circuit with the same outcomes that measures at its end."""
    qubit_of = {qubit: qubit for qubit in circuit.active_qubits}
    if circuit.terminal_measurements_only:
        return PurifiedCircuit(circuit, qubit_of)
    fresh = max(qubit_of, default=-1) + 1
    terminal = circuit.terminal_measurements.outcomes
    steps: list[Step] = []
    measurements: list[Step] = []
    for step in circuit.steps:
        if isinstance(step, Operation):
            steps.append(step._replace(qubits=tuple([qubit_of[q] for q in step.qubits])))
            continue
        qubit = qubit_of[step.qubit]
        if isinstance(step, Measure) and step.outcome in terminal:
            measurements.append(Measure(qubit, step.outcome))
        elif isinstance(step, Measure):
            steps.append(Operation(BASIC_GATES["cx"], (), (qubit, fresh)))
            measurements.append(Measure(fresh, step.outcome))
            fresh += 1
        else:
            qubit_of[step.qubit] = fresh
            fresh += 1
    purified = Circuit(
        (*steps, *measurements),
        circuit.bits,
        circuit.measurement_count,
        circuit.clifford,
        terminal_measurements_only=True,
    )
    return PurifiedCircuit(purified, qubit_of)
