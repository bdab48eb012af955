"""Programs on a device as they are written: qubit k of the program is the device's qubit k."""

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
from quantumtask.shared.settings import Settings

CODE = "backend_unsuitable"

MAX_PATHS = 256
MAX_STEPS_PER_PATH = 20_000
"""Most ways through a program that depends on outcomes, and most steps of each, that are checked
before the program runs."""


def check_physical_program(program: Program, device: DeviceSnapshot, settings: Settings) -> None:
    """Raises Diagnostic, with its place in the text, for the first step that the device lacks.

    Of a program that depends on outcomes, the first MOST_WAYS ways are followed; the steps of other
    ways are checked when they run.
    """
    check, circuit = _StepChecker(device), program.circuit
    if circuit is None or circuit.control_outcomes:
        _follow(program.initial_execution.copy(), check, MAX_STEPS_PER_PATH)
        return
    why = next(filter(None, map(check.why, circuit.steps)), None)
    if why is not None:
        _follow(program.initial_execution.copy(), check, settings.max_steps)
        raise backend_unsuitable(why)


def _follow(process: Execution, check: "_StepChecker", most_steps: int) -> None:
    """Runs a program, both ways wherever it needs an outcome. Raises the Diagnostic of `check`."""
    waiting = [process]
    for _ in range(MAX_PATHS):
        if not waiting:
            return
        process = waiting.pop()
        try:
            process.run(check, most_steps)
        except _UnsupportedStep as found:
            raise Diagnostic(CODE, str(found), process.span) from None
        except UndecidedOutcome as needed:
            for value in (1, 0):
                way = process.copy()
                way.decide(needed.outcome, value)
                waiting.append(way)
        except Diagnostic:  # perhaps on a way that no shot takes
            continue


class _UnsupportedStep(Exception):
    """A step that the device lacks; the message says why."""


class _StepChecker:
    """A World that checks each step and has no state."""

    def __init__(self, device: DeviceSnapshot) -> None:
        self._device = device
        self._outcomes = 0
        self._gates = _places(device)

    def apply(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            self._look(operation)

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Checks delays; a barrier may name qubits that the device lacks."""
        for operation in operations:
            self._look(operation)

    def reset(self, qubits: Sequence[int]) -> None:
        for qubit in qubits:
            self._look(Reset(qubit))

    def measure(self, qubit: int) -> MeasurementOutcome:
        self._numbered([qubit])
        self._outcomes += 1
        return MeasurementOutcome(self._outcomes)

    def drop_terminal_measurements(self) -> None:
        """Does nothing: this world has no measurements."""

    def why(self, step: Step) -> str | None:
        """The reason why the device lacks a step; None if it has the step."""
        try:
            self._look(step)
        except _UnsupportedStep as found:
            return str(found)
        return None

    def _look(self, step: Step) -> None:
        if isinstance(step, Operation):
            self._operation(step)
        elif isinstance(step, Reset):
            self._named("reset", (step.qubit,))
        else:
            self._numbered([step.qubit])

    def _operation(self, operation: Operation) -> None:
        """Checks a gate, or that the qubit of a delay exists."""
        if operation.gate.name not in TIMING_OPERATIONS:
            self._gate(operation)
        elif operation.gate.name == DELAY:
            self._numbered(operation.qubits)

    def _gate(self, operation: Operation) -> None:
        self._numbered(operation.qubits)
        name = operation.gate.name
        if operation.controls or not isinstance(operation.gate, BasicGate):
            raise _UnsupportedStep(
                f"{self._device.name} has no {_modified(operation)}: {self._basis}"
            )
        self._named(name, operation.qubits)

    def _named(self, name: str, qubits: tuple[int, ...]) -> None:
        self._numbered(qubits)
        places = self._gates.get(name)
        if places is None:
            raise _UnsupportedStep(f"{self._device.name} has no `{name}`: {self._basis}")
        if qubits not in places:
            where = ", ".join(map(str, qubits))
            hint = "; it has one on " + ", ".join(map(str, qubits[::-1]))
            there = hint if len(qubits) > 1 and qubits[::-1] in places else ""
            raise _UnsupportedStep(f"{self._device.name} has no `{name}` on qubits {where}{there}")

    def _numbered(self, qubits: Sequence[int]) -> None:
        if max(qubits) >= len(self._device.qubits):
            raise _UnsupportedStep(_too_many(max(qubits) + 1, self._device))

    @property
    def _basis(self) -> str:
        gates = ", ".join(self._device.basis_gates)
        return f'its gates are {gates}; with "compile": "always" the circuit is compiled'


def _too_many(qubits: int, device: DeviceSnapshot) -> str:
    return f"qubit {qubits - 1:,} is needed, and {device.name} has {len(device.qubits)} qubits"


def _modified(operation: Operation) -> str:
    """A gate with its controls in words."""
    controls = "".join("ctrl @ " if on else "negctrl @ " for on in operation.controls[:3])
    return f"`{controls}{operation.gate.name}`"


def check_steps(steps: Sequence[Step], device: DeviceSnapshot) -> None:
    """Raises ResourceError for the first step that the device lacks."""
    check = _StepChecker(device)
    why = next(filter(None, map(check.why, steps)), None)
    if why is not None:
        raise backend_unsuitable(why)


@lru_cache(4)
def _places(device: DeviceSnapshot) -> Mapping[str, frozenset[tuple[int, ...]]]:
    found: dict[str, set[tuple[int, ...]]] = {}
    for gate in device.gates:
        found.setdefault(gate.name, set()).add(gate.qubits)
    return {name: frozenset(places) for name, places in found.items()}


def place_as_written(
    steps: Sequence[Step], qubits: Sequence[int], bits: Mapping[int, int], device: DeviceSnapshot
) -> DeviceCircuit:
    """A circuit of checked steps, on the device's qubits of the same numbers.

    The gates that turn a qubit before the measurement of an observable become native gates.
    """
    written = build_circuit(steps, range(len(device.qubits)), bits)
    own = {*_places(device), *TIMING_OPERATIONS}
    circuit = written.copy_empty_like()
    for item in written.data:
        if isinstance(item.operation, Gate) and item.operation.name not in own:
            for gate in _translated(item.operation.name, device):
                circuit._append(CircuitInstruction(gate, item.qubits, ()))
        else:
            circuit._append(item)
    return DeviceCircuit(circuit, tuple(qubits), True)


@lru_cache(64)
def _translated(name: str, device: DeviceSnapshot) -> list[Gate]:
    """A gate of TURNS as native gates of the device."""
    circuit = QuantumCircuit(1)
    circuit.append(get_standard_gate_name_mapping()[name], [0])
    passes = PassManager([Optimize1qGatesDecomposition(basis=list(device.basis_gates))])
    return [item.operation for item in passes.run(circuit).data]
