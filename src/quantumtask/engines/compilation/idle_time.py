"""Delays and idle time of qubits on a device, and the decay of the qubits meanwhile."""

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
"""Shortest idle time: shorter gaps come from rounding durations to the time unit of a device."""

MAX_DELAYS_S = 1_000_000
"""Longest time of all delays of a circuit: a schedule counts time units in 64 bits."""

MAX_CACHED_ERRORS = 4096

Durations = Mapping[tuple[str, tuple[int, ...]], float]
"""Seconds of an instruction, by its name and qubits."""


def convert_delays(
    steps: Sequence[Step], device: DeviceSnapshot
) -> tuple[list[Step], tuple[int, ...]]:
    """Convert delays to nanoseconds, and drop barriers that order nothing.

    Returns:
        The steps, and the qubits that any step but a barrier uses. Barriers act on these qubits
        only, and equal barriers do not follow each other.

    Raises:
        ResourceError: a delay is in `dt`, and the device has no such unit, or the delays are longer
            than a schedule can be.
    """
    qubits = {qubit for step in steps if _name(step) != BARRIER for qubit in _qubits(step)}
    converted: list[Step] = []
    last: Step | None = None
    duration_ns = 0.0
    for step in steps:
        if not isinstance(step, Operation) or step.gate.name not in TIMING_OPERATIONS:
            converted.append(step)
        elif step.gate.name == DELAY:
            nanoseconds, dt = step.params
            total_ns = nanoseconds + _dt_to_ns(dt, device)
            duration_ns += abs(total_ns)
            converted.append(delay_operation(step.qubits[0], total_ns, 0.0))
        elif step is not last and (across := [q for q in step.qubits if q in qubits]):
            converted.append(barrier_operation(across))
        last = step
    _check_duration(duration_ns, device)
    return converted, tuple(sorted(qubits))


def _check_duration(nanoseconds: float, device: DeviceSnapshot) -> None:
    if not nanoseconds <= MAX_DELAYS_S * 1e9:
        message = (
            f"the delays of the circuit take {nanoseconds * 1e-9:.3g} s in all; on {device.name}, "
            f"they can take at most {MAX_DELAYS_S:,} s: shorten them"
        )
        raise ResourceError(FailureCode.BACKEND_UNSUITABLE, message)


def _name(step: Step) -> str:
    return step.gate.name if isinstance(step, Operation) else ""


def _qubits(step: Step) -> tuple[int, ...]:
    return step.qubits if isinstance(step, Operation) else (step.qubit,)


def _dt_to_ns(dt: float, device: DeviceSnapshot) -> float:
    if dt and device.dt_s is None:
        message = f"{device.name} has no time unit `dt`: write delays in ns, us, ms or s"
        raise ResourceError(FailureCode.BACKEND_UNSUITABLE, message)
    return dt * (device.dt_s or 0.0) * 1e9


def remove_barriers_and_delays(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit without barriers and delays."""
    remaining = circuit.copy_empty_like()
    for item in circuit.data:
        if item.operation.name not in TIMING_OPERATIONS:
            remaining._append(item)
    return remaining


def add_idle_delays(circuit: QuantumCircuit, device: DeviceSnapshot) -> QuantumCircuit:
    """Return the circuit with a delay wherever a qubit is idle, scheduled as late as possible.

    The schedule is that of Qiskit's ALAPScheduleAnalysis. Qubit k of the circuit is qubit k of the
    device. There is no delay after the last instruction of a qubit.
    """
    durations = instruction_durations(device)
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    starts = [0.0] * circuit.num_qubits  # of the next instruction, counted back from the end
    busy: set[int] = set()
    reversed_items: list[CircuitInstruction] = []
    for item in reversed(circuit.data):
        qubits = [number[qubit] for qubit in item.qubits]
        end = max([starts[qubit] for qubit in qubits], default=0.0)
        for qubit in qubits:
            gap = end - starts[qubit]
            if gap > MIN_IDLE_S and qubit in busy:
                delay = CircuitInstruction(Delay(gap, "s"), (circuit.qubits[qubit],), ())
                reversed_items.append(delay)
            starts[qubit] = end + _duration(item, tuple(qubits), durations, device)
        if item.operation.name != BARRIER:
            busy.update(qubits)
        reversed_items.append(item)
    padded = circuit.copy_empty_like()
    for item in reversed(reversed_items):
        padded._append(item)
    return padded


@lru_cache(4)
def instruction_durations(device: DeviceSnapshot) -> Durations:
    """Return the seconds of each gate and measurement on its qubits; 0 if they are not known."""
    durations = {(gate.name, gate.qubits): gate.duration_s or 0.0 for gate in device.gates}
    for k, qubit in enumerate(device.qubits):
        durations["measure", (k,)] = qubit.readout_s or 0.0
    return durations


def _duration(
    item: CircuitInstruction, qubits: tuple[int, ...], durations: Durations, device: DeviceSnapshot
) -> float:
    if item.operation.name == DELAY:
        return delay_seconds(item.operation, device)
    return durations.get((item.operation.name, qubits), 0.0)


def delay_seconds(operation: Instruction, device: DeviceSnapshot) -> float:
    """Convert the duration of a delay, in seconds or in the device's `dt`, to seconds."""
    unit = 1.0 if operation.unit == "s" else device.dt_s or 0.0
    return float(operation.duration) * unit


def insert_relaxation(circuit: QuantumCircuit, device: DeviceSnapshot) -> QuantumCircuit:
    """Return the circuit with the error of each delay in its place, and without barriers.

    Qubit k of the circuit is qubit k of the device. Delays before the first instruction of a qubit,
    which is in its ground state, and after the last have no effect.
    """
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    idle_s: dict[int, float] = {}  # no entry before the first instruction of a qubit
    decaying = circuit.copy_empty_like()
    for item in circuit.data:
        name = item.operation.name
        if name == BARRIER:
            continue
        if name == DELAY:
            qubit = number[item.qubits[0]]
            if qubit in idle_s:
                idle_s[qubit] += delay_seconds(item.operation, device)
            continue
        for bit in item.qubits:
            qubit = number[bit]
            error = _relaxation(device.qubits[qubit], idle_s.get(qubit, 0.0))
            if error is not None:
                decaying._append(CircuitInstruction(error, (bit,), ()))
            idle_s[qubit] = 0.0
        decaying._append(item)
    return decaying


@lru_cache(MAX_CACHED_ERRORS)
def _relaxation(qubit: QubitCalibration, seconds: float) -> Instruction | None:
    """Return the decay of a qubit, as Aer's NoiseModel.from_backend has it for a delay.

    Returns:
        None without idle time, or if T1 and T2 of the qubit are not known.
    """
    if not seconds or (qubit.t1_s is None and qubit.t2_s is None):
        return None
    t1 = float("inf") if qubit.t1_s is None else qubit.t1_s
    t2 = 2 * t1 if qubit.t2_s is None else min(qubit.t2_s, 2 * t1)
    return thermal_relaxation_error(t1, t2, seconds).to_instruction()
