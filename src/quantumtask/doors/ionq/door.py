"""The calls of IonQ's API, version 0.4, and its way to know the sender."""

from starlette.types import Scope

from quantumtask.api.http.authentication import find_authorization
from quantumtask.api.http.door import Door, DoorRoute
from quantumtask.api.service.authenticator import Authenticator, Credential
from quantumtask.doors.ionq import (
    backends,
    characterizations,
    job_groups,
    job_list,
    jobs,
    results,
    sessions,
)
from quantumtask.doors.ionq.answers import write_error
from quantumtask.shared.principal import Principal
from quantumtask.shared.settings import Settings

ROOT = "/v0.4"
"""Path of the API. cirq-ionq uses the scheme and the host of its URL, with this path."""

SCHEME = "apiKey"


def ionq_door(_: Settings) -> Door:
    """Return the door of IonQ's API."""
    return Door("ionq", ROOT, ROUTES, identify, write_error)


async def identify(authenticator: Authenticator, scope: Scope) -> Principal:
    """Return the sender by `Authorization: apiKey TOKEN`, or raise Unauthenticated."""
    credential = Credential(find_authorization(scope, SCHEME))
    return await authenticator.identify(credential, f"Authorization: {SCHEME}")


RESULTS = {
    "probabilities": results.get_probabilities,
    "probabilities/aggregated": results.get_probabilities,
    "histogram": results.get_histogram,
    "histogram/aggregated": results.get_histogram,
    "shots": results.get_shots,
}
"""Results of a job by their name in the path; one circuit is aggregated already."""

ROUTES = (
    # qiskit-ionq reads the number of qubits without its key.
    DoorRoute("GET", "/backends", backends.answer_backends, reads=True, is_open=True),
    DoorRoute("GET", "/backends/{backend}", backends.answer_backend, reads=True, is_open=True),
    DoorRoute(
        "GET",
        "/backends/{backend}/characterizations",
        characterizations.answer_characterizations,
        reads=True,
    ),
    DoorRoute(
        "GET",
        "/backends/{backend}/characterizations/{characterization_id}",
        characterizations.answer_characterization,
        reads=True,
    ),
    # cirq-ionq asks for the calibrations of API 0.3.
    DoorRoute("GET", "/calibrations", characterizations.answer_calibrations, reads=True),
    DoorRoute(
        "GET", "/calibrations/current", characterizations.answer_current_calibration, reads=True
    ),
    DoorRoute("POST", "/jobs", jobs.submit_job),
    DoorRoute("GET", "/jobs", job_list.list_jobs, reads=True),
    DoorRoute("DELETE", "/jobs", job_groups.delete_jobs),
    DoorRoute("PUT", "/jobs/status/cancel", job_groups.cancel_jobs),
    DoorRoute("GET", "/jobs/estimate", job_groups.estimate_job, reads=True),
    DoorRoute("GET", "/jobs/{job_id}", jobs.get_job, reads=True),
    DoorRoute("DELETE", "/jobs/{job_id}", jobs.delete_job),
    DoorRoute("PUT", "/jobs/{job_id}/status/cancel", jobs.cancel_job),
    *(
        DoorRoute("GET", f"/jobs/{{job_id}}/results/{name}", endpoint, reads=True)
        for name, endpoint in RESULTS.items()
    ),
    DoorRoute("GET", "/jobs/{job_id}/artifacts/{artifact_id}", results.get_artifact, reads=True),
    DoorRoute("POST", "/sessions", sessions.create_session),
    DoorRoute("GET", "/sessions", sessions.list_sessions, reads=True),
    DoorRoute("GET", "/sessions/{session_id}", sessions.answer_session, reads=True),
    DoorRoute("POST", "/sessions/{session_id}/end", sessions.end_session),
)
