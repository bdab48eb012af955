"""A circuit without what is known beforehand.

All qubits begin as |0>, and many gates leave them 0 or 1, up to a phase of everything: of an adder
of two given numbers nothing is left, of others fewer gates on fewer qubits.
"""

from collections.abc import Iterator

from quantumtask.openqasm.program.operations import BASIC_GATES, CONTROLLED_GATE_BASES, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Step

BasisValues = dict[int, int]
"""The qubits that are 0 or 1 for certain."""

SYMMETRIC = frozenset(["cz", "cp", "ccx"])
"""Gates whose second qubit may be taken for the control as well as the first."""

DIAGONAL = frozenset(["id", "z", "s", "sdg", "t", "tdg", "p", "rz", "rzz"])
BIT_FLIPS = frozenset(["x", "y"])


def propagate_constants(circuit: Circuit) -> Circuit:
    """A circuit whose results have the same distribution, without gates that can be told.

    Only of one that measures at its end: any other comes back as it is.
    """
    if not circuit.terminal_measurements_only:
        return circuit
    known: BasisValues = dict.fromkeys(circuit.active_qubits, 0)
    steps: list[Step] = []
    for number, step in enumerate(circuit.steps):
        if not known:
            steps += circuit.steps[number:]
            break
        if isinstance(step, Operation):
            steps += _left(step, known)
        elif step.qubit not in known:
            steps.append(step)
    return _measured(circuit, steps, known) if len(steps) < len(circuit.steps) else circuit


def _measured(circuit: Circuit, steps: list[Step], known: BasisValues) -> Circuit:
    """With outcomes numbered anew, and those that are known among the bits of the result."""
    bits: dict[int, int] = {}
    kept = 0
    for step in circuit.steps:
        if isinstance(step, Measure):
            unknown = step.qubit not in known
            bits[step.outcome] = -1 - kept if unknown else known[step.qubit]
            kept += unknown
    numbered = [
        Measure(step.qubit, -1 - bits[step.outcome]) if isinstance(step, Measure) else step
        for step in steps
    ]
    return Circuit(
        tuple(numbered),
        tuple([bit if bit >= 0 else bits[-1 - bit] for bit in circuit.bits]),
        kept,
        all(step.is_clifford for step in numbered if isinstance(step, Operation)),
        terminal_measurements_only=True,
        control_outcomes=frozenset(-1 - bits[k] for k in circuit.control_outcomes if bits[k] < 0),
    )


def _left(operation: Operation, known: BasisValues) -> Iterator[Operation]:
    """What is left of an operation; changes what is known."""
    free = _without_controls(operation, known)
    if free is None:
        return
    qubits = free.qubits
    if not (known.keys() >= set(qubits) and _is_told(free.gate.name, qubits, known)):
        for qubit in qubits:
            if known.pop(qubit, 0):
                yield Operation(BASIC_GATES["x"], (), (qubit,))
        yield free


def _is_told(name: str, qubits: tuple[int, ...], known: BasisValues) -> bool:
    """Whether a gate leaves qubits that are known so; then they are known as it leaves them."""
    if name in BIT_FLIPS:
        known[qubits[0]] ^= 1
    elif name == "swap":
        one, other = qubits
        known[one], known[other] = known[other], known[one]
    return name in BIT_FLIPS or name == "swap" or name in DIAGONAL


def _without_controls(operation: Operation, known: BasisValues) -> Operation | None:
    """Without the controls that are known; None: it does nothing, for what one of them is."""
    gate, params, qubits, controls = operation
    told = [k for k in range(len(controls)) if qubits[k] in known]
    if any(known[qubits[k]] != controls[k] for k in told):
        return None
    if told:
        qubits = tuple([qubit for k, qubit in enumerate(qubits) if k not in told])
        controls = tuple([wanted for k, wanted in enumerate(controls) if k not in told])
    while left := CONTROLLED_GATE_BASES.get(gate.name):
        first = len(controls)
        controlling = qubits[first : first + (2 if gate.name in SYMMETRIC else 1)]
        control = next((qubit for qubit in controlling if qubit in known), None)
        if control is None:
            break
        if not known[control]:
            return None
        gate, qubits = BASIC_GATES[left], tuple([qubit for qubit in qubits if qubit != control])
    return Operation(gate, params, qubits, controls)
