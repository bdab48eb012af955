"""Qiskit's description (Target) of a device snapshot, or of some of its qubits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qiskit.circuit import Delay, Measure, Parameter, Reset
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.providers import QubitProperties
from qiskit.transpiler import InstructionProperties, Target

from quantumtask.engines.devices.calibration import (
    DeviceSnapshot,
    GateCalibration,
    QubitCalibration,
)

PlacedProperties = dict[tuple[int, ...], InstructionProperties]
"""Error and duration of a gate, by its qubits."""


@dataclass(frozen=True)
class TargetBackend:
    """The part of the interface of a Qiskit backend from which Aer builds a noise model."""

    target: Target
    version = 2

    @property
    def operation_names(self) -> list[str]:
        """The names of all instructions."""
        return list(self.target.operation_names)

    @property
    def dt(self) -> float | None:
        """The time unit of the device in seconds."""
        dt: float | None = self.target.dt
        return dt


@lru_cache(4)
def full_target(device: DeviceSnapshot) -> Target:
    """Return the target of a whole device."""
    same = dict(enumerate(range(len(device.qubits))))
    return _build_target(device, device.qubits, device.gates, same)


def subset_target(
    device: DeviceSnapshot,
    qubits: Iterable[int],
    gate_uses: Iterable[tuple[str, tuple[int, ...]]],
) -> Target:
    """Return the target of some qubits, numbered anew.

    Args:
        gate_uses: The gates of the target, by name and qubits.
    """
    places = {qubit: k for k, qubit in enumerate(qubits)}
    uses = set(gate_uses)
    gates = [gate for gate in device.gates if (gate.name, gate.qubits) in uses]
    return _build_target(device, [device.qubits[qubit] for qubit in places], gates, places)


def _build_target(
    device: DeviceSnapshot,
    qubits: Iterable[QubitCalibration],
    gates: Iterable[GateCalibration],
    places: Mapping[int, int],
) -> Target:
    calibrations = list(qubits)
    target = Target(
        num_qubits=len(calibrations),
        dt=device.dt_s,
        qubit_properties=[QubitProperties(q.t1_s, q.t2_s, q.frequency_hz) for q in calibrations],
    )
    for name, properties in _group_by_name(gates, places).items():
        target.add_instruction(_instruction(name), properties, name=name)
    readouts = [InstructionProperties(q.readout_s, q.readout_error) for q in calibrations]
    target.add_instruction(Measure(), {(k,): each for k, each in enumerate(readouts)})
    target.add_instruction(Delay(Parameter("t")), {(k,): None for k in range(len(calibrations))})
    return target


def _group_by_name(
    gates: Iterable[GateCalibration], places: Mapping[int, int]
) -> dict[str, PlacedProperties]:
    grouped: dict[str, PlacedProperties] = {}
    for gate in gates:
        on = tuple([places[qubit] for qubit in gate.qubits])
        grouped.setdefault(gate.name, {})[on] = InstructionProperties(gate.duration_s, gate.error)
    return grouped


def _instruction(name: str) -> Any:
    return Reset() if name == "reset" else get_standard_gate_name_mapping()[name]
