"""Constant propagation: removal of gates on qubits whose value is definite.

All qubits begin as |0>, and many gates leave them |0> or |1> up to a global phase. An adder of two
constants becomes an empty circuit; other circuits get fewer gates on fewer qubits.
"""

from collections.abc import Iterator

from quantumtask.openqasm.program.operations import BASIC_GATES, CONTROLLED_GATE_BASES, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Step

BasisValues = dict[int, int]
"""The value of each qubit that is |0> or |1>."""

SYMMETRIC = frozenset(["cz", "cp", "ccx"])
"""Gates whose first two qubits are interchangeable, so that either is a control."""

DIAGONAL = frozenset(["id", "z", "s", "sdg", "t", "tdg", "p", "rz", "rzz"])
BIT_FLIPS = frozenset(["x", "y"])


def propagate_constants(circuit: Circuit) -> Circuit:
    """Return a circuit with the same distribution of results and fewer gates.

    Only for a circuit that measures at its end; every other circuit is returned unchanged.
    """
    if not circuit.terminal_measurements_only:
        return circuit
    values: BasisValues = dict.fromkeys(circuit.active_qubits, 0)
    steps: list[Step] = []
    for number, step in enumerate(circuit.steps):
        if not values:
            steps += circuit.steps[number:]
            break
        if isinstance(step, Operation):
            if values.keys().isdisjoint(step.qubits):
                steps.append(step)
            else:
                steps += _remaining_operations(step, values)
        elif step.qubit not in values:
            steps.append(step)
    return _build(circuit, steps, values) if len(steps) < len(circuit.steps) else circuit


def _build(circuit: Circuit, steps: list[Step], values: BasisValues) -> Circuit:
    """Return the circuit with new outcome numbers; definite values become bits of the result."""
    bits: dict[int, int] = {}
    count = 0
    for step in circuit.steps:
        if isinstance(step, Measure):
            is_measured = step.qubit not in values
            bits[step.outcome] = -1 - count if is_measured else values[step.qubit]
            count += is_measured
    numbered = [
        Measure(step.qubit, -1 - bits[step.outcome]) if isinstance(step, Measure) else step
        for step in steps
    ]
    return Circuit(
        tuple(numbered),
        tuple([bit if bit >= 0 else bits[-1 - bit] for bit in circuit.bits]),
        count,
        circuit.clifford
        or all(step.is_clifford for step in numbered if isinstance(step, Operation)),
        terminal_measurements_only=True,
        control_outcomes=frozenset(-1 - bits[k] for k in circuit.control_outcomes if bits[k] < 0),
    )


def _remaining_operations(operation: Operation, values: BasisValues) -> Iterator[Operation]:
    """Yield the operations that remain of one operation, and update the values."""
    alone = len(operation.qubits) == 1  # most gates: without controls
    reduced = operation if alone else _remove_controls(operation, values)
    if reduced is None:
        return
    qubits = reduced.qubits
    if not (values.keys() >= set(qubits) and _update_values(reduced.gate.name, qubits, values)):
        for qubit in qubits:
            if values.pop(qubit, 0):
                yield Operation(BASIC_GATES["x"], (), (qubit,))
        yield reduced


def _update_values(name: str, qubits: tuple[int, ...], values: BasisValues) -> bool:
    """Apply a gate to definite values; return False if the gate makes them indefinite."""
    if name in BIT_FLIPS:
        values[qubits[0]] ^= 1
    elif name == "swap":
        first, second = qubits
        values[first], values[second] = values[second], values[first]
    return name in BIT_FLIPS or name == "swap" or name in DIAGONAL


def _remove_controls(operation: Operation, values: BasisValues) -> Operation | None:
    """Return an operation without its definite controls; None if a control disables it."""
    gate, params, qubits, controls = operation
    definite = [k for k in range(len(controls)) if qubits[k] in values]
    if any(values[qubits[k]] != controls[k] for k in definite):
        return None
    if definite:
        qubits = tuple([qubit for k, qubit in enumerate(qubits) if k not in definite])
        controls = tuple([value for k, value in enumerate(controls) if k not in definite])
    while base := CONTROLLED_GATE_BASES.get(gate.name):
        first = len(controls)
        candidates = qubits[first : first + (2 if gate.name in SYMMETRIC else 1)]
        control = next((qubit for qubit in candidates if qubit in values), None)
        if control is None:
            break
        if not values[control]:
            return None
        gate, qubits = BASIC_GATES[base], tuple([qubit for qubit in qubits if qubit != control])
    return Operation(gate, params, qubits, controls)
