"""The calls of IBM Qiskit Runtime and of IBM Cloud, and their way to know the sender."""

from starlette.types import Scope

from quantumtask.api.http.authentication import find_authorization
from quantumtask.api.http.door import Door, DoorRoute
from quantumtask.api.service.authenticator import Authenticator, Credential
from quantumtask.doors.ibm import backends, cloud, job_list, job_reports, jobs, sessions
from quantumtask.doors.ibm.answers import write_error
from quantumtask.shared.principal import Principal
from quantumtask.shared.settings import Settings

ROOT = "/ibm"
RUNTIME = "/experimental"
"""Path of Qiskit Runtime below the root: the client replaces every URL without this word by one
that it makes of the instance."""

_JOB, _SESSION = f"{RUNTIME}/jobs/{{job_id}}", f"{RUNTIME}/sessions/{{session_id}}"

SCHEME = "apikey"


def ibm_door(_: Settings) -> Door:
    """Return the door of IBM Qiskit Runtime."""
    return Door("ibm", ROOT, ROUTES, identify, write_error)


async def identify(authenticator: Authenticator, scope: Scope) -> Principal:
    """Return the sender by `Authorization: apikey TOKEN`, or raise Unauthenticated.

    A client that has exchanged its token for a temporary token sends `Authorization: Bearer` and
    the temporary token.
    """
    token, bearer = find_authorization(scope, SCHEME), find_authorization(scope, "Bearer")
    credential = Credential(token, temporary_token=None if token else bearer)
    return await authenticator.identify(credential, f"Authorization: {SCHEME}")


BACKEND_DATA = {
    "configuration": backends.get_configuration,
    "properties": backends.get_properties,
    "status": backends.get_status,
    "defaults": backends.get_defaults,
}
"""Data of a backend by the end of the path."""

ROUTES = (
    DoorRoute("POST", "/iam/identity/token", cloud.exchange_token, is_open=True),
    DoorRoute("POST", "/gs/v3/resources/search", cloud.search_resources, reads=True),
    DoorRoute("GET", "/gc/{plan_id}", cloud.answer_plan, reads=True),
    DoorRoute("GET", f"{RUNTIME}/backends", backends.answer_backends, reads=True),
    *(
        DoorRoute("GET", f"{RUNTIME}/backends/{{backend}}/{name}", endpoint, reads=True)
        for name, endpoint in BACKEND_DATA.items()
    ),
    DoorRoute("GET", f"{RUNTIME}/instances/usage", job_reports.answer_usage, reads=True),
    DoorRoute("POST", f"{RUNTIME}/jobs", jobs.submit_job),
    DoorRoute("GET", f"{RUNTIME}/jobs", job_list.list_jobs, reads=True),
    DoorRoute("GET", _JOB, jobs.get_job, reads=True),
    DoorRoute("DELETE", _JOB, jobs.delete_job),
    DoorRoute("POST", f"{_JOB}/cancel", jobs.cancel_job),
    DoorRoute("PUT", f"{_JOB}/tags", jobs.replace_tags),
    DoorRoute("GET", f"{_JOB}/results", jobs.get_results, reads=True),
    DoorRoute("GET", f"{_JOB}/logs", job_reports.answer_logs, reads=True),
    DoorRoute("GET", f"{_JOB}/metrics", job_reports.answer_metrics, reads=True),
    DoorRoute("POST", f"{RUNTIME}/sessions", sessions.create_session),
    DoorRoute("GET", _SESSION, sessions.answer_session, reads=True),
    DoorRoute("PATCH", _SESSION, sessions.change_session),
    DoorRoute("DELETE", f"{_SESSION}/close", sessions.end_session),
)
