"""Idle times of a device's qubits, in a program whose gates become known while it runs."""

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
        waits: For each instruction, the idle time of each of its qubits after the instruction.
        begins: The idle time of each qubit before its first instruction.
        ends: The idle time of each qubit after its last instruction.
    """

    duration: float
    waits: list[Mapping[int, float]]
    begins: dict[int, float]
    ends: dict[int, float]


def schedule_alap(circuit: QuantumCircuit, device: DeviceSnapshot) -> IdleSchedule:
    """The schedule of a circuit whose qubit k is the device's qubit k."""
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    durations = instruction_durations(device)
    next_at: dict[int, float] = {}  # when the next instruction begins, counted from the end
    ends: dict[int, float] = {}
    waits: list[Mapping[int, float]] = []
    for item in reversed(circuit.data):
        name, qubits = item.operation.name, tuple([number[qubit] for qubit in item.qubits])
        end = max([next_at.get(qubit, 0.0) for qubit in qubits], default=0.0)
        waits.append({q: end - next_at[q] for q in qubits if q in ends})
        if name != BARRIER:
            for qubit in qubits:
                ends.setdefault(qubit, end)
        time = (
            delay_seconds(item.operation, device)
            if name == DELAY
            else durations.get((name, qubits), 0)
        )
        next_at |= dict.fromkeys(qubits, end + time)
    whole = max(next_at.values(), default=0.0)
    begins = {qubit: whole - next_at[qubit] for qubit in ends}
    return IdleSchedule(whole, waits[::-1], begins, ends)


class IdleClock:
    """Idle time in seconds of each place, since the last instruction on that place."""

    __slots__ = ("_reads", "waits")

    def __init__(self) -> None:
        self.waits: dict[int, float] = {}
        self._reads: dict[int, float] = {}

    def copy(self) -> "IdleClock":
        twin = IdleClock()
        twin.waits, twin._reads = self.waits.copy(), self._reads.copy()
        return twin

    def taken(self, place: int) -> float:
        """Returns the idle time of a place in seconds, and sets it to 0."""
        wait = self.waits.get(place, 0.0)
        self.waits[place] = 0.0
        return wait

    def read(self, place: int, seconds: float) -> None:
        """Adds a measurement of so many seconds, parallel to the others before the next gate."""
        self._reads[place] = seconds

    def end_reading(self) -> None:
        """Ends the measurements: every place that was not measured has been idle meanwhile."""
        longest = max(self._reads.values(), default=0.0)
        for place in self.waits:
            self.waits[place] += longest - self._reads.get(place, 0.0)
        self._reads = {}

    def begin(self, begins: Mapping[int, float], duration: float) -> None:
        """Begins a segment of gates: each place waits for its first gate, or for the whole."""
        for place in self.waits:
            self.waits[place] += begins.get(place, duration)

    def end(self, ends: Mapping[int, float]) -> None:
        """Ends a segment: sets the idle time of each place after its last gate, in seconds."""
        self.waits |= ends
