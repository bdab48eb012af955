"""Backends: the simulator and the device snapshots, as IBM's service describes its devices."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.query import get_service
from quantumtask.doors.ibm.answers import json_response
from quantumtask.shared.errors import InvalidRequest, NotFound
from quantumtask.shared.queue_stats import ExpectedWait
from quantumtask.shared.task import SIMULATOR

_VERSION = "1.0.0"
_OBJECTS_SINCE = "2025-05-01"
"""The version of IBM's API from which on a list has a JSON object for each backend."""
_WRONGLY_TWIRLED = ("p", "ry", "u")
"""Gates with which samplomatic 0.21, a library of the client, twirls layers wrongly if the angles
differ. Circuits with these gates run; compilers write others instead."""
_CONTROL_FLOW = ["if_else", "for_loop", "while_loop", "switch_case"]
_ONE_ANGLE = ("p", "rx", "ry", "rz", "u1", "cp", "crx", "cry", "crz", "rxx", "ryy", "rzz")
_ANGLES = {"u": 3, "u2": 2, "u3": 3, "cu": 4, **dict.fromkeys(_ONE_ANGLE, 1)}
"""The number of parameters of each gate that has some."""


async def answer_backends(request: Request) -> Response:
    """Return all backends."""
    text, expected = await get_service(request).catalog.backends()
    backends = json.loads(text)["backends"]
    if request.headers.get("ibm-api-version", _OBJECTS_SINCE) < _OBJECTS_SINCE:
        return json_response({"devices": [backend["name"] for backend in backends]})
    return json_response({"devices": [_summary(each, expected) for each in backends]})


def _summary(backend: dict[str, Any], expected: ExpectedWait) -> dict[str, Any]:
    errors = backend["median_errors"] or {}
    return {
        "name": backend["name"],
        "status": {"name": "online", "reason": "available"},
        "queue_length": expected.waiting,
        "wait_time_seconds": {"average": expected.wait_s},
        "qubits": backend["qubits"],
        "physical_qubits": backend["qubits"],
        "is_simulator": backend["name"] == SIMULATOR,
        "performance_metrics": {
            "two_q_error_best": {"value": errors.get("two_qubit"), "unit": ""},
        },
    }


async def get_status(request: Request) -> Response:
    """Return the state of a backend, which is always in operation, and the length of the queue."""
    _, expected = await _read(request)
    fields = {
        "state": True,
        "status": "active",
        "message": "available",
        "length_queue": expected.waiting,
        "backend_version": _VERSION,
    }
    return json_response(fields)


async def get_defaults(request: Request) -> Response:
    """Return no pulses, which earlier clients ask for."""
    await _read(request)
    return json_response({})


async def get_configuration(request: Request) -> Response:
    """Return the gates and the couplings of a backend."""
    backend, _ = await _read(request)
    settings = get_service(request).settings
    # In a thread: a device with many gates would delay other requests.
    return json_response(await asyncio.to_thread(_configuration, backend, settings.max_shots))


async def get_properties(request: Request) -> Response:
    """Return the calibration of a device.

    The answer is empty for the simulator, and for a time before the calibration.
    """
    backend, _ = await _read(request)
    if backend["calibrated"] is None or _is_earlier(request, _calibrated_at(backend)):
        return json_response({})
    return json_response(await asyncio.to_thread(_properties, backend))


async def _read(request: Request) -> tuple[dict[str, Any], ExpectedWait]:
    """Return the backend of a request's path, or raise NotFound."""
    name = request.path_params["backend"]
    backend, expected = await read_backend(request, name)
    check_calibration(backend, request.query_params.get("calibration_id"))
    return backend, expected


async def read_backend(request: Request, name: str) -> tuple[dict[str, Any], ExpectedWait]:
    """Return all data of a backend, and the expected wait of a new task, or raise NotFound."""
    text, expected = await get_service(request).catalog.backend(name)
    return json.loads(text), expected


def check_calibration(backend: dict[str, Any], calibration_id: str | None) -> None:
    """Raise NotFound if a backend has no calibration with this id: its day, as YYYY-MM-DD."""
    if calibration_id is not None and calibration_id != backend["calibrated"]:
        only = backend["calibrated"] or "none"
        raise NotFound(
            f"calibration_id: {calibration_id[:60]!r} is not a calibration of {backend['name']}, "
            f"which has {only}"
        )


