"""Devices: the simulator and the device snapshots, under qBraid's resource names (QRN)."""

import json
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.query import get_principal, get_service
from quantumtask.api.service.batches import MAX_BATCH_TASKS
from quantumtask.doors.qbraid.answers import data_response
from quantumtask.shared.errors import BackendNotFound

VENDOR = "quantumtask"
_PREFIX = f"{VENDOR}:{VENDOR}:sim:"
"""Vendor, provider and type, which come before the name of a device."""

FORMATS = ("qasm3", "qasm2")


def name_of(qrn: str) -> str:
    """Return the name of a backend for the resource name of a device, or raise BackendNotFound."""
    name = qrn.removeprefix(_PREFIX)
    if name == qrn or not name:
        raise BackendNotFound(
            f"deviceQrn: {qrn[:80]!r} is not a device of this service, whose names begin with "
            f"{_PREFIX}; see GET /devices"
        )
    return name


def qrn_of(name: str) -> str:
    """Return the resource name of a device."""
    return _PREFIX + name


async def verify_user(request: Request) -> Response:
    """Return the sender, by which the client knows that its key is valid."""
    principal = get_principal(request)
    return data_response(
        {
            "userId": principal.name,
            "organizationId": principal.project,
            "organizationUserId": f"{principal.project}/{principal.name}",
            "role": str(principal.role),
        }
    )


async def answer_devices(request: Request) -> Response:
    """Return all devices."""
    service = get_service(request)
    text, expected = await service.catalog.backends()
    shots = service.settings.max_shots
    backends = json.loads(text)["backends"]
    return data_response([_device(each, expected.waiting, shots) for each in backends])


async def answer_device(request: Request) -> Response:
    """Return one device."""
    service = get_service(request)
    text, expected = await service.catalog.backend(name_of(request.path_params["device_qrn"]))
    return data_response(_device(json.loads(text), expected.waiting, service.settings.max_shots))


def _device(backend: dict[str, Any], waiting: int, max_shots: int) -> dict[str, Any]:
    return {
        "name": backend["name"],
        "qrn": qrn_of(backend["name"]),
        "vendor": VENDOR,
        "deviceType": "SIMULATOR",
        "runInputTypes": list(FORMATS),
        "status": "ONLINE",
        "queueDepth": waiting,
        "numberQubits": backend["qubits"],
        "paradigm": "gate_model",
        "minShots": 1,
        "maxShots": max_shots,
        "pricing": {"perTask": 0, "perShot": 0, "perMinute": 0},
        "directAccess": True,
        "batchJobSupport": True,
        "maxBatchSize": MAX_BATCH_TASKS,
    }
