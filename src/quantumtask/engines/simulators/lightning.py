"""PennyLane Lightning: the fastest state vector for most circuits, used as the class that it
compiles, without PennyLane around it.

Its wire 0 is the highest bit of an index; ours is the lowest.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pennylane_lightning import lightning_qubit_ops as compiled

from quantumtask.engines.gates.gate_action import action
from quantumtask.engines.sampling.shot_counts import Order
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators import exact_sampling
from quantumtask.engines.simulators.native.kernels import Vector
from quantumtask.engines.simulators.sampling_run import Job
from quantumtask.engines.transforms.gate_fusion import FUSED_FROM, fused
from quantumtask.openqasm.program.operations import BasicGate, Operation
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.settings import Settings


class Call(NamedTuple):
    """How Lightning names a gate: a method, whether its inverse is meant, and how many of the
    gate's qubits are controls for it."""

    method: str
    inverse: bool = False
    controls: int = 0


CALLS = {
    "x": Call("PauliX"), "y": Call("PauliY"), "z": Call("PauliZ"), "h": Call("Hadamard"),
    "s": Call("S"), "sdg": Call("S", True), "t": Call("T"), "tdg": Call("T", True),
    "sx": Call("SX"), "sxdg": Call("SX", True), "p": Call("PhaseShift"),
    "rx": Call("RX"), "ry": Call("RY"), "rz": Call("RZ"),
    "cx": Call("PauliX", controls=1), "cy": Call("PauliY", controls=1),
    "cz": Call("PauliZ", controls=1), "ch": Call("Hadamard", controls=1),
    "csx": Call("SX", controls=1), "cp": Call("PhaseShift", controls=1),
    "crx": Call("RX", controls=1), "cry": Call("RY", controls=1), "crz": Call("RZ", controls=1),
    "swap": Call("SWAP"), "cswap": Call("SWAP", controls=1), "ccx": Call("PauliX", controls=2),
    "rxx": Call("IsingXX"), "ryy": Call("IsingYY"), "rzz": Call("IsingZZ"),
}  # fmt: skip
"""The gates that Lightning has; all others are given by their matrices."""

SHORT = {
    "cx": "CNOT", "cy": "CY", "cz": "CZ", "cp": "ControlledPhaseShift", "crx": "CRX", "cry": "CRY",
    "crz": "CRZ", "ccx": "Toffoli", "cswap": "CSWAP",
}  # fmt: skip
"""Those of them that have a method of their own with their controls: it is faster."""


def run(job: Job, plan: RunPlan) -> Order | None:
    """The shots of a circuit that measures at its end; the number of each, if those are asked."""
    return exact_sampling.draw(job, plan, probabilities)


def probabilities(
    circuit: Circuit, qubits: tuple[int, ...], plan: RunPlan, threads: int, settings: Settings
) -> NDArray[np.float64]:
    """Probabilities of all values of some qubits; bit k of an index is the k-th of them.

    One thread: Lightning's gates use no more. Raises MemoryError.
    """
    del threads, settings
    wires = {
        qubit: len(circuit.active_qubits) - 1 - k for k, qubit in enumerate(circuit.active_qubits)
    }
    state = _state(len(wires), plan.precision)
    operations = [step for step in circuit.steps if isinstance(step, Operation)]
    _apply_all(state, operations, wires, plan.precision)
    measured = _measurements(plan.precision)(state)
    if len(qubits) == len(wires):
        found = measured.probs()
    else:
        found = measured.probs([wires[qubit] for qubit in reversed(qubits)])
    del measured, state
    return np.require(found, dtype=np.float64, requirements="W")


def evolve(vector: Vector, operations: list[Operation]) -> Vector:
    """A state vector after operations on qubits that are numbered by their place.

    Needs twice the memory of the vector. Raises MemoryError.
    """
    qubits = len(vector).bit_length() - 1
    state = _state(qubits, "double")
    if vector[0] != 1:
        state.updateData(vector)
    _apply_all(state, operations, {place: qubits - 1 - place for place in range(qubits)}, "double")
    state.getState(vector)
    return vector


def _apply_all(
    state: Any, operations: list[Operation], wires: dict[int, int], precision: str
) -> None:
    if len(wires) >= FUSED_FROM:
        operations = fused(operations)
    for operation in operations:
        _apply(state, operation, [wires[qubit] for qubit in operation.qubits], precision)


def _state(qubits: int, precision: str) -> Any:
    kind = compiled.StateVectorC64 if precision == "single" else compiled.StateVectorC128
    return kind(qubits)


def _measurements(precision: str) -> Any:
    return compiled.MeasurementsC64 if precision == "single" else compiled.MeasurementsC128


def _apply(state: Any, operation: Operation, wires: list[int], precision: str) -> None:
    gate, params, _, controls = operation
    if isinstance(gate, BasicGate) and gate.name in CALLS:
        if gate.name in SHORT and not controls:
            getattr(state, SHORT[gate.name])(wires, False, params)
            return
        call = CALLS[gate.name]
        first = len(controls) + call.controls
        if not first:
            getattr(state, call.method)(wires, call.inverse, params)
        else:
            values = [*controls, *(True,) * call.controls]
            getattr(state, call.method)(wires[:first], values, wires[first:], call.inverse, params)
    elif not isinstance(gate, BasicGate) or gate.name != "id":
        _apply_matrix(state, operation, wires, precision)


def _apply_matrix(state: Any, operation: Operation, wires: list[int], precision: str) -> None:
    """Qubits the other way round, because Lightning's first wire is a matrix's highest bit."""
    act = action(operation)
    matrix = np.ascontiguousarray(
        act.matrix, dtype=np.complex64 if precision == "single" else np.complex128
    )
    targets = [wires[place] for place in reversed(act.targets)]
    if act.controls:
        controls = [wires[place] for place, _ in act.controls]
        values = [bool(value) for _, value in act.controls]
        state.applyControlledMatrix(matrix, controls, values, targets, False)
    else:
        state.applyMatrix(matrix, targets, False)