def _is_earlier(request: Request, calibrated_at: datetime) -> bool:
    """Return True if the query asks for a calibration before the one that exists."""
    text = request.query_params.get("updated_before")
    if text is None:
        return False
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"updated_before: {text[:40]!r} is not a time in ISO 8601") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) < calibrated_at


def _calibrated_at(backend: dict[str, Any]) -> datetime:
    """Return the time of the calibration; for the simulator a date that the clients need."""
    return datetime.fromisoformat(backend["calibrated"] or "1970-01-01").replace(tzinfo=UTC)


def _configuration(backend: dict[str, Any], max_shots: int) -> dict[str, Any]:
    is_simulator = backend["name"] == SIMULATOR
    gates = _gates(backend)
    instructions = [*gates, "measure", "delay", *_CONTROL_FLOW]
    if is_simulator or any(gate["name"] == "reset" for gate in backend["gates"]):
        instructions.append("reset")
    fields = {
        "backend_name": backend["name"],
        "backend_version": _VERSION,
        "description": backend["description"],
        "n_qubits": backend["qubits"],
        "basis_gates": gates,
        "gates": _gate_configurations(backend),
        "coupling_map": backend["coupling_map"],
        "supported_instructions": instructions,
        "supported_features": ["qasm3", "dynamic_circuits"],
        "simulator": is_simulator,
        "local": False,
        "conditional": False,
        "open_pulse": False,
        "memory": True,
        "max_shots": max_shots,
        "max_experiments": 1000,
        "meas_levels": [2],
        "credits_required": False,
        "online_date": _calibrated_at(backend).isoformat(),
        "dynamic_reprate_enabled": False,
        "multi_meas_enabled": True,  # measurements within circuits, which pytket asks for
    }
    if backend["dt_ns"] is not None:
        fields |= {"dt": backend["dt_ns"], "dtm": backend["dt_ns"]}
    return fields


def _gates(backend: dict[str, Any]) -> list[str]:
    """Return the gates into which compilers write circuits."""
    return [name for name in backend["basis_gates"] if name not in _WRONGLY_TWIRLED]


def _gate_configurations(backend: dict[str, Any]) -> list[dict[str, Any]]:
    places: dict[str, list[Any]] = {}
    for gate in backend["gates"]:
        places.setdefault(gate["name"], []).append(gate["qubits"])
    configurations = []
    for name in _gates(backend):
        angles = [f"angle_{k}" for k in range(_ANGLES.get(name, 0))]
        fields = {"name": name, "parameters": angles, "qasm_def": ""}
        configurations.append(fields | ({"coupling_map": places[name]} if name in places else {}))
    return configurations


def _properties(backend: dict[str, Any]) -> dict[str, Any]:
    date = _calibrated_at(backend).isoformat()
    return {
        "backend_name": backend["name"],
        "backend_version": _VERSION,
        "last_update_date": date,
        "qubits": [_qubit(qubit, date) for qubit in backend["qubits_properties"]],
        "gates": [_gate(gate, date) for gate in backend["gates"]],
        "general": [],
    }


def _qubit(qubit: dict[str, Any], date: str) -> list[dict[str, Any]]:
    return _values(
        date,
        ("T1", "us", qubit["t1_us"]),
        ("T2", "us", qubit["t2_us"]),
        ("frequency", "GHz", qubit["frequency_ghz"]),
        ("readout_error", "", qubit["readout_error"]),
        ("readout_length", "ns", qubit["readout_ns"]),
    )


def _gate(gate: dict[str, Any], date: str) -> dict[str, Any]:
    name, qubits = gate["name"], gate["qubits"]
    return {
        "gate": name,
        "name": name + "_".join(map(str, qubits)),
        "qubits": qubits,
        "parameters": _values(
            date, ("gate_error", "", gate["error"]), ("gate_length", "ns", gate["duration_ns"])
        ),
    }


def _values(date: str, *measured: tuple[str, str, float | None]) -> list[dict[str, Any]]:
    return [
        {"name": name, "date": date, "unit": unit, "value": value}
        for name, unit, value in measured
        if value is not None
    ]
