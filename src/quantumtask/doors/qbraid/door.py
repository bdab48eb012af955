"""The calls of qBraid's API, version 1, and its way to know the sender."""

from starlette.types import Scope

from quantumtask.api.http.door import Door, DoorRoute
from quantumtask.api.service.authenticator import Authenticator, Credential
from quantumtask.doors.qbraid import counts, devices, jobs
from quantumtask.doors.qbraid.answers import write_failure
from quantumtask.shared.principal import Principal
from quantumtask.shared.settings import Settings

ROOT = "/qbraid"
HEADER = b"x-api-key"


def qbraid_door(_: Settings) -> Door:
    """Return the door of qBraid's API."""
    return Door("qbraid", ROOT, ROUTES, identify, write_failure)


async def identify(authenticator: Authenticator, scope: Scope) -> Principal:
    """Return the sender by the header `X-API-Key`, or raise Unauthenticated."""
    keys = (value.decode("latin-1") for name, value in scope["headers"] if name == HEADER)
    return await authenticator.identify(Credential(next(keys, None)), "X-API-Key:")


ROUTES = (
    DoorRoute("GET", "/api/v1/users/verify", devices.verify_user, reads=True),
    DoorRoute("GET", "/api/v1/devices", devices.answer_devices, reads=True),
    DoorRoute("GET", "/api/v1/devices/{device_qrn}", devices.answer_device, reads=True),
    DoorRoute("POST", "/api/v1/jobs", jobs.create_job),
    DoorRoute("GET", "/api/v1/jobs", jobs.answer_jobs, reads=True),
    DoorRoute("GET", "/api/v1/jobs/{job_qrn}", jobs.answer_job, reads=True),
    DoorRoute("DELETE", "/api/v1/jobs/{job_qrn}", jobs.remove_job),
    DoorRoute("POST", "/api/v1/jobs/{job_qrn}/cancel", jobs.withdraw_job),
    DoorRoute("GET", "/api/v1/jobs/{job_qrn}/result", counts.answer_result, reads=True),
    DoorRoute("GET", "/api/v1/jobs/{job_qrn}/program", jobs.answer_program, reads=True),
    DoorRoute(
        "GET", "/api/v1/jobs/{job_qrn}/compiled-program", jobs.answer_compiled_program, reads=True
    ),
)
