"""Idle times of a device's qubits, for a program whose gates become known while it runs."""

from collections.abc import Mapping
from typing import NamedTuple

from qiskit import QuantumCircuit

from quantumtask.engines.compilation.idle_time import delay_seconds, instruction_durations
from quantumtask.engines.devices.calibration import DeviceSnapshot
from quantumtask.openqasm.program.operations import BARRIER, DELAY


class IdleSchedule(NamedTuple):
    """Schedule of a circuit, with each gate as late as possible (Qiskit's ALAPScheduleAnalysis).

    All times are in seconds.

    Attributes:
        duration: The duration of the circuit.
        gaps: For each instruction, the idle time of each of its qubits after the instruction.
        leading: The idle time of each qubit before its first instruction.
        trailing: The idle time of each qubit after its last instruction.
    """

    duration: float
    gaps: list[Mapping[int, float]]
    leading: dict[int, float]
    trailing: dict[int, float]


def schedule_alap(circuit: QuantumCircuit, device: DeviceSnapshot) -> IdleSchedule:
    """Return the schedule of a circuit whose qubit k is the device's qubit k."""
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    durations = instruction_durations(device)
    starts: dict[int, float] = {}  # of the next instruction, counted back from the end
    trailing: dict[int, float] = {}
    gaps: list[Mapping[int, float]] = []
    for item in reversed(circuit.data):
        name, qubits = item.operation.name, tuple([number[qubit] for qubit in item.qubits])
        end = max([starts.get(qubit, 0.0) for qubit in qubits], default=0.0)
        gaps.append({q: end - starts[q] for q in qubits if q in trailing})
        if name != BARRIER:
            for qubit in qubits:
                trailing.setdefault(qubit, end)
        if name == DELAY:
            time = delay_seconds(item.operation, device)
        else:
            time = durations.get((name, qubits), 0)
        starts |= dict.fromkeys(qubits, end + time)
    duration = max(starts.values(), default=0.0)
    leading = {qubit: duration - starts[qubit] for qubit in trailing}
    return IdleSchedule(duration, gaps[::-1], leading, trailing)


class IdleClock:
    """Idle time of each physical qubit since its last instruction, in seconds.

    A qubit is added by setting its entry in `idle_s`.
    """

    __slots__ = ("_readout_s", "idle_s")

    def __init__(self) -> None:
        self.idle_s: dict[int, float] = {}
        self._readout_s: dict[int, float] = {}

    def copy(self) -> "IdleClock":
        """Return a copy that runs independently."""
        clone = IdleClock()
        clone.idle_s, clone._readout_s = self.idle_s.copy(), self._readout_s.copy()
        return clone

    def reset(self, qubit: int) -> float:
        """Return the idle time of a qubit, and set it to 0."""
        seconds = self.idle_s.get(qubit, 0.0)
        self.idle_s[qubit] = 0.0
        return seconds

    def add_measurement(self, qubit: int, seconds: float) -> None:
        """Add a measurement, which is parallel to the others before the next gate."""
        self._readout_s[qubit] = seconds

    def end_measurements(self) -> None:
        """End the measurements: the idle time of all other qubits grows by the longest one."""
        longest = max(self._readout_s.values(), default=0.0)
        for qubit in self.idle_s:
            self.idle_s[qubit] += longest - self._readout_s.get(qubit, 0.0)
        self._readout_s = {}

    def begin_segment(self, leading: Mapping[int, float], duration: float) -> None:
        """Begin a segment of gates: each qubit is idle until its first gate, or all the time."""
        for qubit in self.idle_s:
            self.idle_s[qubit] += leading.get(qubit, duration)

    def end_segment(self, trailing: Mapping[int, float]) -> None:
        """End a segment: each qubit has been idle since its last gate."""
        self.idle_s |= trailing
