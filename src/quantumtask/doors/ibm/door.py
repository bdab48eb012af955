"""The calls of IBM Qiskit Runtime and of IBM Cloud, and their way to know the sender."""

from starlette.types import Scope

from quantumtask.api.http.authentication import find_authorization
from quantumtask.api.http.door import Door, DoorRoute
from quantumtask.api.service.authenticator import Authenticator, Credential
from quantumtask.doors.ibm import jobs
from quantumtask.doors.ibm.answers import write_error
from quantumtask.shared.principal import Principal
from quantumtask.shared.settings import Settings

ROOT = "/ibm"
RUNTIME = "/experimental"
"""Path of Qiskit Runtime below the root: the client replaces every URL without this word by one
that it makes of the instance."""

SCHEME = "apikey"


def ibm_door(_: Settings) -> Door:
    """Return the door of IBM Qiskit Runtime."""
    return Door("ibm", ROOT, ROUTES, identify, write_error)


async def identify(authenticator: Authenticator, scope: Scope) -> Principal:
    """Return the sender by `Authorization: apikey TOKEN` or `Bearer`; raise Unauthenticated."""
    token = find_authorization(scope, SCHEME) or find_authorization(scope, "Bearer")
    return await authenticator.identify(Credential(token), f"Authorization: {SCHEME}")


ROUTES = (
    DoorRoute("POST", f"{RUNTIME}/jobs", jobs.submit_job),
    DoorRoute("GET", f"{RUNTIME}/jobs/{{job_id}}", jobs.get_job, reads=True),
    DoorRoute("GET", f"{RUNTIME}/jobs/{{job_id}}/results", jobs.get_results, reads=True),
)
