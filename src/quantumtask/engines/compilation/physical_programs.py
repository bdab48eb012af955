"""Programs as written: qubit k of the program is the device's qubit k, and no gate is compiled."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Gate
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import Optimize1qGatesDecomposition

from quantumtask.engines.compilation.transpile import DeviceCircuit, backend_unsuitable
from quantumtask.engines.devices.calibration import DeviceSnapshot
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.openqasm.program.execution import Execution, MeasurementOutcome, UndecidedOutcome
from quantumtask.openqasm.program.operations import (
    DELAY,
    TIMING_OPERATIONS,
    BasicGate,
    Operation,
)
from quantumtask.openqasm.program.program import Program, Reset, Step
from quantumtask.openqasm.text.source import Diagnostic
from quantumtask.shared.quantity import quantity
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

MAX_PATHS = 256
"""Largest number of paths through a program that are checked before it runs."""

MAX_STEPS_PER_PATH = 20_000
"""Largest number of steps of each path that are checked before a program runs."""


def check_physical_program(program: Program, device: DeviceSnapshot, settings: Settings) -> None:
    """Check that a device has all gates and qubits of a program.

    A program that depends on outcomes is checked along its first MAX_PATHS paths; the steps of
    other paths are checked while it runs.

    Raises:
        Diagnostic: the first step that the device lacks, with its place in the text.
    """
    checker, circuit = _StepChecker(device), program.circuit
    if circuit is None or circuit.control_outcomes:
        _check_paths(program.initial_execution.copy(), checker, MAX_STEPS_PER_PATH)
        return
    reason = checker.first_reason(circuit.steps)
    if reason is not None:
        _check_paths(program.initial_execution.copy(), checker, settings.max_steps)
        raise backend_unsuitable(reason)


def _check_paths(execution: Execution, checker: "_StepChecker", max_steps: int) -> None:
    """Run a program along both values of each outcome that it needs.

    Raises:
        Diagnostic: the first step that the device lacks.
    """
    pending = [execution]
    for _ in range(MAX_PATHS):
        if not pending:
            return
        execution = pending.pop()
        try:
            execution.run(checker, max_steps)
        except _UnsupportedStep as error:
            raise Diagnostic(FailureCode.BACKEND_UNSUITABLE, str(error), execution.span) from None
        except UndecidedOutcome as undecided:
            for value in (1, 0):
                branch = execution.copy()
                branch.decide(undecided.outcome, value)
                pending.append(branch)
        except Diagnostic:  # perhaps on a path that no shot takes
            continue


class _UnsupportedStep(Exception):
    """The device lacks a step of the program; the message has the reason."""


class _StepChecker:
    """A QuantumTarget that checks each step and has no state."""

    def __init__(self, device: DeviceSnapshot) -> None:
        self._device = device
        self._outcomes = 0
        self._places = _gate_places(device)

    def apply(self, operations: Sequence[Operation]) -> None:
        """Check gates."""
        for operation in operations:
            self._check(operation)

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Check delays; a barrier may name qubits that the device lacks."""
        for operation in operations:
            self._check(operation)

    def reset(self, qubits: Sequence[int]) -> None:
        """Check that the device can reset these qubits."""
        for qubit in qubits:
            self._check(Reset(qubit))

    def measure(self, qubit: int) -> MeasurementOutcome:
        """Check that the qubit exists, and return a new outcome."""
        self._check_qubits([qubit])
        self._outcomes += 1
        return MeasurementOutcome(self._outcomes)

    def drop_terminal_measurements(self) -> None:
        """Do nothing: no measurement is recorded."""

    def first_reason(self, steps: Sequence[Step]) -> str | None:
        """Return why the device lacks the first unsupported step; None if it has all steps."""
        try:
            for step in steps:
                self._check(step)
        except _UnsupportedStep as error:
            return str(error)
        return None

    def _check(self, step: Step) -> None:
        if isinstance(step, Operation):
            self._check_operation(step)
        elif isinstance(step, Reset):
            self._check_native("reset", (step.qubit,))
        else:
            self._check_qubits([step.qubit])

    def _check_operation(self, operation: Operation) -> None:
        if operation.gate.name not in TIMING_OPERATIONS:
            self._check_gate(operation)
        elif operation.gate.name == DELAY:
            self._check_qubits(operation.qubits)

    def _check_gate(self, operation: Operation) -> None:
        self._check_qubits(operation.qubits)
        if operation.controls or not isinstance(operation.gate, BasicGate):
            raise _UnsupportedStep(
                f"{self._device.name} has no {_quote_gate(operation)}: {self._basis}"
            )
        self._check_native(operation.gate.name, operation.qubits)

    def _check_native(self, name: str, qubits: tuple[int, ...]) -> None:
        self._check_qubits(qubits)
        places = self._places.get(name)
        if places is None:
            raise _UnsupportedStep(f"{self._device.name} has no `{name}`: {self._basis}")
        if qubits not in places:
            pair = ", ".join(map(str, qubits))
            reverse = qubits[::-1]
            hint = f"; it has one on {', '.join(map(str, reverse))}"
            remedy = hint if len(qubits) > 1 and reverse in places else ""
            raise _UnsupportedStep(f"{self._device.name} has no `{name}` on qubits {pair}{remedy}")

    def _check_qubits(self, qubits: Sequence[int]) -> None:
        size, highest = len(self._device.qubits), max(qubits)
        if highest >= size:
            raise _UnsupportedStep(
                f"qubit {highest:,} is needed, and {self._device.name} has "
                f"{quantity(size, 'qubit')}"
            )

    @property
    def _basis(self) -> str:
        gates = ", ".join(self._device.basis_gates)
        return f'its gates are {gates}; with "compile": "always" the circuit is compiled'


