"""Backends: IonQ's `simulator`, and our devices by the names `qpu.NAME`."""

import json
from collections.abc import Iterator
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.query import get_service
from quantumtask.doors.ionq.answers import json_response
from quantumtask.shared.errors import BackendNotFound
from quantumtask.shared.task import SIMULATOR

DEVICE_PREFIX = "qpu."
"""The first letters of a device's name in IonQ's protocol; the rest is our name of it."""


HARDWARE = ("aria", "forte", "harmony")
"""First letters of the names of IonQ's own hardware, which is not here: a device snapshot of it is
neither public nor part of Qiskit."""

_CLIENT_PREFIX = "ionq_"
"""Letters before the name of a backend with which qiskit-ionq creates a session."""


def device_name(backend: str) -> str:
    """Return our name of a backend.

    Raises:
        BackendNotFound: the name has not the form of a backend of this door.
    """
    if backend in (SIMULATOR, f"{_CLIENT_PREFIX}{SIMULATOR}"):
        return SIMULATOR
    name = backend.removeprefix(DEVICE_PREFIX)
    if not name or name in (backend, SIMULATOR) or name.startswith(HARDWARE):
        raise BackendNotFound(
            f"backend: {backend[:60]!r} is not a backend of this service, which has `simulator` "
            f"and its device snapshots as `{DEVICE_PREFIX}NAME`; see GET /backends"
        )
    return name


async def answer_backends(request: Request) -> Response:
    """Return all backends."""
    text, _ = await get_service(request).catalog.backends()
    return json_response(list(_views(json.loads(text)["backends"])))


async def answer_backend(request: Request) -> Response:
    """Return one backend."""
    text, _ = await get_service(request).catalog.backend(
        device_name(request.path_params["backend"])
    )
    return json_response(_view(json.loads(text)))


def _views(backends: list[Any]) -> Iterator[dict[str, Any]]:
    return (_view(backend) for backend in backends)


def _view(backend: dict[str, Any]) -> dict[str, Any]:
    name = backend["name"]
    return {
        "backend": name if name == SIMULATOR else DEVICE_PREFIX + name,
        "status": "available",
        "qubits": backend["qubits"],
        "degraded": False,
        "has_access": True,
    }
