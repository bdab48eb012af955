"""A twin as Qiskit's compiler and Aer's noise know devices: all of it, or some of its qubits."""

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


@dataclass(frozen=True)
class TargetBackend:
    """As much of a Qiskit backend as Aer reads a noise model from."""

    target: Target
    version = 2

    @property
    def operation_names(self) -> list[str]:
        return list(self.target.operation_names)

    @property
    def dt(self) -> float | None:
        dt: float | None = self.target.dt
        return dt


@lru_cache(4)
def full_target(twin: DeviceSnapshot) -> Target:
    """All of a twin."""
    return _target(twin, twin.qubits, twin.gates, dict(enumerate(range(len(twin.qubits)))))


def subset_target(
    twin: DeviceSnapshot, qubits: Iterable[int], used: Iterable[tuple[str, tuple[int, ...]]]
) -> Target:
    """Some qubits, numbered anew, with the gates on them that are `used`."""
    places = {qubit: k for k, qubit in enumerate(qubits)}
    wanted = set(used)
    gates = [gate for gate in twin.gates if (gate.name, gate.qubits) in wanted]
    return _target(twin, [twin.qubits[qubit] for qubit in places], gates, places)


def _target(
    twin: DeviceSnapshot,
    qubits: Iterable[QubitCalibration],
    gates: Iterable[GateCalibration],
    places: Mapping[int, int],
) -> Target:
    known = list(qubits)
    target = Target(
        num_qubits=len(known),
        dt=twin.dt_s,
        qubit_properties=[QubitProperties(q.t1_s, q.t2_s, q.frequency_hz) for q in known],
    )
    for name, found in _group_by_name(gates, places).items():
        target.add_instruction(_instruction(name), found, name=name)
    readouts = [InstructionProperties(q.readout_s, q.readout_error) for q in known]
    target.add_instruction(Measure(), {(k,): each for k, each in enumerate(readouts)})
    target.add_instruction(Delay(Parameter("t")), {(k,): None for k in range(len(known))})
    return target


def _group_by_name(
    gates: Iterable[GateCalibration], places: Mapping[int, int]
) -> dict[str, PlacedProperties]:
    found: dict[str, PlacedProperties] = {}
    for gate in gates:
        on = tuple([places[qubit] for qubit in gate.qubits])
        found.setdefault(gate.name, {})[on] = InstructionProperties(gate.duration_s, gate.error)
    return found


def _instruction(name: str) -> Any:
    return Reset() if name == "reset" else get_standard_gate_name_mapping()[name]