def _quote_gate(operation: Operation) -> str:
    """Return the name of a gate with its controls."""
    controls = "".join("ctrl @ " if on else "negctrl @ " for on in operation.controls[:3])
    return f"`{controls}{operation.gate.name}`"


def check_steps(steps: Sequence[Step], device: DeviceSnapshot) -> None:
    """Check that a device supports every step.

    Raises:
        ResourceError: `backend_unsuitable` for the first step that the device lacks.
    """
    reason = _StepChecker(device).first_reason(steps)
    if reason is not None:
        raise backend_unsuitable(reason)


@lru_cache(4)
def _gate_places(device: DeviceSnapshot) -> Mapping[str, frozenset[tuple[int, ...]]]:
    """Return the qubits, in order, on which a device has each gate."""
    places: dict[str, set[tuple[int, ...]]] = {}
    for gate in device.gates:
        places.setdefault(gate.name, set()).add(gate.qubits)
    return {name: frozenset(qubits) for name, qubits in places.items()}


def place_as_written(
    steps: Sequence[Step], qubits: Sequence[int], clbits: Mapping[int, int], device: DeviceSnapshot
) -> DeviceCircuit:
    """Return a circuit of checked steps, on the device's qubits of the same numbers.

    The basis changes before the measurement of an observable become native gates.

    Args:
        qubits: The qubits that the steps use.
        clbits: The classical bit of each outcome.
    """
    written = build_circuit(steps, range(len(device.qubits)), clbits)
    native = {*_gate_places(device), *TIMING_OPERATIONS}
    circuit = written.copy_empty_like()
    for item in written.data:
        if isinstance(item.operation, Gate) and item.operation.name not in native:
            for gate in _translate(item.operation.name, device):
                circuit._append(CircuitInstruction(gate, item.qubits, ()))
        else:
            circuit._append(item)
    return DeviceCircuit(circuit, tuple(qubits), True)


@lru_cache(64)
def _translate(name: str, device: DeviceSnapshot) -> list[Gate]:
    """Return a gate of BASIS_CHANGES as native gates of the device."""
    circuit = QuantumCircuit(1)
    circuit.append(get_standard_gate_name_mapping()[name], [0])
    passes = PassManager([Optimize1qGatesDecomposition(basis=list(device.basis_gates))])
    return [item.operation for item in passes.run(circuit).data]
