"""Characterizations: the errors and times of a device snapshot in IonQ's terms.

The simulator has none, as IonQ's has none.
"""

import json
import uuid
from collections.abc import Iterable
from statistics import median
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.query import get_service
from quantumtask.doors.ionq.answers import json_response
from quantumtask.doors.ionq.backends import DEVICE_PREFIX, device_name
from quantumtask.shared.errors import NotFound

Device = dict[str, Any]


async def answer_characterizations(request: Request) -> Response:
    """Return the characterization of a backend in a list, which is empty for the simulator."""
    return json_response({"characterizations": await _characterizations(request)})


async def answer_characterization(request: Request) -> Response:
    """Return a characterization by its id, or raise NotFound."""
    for each in await _characterizations(request):
        if each["id"] == request.path_params["characterization_id"]:
            return json_response(each)
    raise NotFound("characterization not found")


async def answer_calibrations(_: Request) -> Response:
    """Return no calibration: before API 0.4 there was one machine, and its calibrations."""
    return json_response({"calibrations": []})


async def answer_current_calibration(_: Request) -> Response:
    """Refuse a call that names no device."""
    raise NotFound(
        f"this service has no calibration of one machine; see GET /backends/{DEVICE_PREFIX}NAME"
        "/characterizations"
    )


async def _characterizations(request: Request) -> list[dict[str, Any]]:
    text, _ = await get_service(request).catalog.backend(
        device_name(request.path_params["backend"])
    )
    device: Device = json.loads(text)
    return [_view(device)] if device["calibrated"] else []


def _view(device: Device) -> dict[str, Any]:
    name, date = DEVICE_PREFIX + device["name"], device["calibrated"]
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {date}")),
        "backend": name,
        "date": f"{date}T00:00:00.000Z",
        "qubits": device["qubits"],
        "connectivity": device["coupling_map"] or [],
        "fidelity": _fidelity(device["median_errors"] or {}),
        "timing": _timing(device),
    }


def _fidelity(errors: dict[str, float | None]) -> dict[str, dict[str, float]]:
    """Return median fidelities; what was not measured is absent."""
    names = {"1q": "one_qubit", "2q": "two_qubit", "spam": "readout"}
    return {
        name: {"median": 1.0 - error}
        for name, field in names.items()
        if (error := errors.get(field)) is not None
    }


def _timing(device: Device) -> dict[str, float]:
    """Return median times in seconds; what was not measured is absent."""
    qubits = device["qubits_properties"]
    times = {
        "1q": _median(_durations(device, 1), 1e-9),
        "2q": _median(_durations(device, 2), 1e-9),
        "readout": _median((each["readout_ns"] for each in qubits), 1e-9),
        "t1": _median((each["t1_us"] for each in qubits), 1e-6),
        "t2": _median((each["t2_us"] for each in qubits), 1e-6),
    }
    return {name: value for name, value in times.items() if value is not None}


def _durations(device: Device, count: int) -> Iterable[float | None]:
    """Return the durations of the gates on so many qubits; `rz` and others take no time."""
    gates = (each for each in device["gates"] if len(each["qubits"]) == count)
    return (each["duration_ns"] or None for each in gates)


def _median(values: Iterable[float | None], unit: float) -> float | None:
    measured = [each for each in values if each is not None]
    return median(measured) * unit if measured else None
