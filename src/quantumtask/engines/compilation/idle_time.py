"""Idle time of qubits on a device, and the decay of the qubits during it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Delay, Instruction
from qiskit_aer.noise import thermal_relaxation_error

from quantumtask.engines.devices.calibration import DeviceSnapshot, QubitCalibration
from quantumtask.openqasm.gates.hardware import barrier_operation, delay_operation
from quantumtask.openqasm.program.operations import BARRIER, DELAY, TIMING_OPERATIONS, Operation
from quantumtask.openqasm.program.program import Step
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.task import FailureCode

MIN_IDLE_S = 1e-9
"""Shortest idle time: shorter gaps come from rounding durations to the unit of a device."""

MAX_CACHED_ERRORS = 4096

Durations = Mapping[tuple[str, tuple[int, ...]], float]


def convert_delays(
    steps: Sequence[Step], device: DeviceSnapshot
) -> tuple[list[Step], tuple[int, ...]]:
    """Converts delays to nanoseconds, and drops barriers that order nothing.

    Returns:
        The steps, and the qubits with any step but barriers. Barriers keep only those qubits, and
        no barrier comes twice in a row.

    Raises:
        ResourceError: A delay is in `dt`, and the device has no such unit.
    """
    qubits = {qubit for step in steps if _name(step) != BARRIER for qubit in _qubits(step)}
    found: list[Step] = []
    last: Step | None = None
    for step in steps:
        if not isinstance(step, Operation) or step.gate.name not in TIMING_OPERATIONS:
            found.append(step)
        elif step.gate.name == DELAY:
            nanoseconds, dt = step.params
            found.append(delay_operation(step.qubits[0], nanoseconds + _dt_ns(dt, device), 0.0))
        elif step is not last and (over := [qubit for qubit in step.qubits if qubit in qubits]):
            found.append(barrier_operation(over))
        last = step
    return found, tuple(sorted(qubits))


def _name(step: Step) -> str:
    return step.gate.name if isinstance(step, Operation) else ""


def _qubits(step: Step) -> tuple[int, ...]:
    return step.qubits if isinstance(step, Operation) else (step.qubit,)


def _dt_ns(dt: float, device: DeviceSnapshot) -> float:
    """The nanoseconds of so many units of a device."""
    if dt and device.dt_s is None:
        message = f"{device.name} has no unit `dt` of time: write delays in ns, us or s"
        raise ResourceError(FailureCode.BACKEND_UNSUITABLE, message)
    return dt * (device.dt_s or 0.0) * 1e9


def remove_pauses(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit without barriers and delays."""
    found = circuit.copy_empty_like()
    for item in circuit.data:
        if item.operation.name not in TIMING_OPERATIONS:
            found._append(item)
    return found


def add_idle_delays(circuit: QuantumCircuit, device: DeviceSnapshot) -> QuantumCircuit:
    """The circuit with a delay wherever a qubit waits, its instructions as late as they can be.

    The schedule is that of Qiskit's ALAPScheduleAnalysis. Qubit k of the circuit is qubit k of the
    device. There is no delay after the last instruction of a qubit.
    """
    durations = instruction_durations(device)
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    begin = [0.0] * circuit.num_qubits  # of the next instruction, counted from the end
    busy: set[int] = set()
    found: list[CircuitInstruction] = []
    for item in reversed(circuit.data):
        qubits = [number[qubit] for qubit in item.qubits]
        end = max([begin[qubit] for qubit in qubits], default=0.0)
        for qubit in qubits:
            gap = end - begin[qubit]
            if gap > MIN_IDLE_S and qubit in busy:
                found.append(CircuitInstruction(Delay(gap, "s"), (circuit.qubits[qubit],), ()))
            begin[qubit] = end + _seconds(item, tuple(qubits), durations, device)
        if item.operation.name != BARRIER:
            busy.update(qubits)
        found.append(item)
    padded = circuit.copy_empty_like()
    for item in reversed(found):
        padded._append(item)
    return padded


@lru_cache(4)
def instruction_durations(device: DeviceSnapshot) -> Durations:
    """Seconds of each gate on its qubits, and of measurements; unknown durations are 0."""
    found = {(gate.name, gate.qubits): gate.duration_s or 0.0 for gate in device.gates}
    for k, qubit in enumerate(device.qubits):
        found["measure", (k,)] = qubit.readout_s or 0.0
    return found


def _seconds(
    item: CircuitInstruction, qubits: tuple[int, ...], durations: Durations, device: DeviceSnapshot
) -> float:
    if item.operation.name == DELAY:
        return delay_seconds(item.operation, device)
    return durations.get((item.operation.name, qubits), 0.0)


def delay_seconds(operation: Instruction, device: DeviceSnapshot) -> float:
    """Converts the duration of a delay, in seconds or in the device's `dt`, to seconds."""
    unit = 1.0 if operation.unit == "s" else device.dt_s or 0.0
    return float(operation.duration) * unit


def insert_relaxation(circuit: QuantumCircuit, device: DeviceSnapshot) -> QuantumCircuit:
    """The circuit with the error of each delay in its place, and without barriers.

    Qubit k of the circuit is qubit k of the device. Delays before the first instruction of a qubit,
    which is in its ground state, and after the last have no effect.
    """
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    waits: dict[int, float] = {}  # how long each qubit has been idle; none before its first gate
    found = circuit.copy_empty_like()
    for item in circuit.data:
        name = item.operation.name
        if name == BARRIER:
            continue
        if name == DELAY:
            qubit = number[item.qubits[0]]
            if qubit in waits:
                waits[qubit] += delay_seconds(item.operation, device)
            continue
        for bit in item.qubits:
            seconds = waits.get(number[bit], 0.0)
            if (
                seconds
                and (error := relaxation_error(device.qubits[number[bit]], seconds)) is not None
            ):
                found._append(CircuitInstruction(error, (bit,), ()))
            waits[number[bit]] = 0.0
        found._append(item)
    return found


@lru_cache(MAX_CACHED_ERRORS)
def relaxation_error(qubit: QubitCalibration, seconds: float) -> Instruction | None:
    """The thermal relaxation of an idle qubit, as Aer's NoiseModel.from_backend has it for a delay.

    None if T1 or T2 of the qubit is not known.
    """
    if qubit.t1_s is None and qubit.t2_s is None:
        return None
    t1 = float("inf") if qubit.t1_s is None else qubit.t1_s
    t2 = 2 * t1 if qubit.t2_s is None else min(qubit.t2_s, 2 * t1)
    return thermal_relaxation_error(t1, t2, seconds).to_instruction()
