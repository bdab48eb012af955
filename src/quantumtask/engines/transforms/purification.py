"""Circuits that go on after measuring, as circuits that measure at their end.

What is measured and then changed is first copied to a fresh qubit, and a reset qubit is a fresh
one. The gates of such a circuit make a pure state, and every exact value follows from that.
"""

from typing import NamedTuple

from quantumtask.openqasm.program.operations import BASIC_GATES, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Step


class PurifiedCircuit(NamedTuple):
    """A circuit that measures at its end, and what has become of the program's qubits in it."""

    circuit: Circuit
    qubits: dict[int, int]


def defer_to_ancillas(circuit: Circuit) -> PurifiedCircuit:
    """The same circuit, measured at its end, on more qubits where it needs them."""
    names = {qubit: qubit for qubit in circuit.active_qubits}
    if circuit.terminal_measurements_only:
        return PurifiedCircuit(circuit, names)
    fresh = max(names, default=-1) + 1
    taken_back = circuit.terminal_measurements.outcomes
    steps: list[Step] = []
    measured: list[Step] = []
    for step in circuit.steps:
        if isinstance(step, Operation):
            steps.append(step._replace(qubits=tuple([names[q] for q in step.qubits])))
            continue
        on = names[step.qubit]
        if isinstance(step, Measure) and step.outcome in taken_back:
            measured.append(Measure(on, step.outcome))
        elif isinstance(step, Measure):
            steps.append(Operation(BASIC_GATES["cx"], (), (on, fresh)))
            measured.append(Measure(fresh, step.outcome))
            fresh += 1
        else:
            names[step.qubit] = fresh
            fresh += 1
    steps += measured
    pure = Circuit(
        tuple(steps),
        circuit.bits,
        circuit.measurement_count,
        circuit.clifford,
        terminal_measurements_only=True,
    )
    return PurifiedCircuit(pure, names)
