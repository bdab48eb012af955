"""The calls of IonQ's API, version 0.4, and its way to know the sender."""

from starlette.types import Scope

from quantumtask.api.http.authentication import find_authorization
from quantumtask.api.http.door import Door, DoorRoute
from quantumtask.api.service.authenticator import Authenticator, Credential
from quantumtask.doors.ionq import backends
from quantumtask.doors.ionq.answers import error_response
from quantumtask.shared.principal import Principal
from quantumtask.shared.settings import Settings

ROOT = "/v0.4"
"""cirq-ionq appends this to the scheme and the host of its URL, and drops the path."""

SCHEME = "apiKey"


def ionq_door(_: Settings) -> Door:
    """Return the door of IonQ's API."""
    return Door("ionq", ROOT, ROUTES, identify, error_response)


async def identify(authenticator: Authenticator, scope: Scope) -> Principal:
    """Return the sender by `Authorization: apiKey TOKEN`; raise Unauthenticated."""
    return await authenticator.identify(Credential(find_authorization(scope, SCHEME)))


ROUTES = (
    # qiskit-ionq reads the number of qubits without its key.
    DoorRoute("GET", "/backends", backends.answer_backends, reads=True, is_open=True),
    DoorRoute("GET", "/backends/{backend}", backends.answer_backend, reads=True, is_open=True),
    DoorRoute(
        "GET",
        "/backends/{backend}/characterizations",
        backends.answer_characterizations,
        reads=True,
    ),
)
