"""PennyLane Lightning, the fastest state vector for most circuits.

The compiled class is used directly, without PennyLane. Wire 0 of Lightning is the highest bit of a
state index; qubit 0 here is the lowest.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pennylane_lightning import lightning_qubit_ops

from quantumtask.engines.gates.gate_action import gate_action, gate_matrix
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators import exact_sampling
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.engines.transforms.gate_fusion import FUSION_MIN_QUBITS, fuse_single_qubit_gates
from quantumtask.openqasm.program.operations import BasicGate, Operation
from quantumtask.openqasm.program.program import Circuit

PROGRESS_MIN_QUBITS = 20
"""Qubits from which a gate takes much longer than the count of it."""


class GateMethod(NamedTuple):
    """Method of Lightning's state vector that applies a gate.

    Attributes:
        inverse: The method applies the gate if it is called with `inverse` True.
        controls: The number of the gate's first qubits that are controls for the method.
    """

    method: str
    inverse: bool = False
    controls: int = 0


GATE_METHODS = {
    "x": GateMethod("PauliX"), "y": GateMethod("PauliY"), "z": GateMethod("PauliZ"),
    "h": GateMethod("Hadamard"), "s": GateMethod("S"), "sdg": GateMethod("S", True),
    "t": GateMethod("T"), "tdg": GateMethod("T", True), "sx": GateMethod("SX"),
    "sxdg": GateMethod("SX", True), "p": GateMethod("PhaseShift"), "rx": GateMethod("RX"),
    "ry": GateMethod("RY"), "rz": GateMethod("RZ"), "cx": GateMethod("PauliX", controls=1),
    "cy": GateMethod("PauliY", controls=1), "cz": GateMethod("PauliZ", controls=1),
    "ch": GateMethod("Hadamard", controls=1), "csx": GateMethod("SX", controls=1),
    "cp": GateMethod("PhaseShift", controls=1), "crx": GateMethod("RX", controls=1),
    "cry": GateMethod("RY", controls=1), "crz": GateMethod("RZ", controls=1),
    "swap": GateMethod("SWAP"), "cswap": GateMethod("SWAP", controls=1),
    "ccx": GateMethod("PauliX", controls=2), "rxx": GateMethod("IsingXX"),
    "ryy": GateMethod("IsingYY"), "rzz": GateMethod("IsingZZ"),
}  # fmt: skip
"""The gates that Lightning has; all other gates are applied as matrices."""

CONTROLLED_METHODS = {
    "cx": "CNOT", "cy": "CY", "cz": "CZ", "cp": "ControlledPhaseShift", "crx": "CRX", "cry": "CRY",
    "crz": "CRZ", "ccx": "Toffoli", "cswap": "CSWAP",
}  # fmt: skip
"""Faster methods for gates whose controls are part of the gate."""

DirectMethod = tuple[Callable[[list[int], bool, tuple[float, ...]], None], bool]
"""Method of a state vector that takes the wires of a gate, and its argument `inverse`."""


def run(sampling: SamplingRun, plan: RunPlan) -> ShotOrder | None:
    """Sample a circuit that measures at its end; see `Engine.run`."""
    compute = partial(probabilities, precision=plan.precision, progress=sampling.progress)
    return exact_sampling.sample(sampling, plan, compute)


def probabilities(
    circuit: Circuit, qubits: tuple[int, ...], *, precision: str, progress: RunProgress
) -> NDArray[np.float64]:
    """Return the probabilities of all values of some qubits; see `Probabilities`.

    Raises:
        MemoryError: The state does not fit the memory.
    """
    wires = {
        qubit: len(circuit.active_qubits) - 1 - k for k, qubit in enumerate(circuit.active_qubits)
    }
    state = _new_state(len(wires), precision)
    operations = [step for step in circuit.steps if isinstance(step, Operation)]
    _apply_all(state, operations, wires, precision, progress)
    measurements = _measurements(precision)(state)
    if len(qubits) == len(wires):
        values = measurements.probs()
    else:
        values = measurements.probs([wires[qubit] for qubit in reversed(qubits)])
    del measurements, state  # frees the state before a copy is made
    return np.require(values, dtype=np.float64, requirements="W")


def evolve(
    vector: ComplexArray, operations: list[Operation], *, progress: RunProgress
) -> ComplexArray:
    """Apply operations to a state vector in place; takes twice the memory of the vector.

    Args:
        vector: 2**n amplitudes; bit k of an index is qubit k.
        operations: Operations on the qubits 0 to n - 1.
        progress: The progress of the run.

    Raises:
        MemoryError: The state does not fit the memory.
    """
    qubits = len(vector).bit_length() - 1
    state = _new_state(qubits, "double")
    if vector[0] != 1:
        state.updateData(vector)
    wires = {qubit: qubits - 1 - qubit for qubit in range(qubits)}
    _apply_all(state, operations, wires, "double", progress)
    state.getState(vector)
    return vector


def _apply_all(
    state: Any,
    operations: list[Operation],
    wires: dict[int, int],
    precision: str,
    progress: RunProgress,
) -> None:
    if len(wires) >= FUSION_MIN_QUBITS:
        operations = fuse_single_qubit_gates(operations)
    steps: Iterable[Operation] = operations
    if len(wires) >= PROGRESS_MIN_QUBITS:
        steps = progress.each(operations, len(operations))
    direct: dict[BasicGate, DirectMethod | None] = {}
    for operation in steps:
        gate, params, qubits, controls = operation
        method = None
        if not controls and isinstance(gate, BasicGate):
            method = direct.get(gate) or direct.setdefault(gate, _direct_method(state, gate.name))
        if method is None:
            _apply(state, operation, [wires[qubit] for qubit in qubits], precision)
        else:
            method[0]([wires[qubit] for qubit in qubits], method[1], params)


def _direct_method(state: Any, name: str) -> DirectMethod | None:
    """Return the method of a gate that takes all qubits alike; None if there is none."""
    if name in CONTROLLED_METHODS:
        return getattr(state, CONTROLLED_METHODS[name]), False
    entry = GATE_METHODS.get(name)
    if entry is None or entry.controls:
        return None
    return getattr(state, entry.method), entry.inverse


def _new_state(qubits: int, precision: str) -> Any:
    if precision == "single":
        return lightning_qubit_ops.StateVectorC64(qubits)
    return lightning_qubit_ops.StateVectorC128(qubits)


def _measurements(precision: str) -> Any:
    if precision == "single":
        return lightning_qubit_ops.MeasurementsC64
    return lightning_qubit_ops.MeasurementsC128


def _apply(state: Any, operation: Operation, wires: list[int], precision: str) -> None:
    gate, params, _, controls = operation
    if isinstance(gate, BasicGate) and gate.name in GATE_METHODS:
        entry = GATE_METHODS[gate.name]
        method, first = getattr(state, entry.method), len(controls) + entry.controls
        if not first:
            method(wires, entry.inverse, params)
        else:
            values = [*controls, *(True,) * entry.controls]
            method(wires[:first], values, wires[first:], entry.inverse, params)
    elif not isinstance(gate, BasicGate) or gate.name != "id":
        _apply_matrix(state, operation, wires, precision)


def _apply_matrix(state: Any, operation: Operation, wires: list[int], precision: str) -> None:
    """Apply a gate by its matrix; targets are reversed, as the first wire is the highest bit."""
    dtype = np.complex64 if precision == "single" else np.complex128
    if len(wires) == 1:
        single = gate_matrix(operation.gate, operation.params)
        state.applyMatrix(np.ascontiguousarray(single, dtype=dtype), wires, False)
        return
    action = gate_action(operation)
    matrix = np.ascontiguousarray(action.matrix, dtype=dtype)
    targets = [wires[k] for k in reversed(action.targets)]
    if action.controls:
        controls = [wires[k] for k, _ in action.controls]
        values = [bool(value) for _, value in action.controls]
        state.applyControlledMatrix(matrix, controls, values, targets, False)
    else:
        state.applyMatrix(matrix, targets, False)
