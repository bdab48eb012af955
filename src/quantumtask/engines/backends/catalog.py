"""What a task can be run on, as it is told: the ideal simulator, and the twins of devices."""

from collections.abc import Iterable
from functools import cache
from statistics import median
from typing import Any

from quantumtask.engines.devices.calibration import (
    DeviceSnapshot,
    GateCalibration,
    QubitCalibration,
    load_all_snapshots,
    load_snapshot,
)
from quantumtask.engines.selection.methods import METHODS
from quantumtask.openqasm.program.operations import BASIC_GATES
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import SIMULATOR

Json = dict[str, Any]


def list_backends(settings: Settings) -> Json:
    """All of them, in short."""
    return {"backends": [_simulator(settings), *_twins()]}


def describe_backend(name: str, settings: Settings) -> Json:
    """One of them in full. Raises ResourceError `backend_unknown` where there is none."""
    if name == SIMULATOR:
        nothing: Json = {"coupling_map": None, "dt_ns": None, "gates": [], "qubits_properties": []}
        return {**_simulator(settings), **nothing}
    return _whole(load_snapshot(name))


def _simulator(settings: Settings) -> Json:
    fitting = [one.most_qubits(settings) or 0 for one in METHODS]
    return {
        "name": SIMULATOR,
        "description": "ideal; more qubits where the circuit is Clifford or little entangled",
        "qubits": max(fitting),
        "noisy": False,
        "basis_gates": sorted(BASIC_GATES),
        "calibrated": None,
        "median_errors": None,
    }


@cache
def _twins() -> list[Json]:
    """Remembered: it takes half a second to read them all."""
    return [_brief(one) for one in load_all_snapshots()]


def _brief(device: DeviceSnapshot) -> Json:
    return {
        "name": device.name,
        "description": device.about,
        "qubits": len(device.qubits),
        "noisy": True,
        "basis_gates": list(device.basis_gates),
        "calibrated": device.day,
        "median_errors": {
            "one_qubit": _median(_error(device.gates, 1)),
            "two_qubit": _median(_error(device.gates, 2)),
            "readout": _median(qubit.readout_error for qubit in device.qubits),
        },
    }


def _error(gates: Iterable[GateCalibration], qubits: int) -> Iterable[float | None]:
    """Errors of the gates on so many qubits; not of those that never err, or that do not work."""
    errors = [gate.error for gate in gates if len(gate.qubits) == qubits]
    return [error for error in errors if error is not None and 0 < error < 1]


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _whole(device: DeviceSnapshot) -> Json:
    return {
        **_brief(device),
        "coupling_map": [list(pair) for pair in device.coupling],
        "dt_ns": _times(device.dt_s, 1e9),
        "gates": [_gate(gate) for gate in device.gates],
        "qubits_properties": [_qubit(qubit) for qubit in device.qubits],
    }


def _gate(gate: GateCalibration) -> Json:
    return {
        "name": gate.name,
        "qubits": list(gate.qubits),
        "error": gate.error,
        "duration_ns": _times(gate.duration_s, 1e9),
    }


def _qubit(qubit: QubitCalibration) -> Json:
    return {
        "t1_us": _times(qubit.t1_s, 1e6),
        "t2_us": _times(qubit.t2_s, 1e6),
        "frequency_ghz": _times(qubit.frequency_hz, 1e-9),
        "readout_error": qubit.readout_error,
        "readout_ns": _times(qubit.readout_s, 1e9),
    }


def _times(value: float | None, factor: float) -> float | None:
    """In another unit, without the digits that the change of unit adds."""
    return None if value is None else float(f"{value * factor:.12g}")
