"""Backends as `GET /backends` lists them: the ideal simulator and the device snapshots."""

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
from quantumtask.engines.limits import available_bytes
from quantumtask.engines.selection.methods import IDEAL_METHODS
from quantumtask.openqasm.program.operations import BASIC_GATES
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import SIMULATOR

Json = dict[str, Any]


def list_backends(settings: Settings) -> Json:
    """Return a summary of every backend.

    Args:
        settings: Settings of the worker; their memory limits the qubits of the simulator.
    """
    return {"backends": [_simulator(settings), *_summarize_snapshots()]}


def describe_backend(name: str, settings: Settings) -> Json:
    """Return all data of a backend.

    Raises:
        ResourceError: `backend_unknown` if no backend has this name.
    """
    if name == SIMULATOR:
        no_device: Json = {
            "coupling_map": None, "dt_ns": None, "gates": [], "qubits_properties": [],
        }  # fmt: skip
        return {**_simulator(settings), **no_device}
    return _describe(load_snapshot(name))


def _simulator(settings: Settings) -> Json:
    available = available_bytes(settings.for_slots(settings.max_task_slots))
    limits = [method.memory.max_qubits(available) or 0 for method in IDEAL_METHODS]
    return {
        "name": SIMULATOR,
        "description": "ideal; more qubits where the circuit is Clifford or little entangled",
        "qubits": max(limits),
        "noisy": False,
        "basis_gates": sorted(BASIC_GATES),
        "calibrated": None,
        "median_errors": None,
    }


@cache
def _summarize_snapshots() -> list[Json]:
    """Return a summary of each snapshot; cached, because reading all files takes half a second."""
    return [_summarize(device) for device in load_all_snapshots()]


def _summarize(device: DeviceSnapshot) -> Json:
    return {
        "name": device.name,
        "description": device.description,
        "qubits": len(device.qubits),
        "noisy": True,
        "basis_gates": list(device.basis_gates),
        "calibrated": device.calibrated,
        "median_errors": {
            "one_qubit": _median(_gate_errors(device.gates, 1)),
            "two_qubit": _median(_gate_errors(device.gates, 2)),
            "readout": _median(qubit.readout_error for qubit in device.qubits),
        },
    }


def _gate_errors(gates: Iterable[GateCalibration], qubits: int) -> Iterable[float | None]:
    """Return the errors of gates with this number of qubits, except error-free and broken gates."""
    errors = [gate.error for gate in gates if len(gate.qubits) == qubits]
    return [error for error in errors if error is not None and 0 < error < 1]


def _median(values: Iterable[float | None]) -> float | None:
    measured = [value for value in values if value is not None]
    return median(measured) if measured else None


def _describe(device: DeviceSnapshot) -> Json:
    return {
        **_summarize(device),
        "coupling_map": [list(pair) for pair in device.coupling],
        "dt_ns": _scale(device.dt_s, 1e9),
        "gates": [_describe_gate(gate) for gate in device.gates],
        "qubits_properties": [_describe_qubit(qubit) for qubit in device.qubits],
    }


def _describe_gate(gate: GateCalibration) -> Json:
    return {
        "name": gate.name,
        "qubits": list(gate.qubits),
        "error": gate.error,
        "duration_ns": _scale(gate.duration_s, 1e9),
    }


def _describe_qubit(qubit: QubitCalibration) -> Json:
    return {
        "t1_us": _scale(qubit.t1_s, 1e6),
        "t2_us": _scale(qubit.t2_s, 1e6),
        "frequency_ghz": _scale(qubit.frequency_hz, 1e-9),
        "readout_error": qubit.readout_error,
        "readout_ns": _scale(qubit.readout_s, 1e9),
    }


def _scale(value: float | None, factor: float) -> float | None:
    """Convert a value to another unit, rounded to 12 digits."""
    return None if value is None else float(f"{value * factor:.12g}")
