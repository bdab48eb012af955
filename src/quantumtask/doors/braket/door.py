"""The calls of Amazon Braket, and of S3 and STS as its clients need them."""

from dataclasses import replace

from starlette.types import Scope

from quantumtask.api.http.door import Door, DoorRoute
from quantumtask.api.service.authenticator import Authenticator, Credential
from quantumtask.doors.braket import devices, results, storage, task_search, tasks
from quantumtask.doors.braket.answers import (
    write_error,
    write_identity_error,
    write_storage_error,
)
from quantumtask.shared.principal import Principal
from quantumtask.shared.settings import Settings

ROOT = "/aws"
"""Also the address of S3 and STS: the clients have one variable for all three."""

HEADER = b"x-amz-security-token"


def braket_door(_: Settings) -> Door:
    """Return the door of Amazon Braket."""
    return Door("braket", ROOT, ROUTES, identify, write_error)


async def identify(authenticator: Authenticator, scope: Scope) -> Principal:
    """Return the sender, whose token is the session token of AWS, or raise Unauthenticated.

    The signature is not checked: its key would be the token, and this service stores only hashes of
    tokens. The session token is compared as a whole, as `Authorization: Bearer` is.
    """
    tokens = (value.decode("latin-1") for name, value in scope["headers"] if name == HEADER)
    return await authenticator.identify(Credential(next(tokens, None)), "X-Amz-Security-Token:")


_STORAGE = (
    DoorRoute("PUT", "/{bucket}", storage.create_bucket, reads=True),
    DoorRoute("GET", "/{bucket}", storage.answer_bucket, reads=True),
    DoorRoute("GET", "/{bucket}/{key:path}", results.answer_results, reads=True),
)
_IDENTITY = tuple(
    DoorRoute("POST", path, storage.answer_identity, reads=True) for path in ("", "/")
)

ROUTES = (
    DoorRoute("GET", "/device/{device_arn:path}", devices.answer_device, reads=True),
    DoorRoute("POST", "/devices", devices.search_devices, reads=True),
    DoorRoute("POST", "/quantum-task", tasks.create_task),
    DoorRoute("GET", "/quantum-task/{task_arn:path}", tasks.answer_task, reads=True),
    DoorRoute("PUT", "/quantum-task/{task_arn:path}/cancel", tasks.withdraw_task),
    DoorRoute("POST", "/quantum-tasks", task_search.search_tasks, reads=True),
    *(replace(route, error_response=write_identity_error) for route in _IDENTITY),
    *(replace(route, error_response=write_storage_error) for route in _STORAGE),
)
