"""Devices: SV1 and DM1, which are the simulator, and our device snapshots."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import Request, Response
from pydantic import FailFast, Field

from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import get_service
from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.requests import parse_model, read_json
from quantumtask.doors.braket.answers import json_response
from quantumtask.doors.braket.arns import AMAZON_SIMULATORS, backend_of, device_arn
from quantumtask.doors.braket.capabilities import capabilities
from quantumtask.shared.task import SIMULATOR


class DeviceFilter(BodyPart):
    """A condition of a search: a field has one of some values."""

    name: Literal["deviceArn", "deviceName", "deviceType", "deviceStatus", "providerName"]
    values: Annotated[list[str], FailFast()]


class DeviceSearch(BodyPart):
    """The body of `SearchDevices`."""

    filters: Annotated[list[DeviceFilter], FailFast(), Field(max_length=10)] = Field(
        default_factory=list
    )
    maxResults: int = 100
    nextToken: str | None = None


async def answer_device(request: Request) -> Response:
    """Return one device."""
    service, arn = get_service(request), request.path_params["device_arn"]
    text, expected = await service.catalog.backend(backend_of(arn))
    name = arn.rpartition("/")[2]
    device = _summary(name)
    limits = (service.settings.max_shots, expected.waiting)
    return json_response({**device, **_details(name, json.loads(text), *limits)})


async def search_devices(request: Request) -> Response:
    """Return the devices that meet all conditions of a search, on one page."""
    async with open_body(request) as body:
        search = parse_model(DeviceSearch, read_json(body))
    text, _ = await get_service(request).catalog.backends()
    devices = map(_summary, _names(json.loads(text)["backends"]))
    return json_response({"devices": [each for each in devices if _meets(each, search)]})


def _names(backends: list[dict[str, Any]]) -> Iterator[str]:
    yield from AMAZON_SIMULATORS
    yield from (each["name"] for each in backends if each["name"] != SIMULATOR)


def _meets(device: dict[str, Any], search: DeviceSearch) -> bool:
    return all(device[each.name] in each.values for each in search.filters)


def _summary(name: str) -> dict[str, Any]:
    is_amazon = name in AMAZON_SIMULATORS
    return {
        "deviceArn": device_arn(name),
        "deviceName": name.upper() if is_amazon else name,
        "deviceType": "SIMULATOR",
        "deviceStatus": "ONLINE",
        "providerName": "Amazon Braket" if is_amazon else "QuantumTask",
    }


def _details(name: str, backend: dict[str, Any], max_shots: int, waiting: int) -> dict[str, Any]:
    able = capabilities(name, backend["qubits"], max_shots, backend["description"])
    queues = [
        {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": str(waiting), "queuePriority": "Normal"},
        {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": "0", "queuePriority": "Priority"},
        {"queue": "JOBS_QUEUE", "queueSize": "0"},
    ]
    return {"deviceCapabilities": json.dumps(able), "deviceQueueInfo": queues}
