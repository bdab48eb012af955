"""Client of the worker's HTTP: wakes the worker, and has it analyse circuits."""

import asyncio
import json
import logging
import time
from collections import Counter

from quantumtask.api.service.http_connection import HttpPool, HttpResponse
from quantumtask.shared.errors import AnalysisQueueFull, UnrunnableCircuit, WorkerUnavailable
from quantumtask.shared.task import Failure, Problem, TaskSpec
from quantumtask.shared.worker_secret import SECRET_HEADER

log = logging.getLogger(__name__)

MAX_ANALYSES_OF_CLIENT, MAX_ANALYSES = 64, 512
"""Limits of requests about circuits of one client and of all, as in the worker's queue."""

ANALYSIS_TIMEOUT_S = 60.0
"""Longer than the worker may take, its queue included."""

WAKE_TIMEOUT_S = 2.0
AWAKE_S = 0.02
"""Time for which a worker that was woken looks for tasks by itself."""

FORWARDED_FIELDS = ("circuit", "parameters", "shots", "engine", "method", "options")
"""Fields of a task that the worker needs to analyse it."""

NO_WORKER = (
    "no worker answers, and only a worker can analyse circuits: start `quantumtask worker` "
    "(`quantumtask validate FILE` needs no service)"
)

WRONG_SECRET = (
    "the worker refuses the secret of the API: set QUANTUMTASK_WORKER_SECRET to the same value for "
    "both, or give both the same data folder"
)


class WorkerClient:
    """The API's connection to one worker, or to a load balancer before several.

    All requests share one pool of connections. Belongs to the event loop.
    """

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._pool = HttpPool(url, {SECRET_HEADER: secret})
        self._analyses: Counter[str] = Counter()
        self._wakeup: asyncio.Task[None] | None = None
        self._last_wake = 0.0
        self._reachable = True

    def wake(self, task_id: str) -> None:
        """Wake the worker (the doorbell), so that it looks for tasks now; return at once.

        The request is left out while another request is pending, and shortly after another
        request, because a worker that was just woken looks again by itself. A lost request delays
        a task until the next poll.
        """
        now = time.monotonic()
        awake, self._last_wake = now - self._last_wake <= AWAKE_S, now
        if not awake and (self._wakeup is None or self._wakeup.done()):
            self._wakeup = asyncio.get_running_loop().create_task(self._send_wakeup(task_id))

    async def _send_wakeup(self, task_id: str) -> None:
        body = json.dumps({"task_id": task_id}).encode()
        try:
            response = await self._pool.request("POST", "/execute", body, WAKE_TIMEOUT_S)
        except OSError:
            self._log_reachable(False)
        else:
            self._log_reachable(response.status != 401)

    def _log_reachable(self, reachable: bool) -> None:
        if reachable != self._reachable:
            state = "reached again" if reachable else "not reached"
            log.info("worker %s by the doorbell", state, extra={"url": self._url})
        self._reachable = reachable

    async def analyze(self, path: str, spec: TaskSpec, client: str) -> bytes:
        """Return the worker's answer to a question about a circuit, as JSON text.

        Args:
            path: The path of the worker's route.
            spec: The task to analyse.
            client: The name under which a client shares the worker's processes with others.

        Raises:
            UnrunnableCircuit: the task would fail.
            AnalysisQueueFull: the worker has too many circuits to analyse.
            WorkerUnavailable: no worker answers, or it failed.
        """
        analyses = self._analyses
        if analyses[client] >= MAX_ANALYSES_OF_CLIENT or analyses.total() >= MAX_ANALYSES:
            raise AnalysisQueueFull(
                f"{analyses[client]} circuits of this client and {analyses.total()} of all wait to "
                f"be analysed; at most {MAX_ANALYSES_OF_CLIENT} and {MAX_ANALYSES}; try again"
            )
        analyses[client] += 1
        try:
            return _content_or_raise(await self._send("POST", path, _analysis_body(spec, client)))
        finally:
            analyses[client] -= 1
            self._analyses += Counter()  # without the clients that have none

    async def read(self, path: str) -> bytes:
        """Return an answer that waits for no circuit, as JSON text.

        Raises:
            UnrunnableCircuit: there is no such thing.
            WorkerUnavailable: no worker answers, or it failed.
        """
        return _content_or_raise(await self._send("GET", path, b""))

    async def _send(self, method: str, path: str, body: bytes) -> HttpResponse:
        try:
            return await self._pool.request(method, path, body, ANALYSIS_TIMEOUT_S)
        except OSError:
            raise WorkerUnavailable(NO_WORKER) from None

    def stop(self) -> None:
        """Close all connections: pending requests fail, and the process can end at once."""
        if self._wakeup:
            self._wakeup.cancel()
        self._pool.close()


def _analysis_body(spec: TaskSpec, client: str) -> bytes:
    fields = {n: value for n in FORWARDED_FIELDS if (value := getattr(spec, n)) is not None}
    return json.dumps(fields | {"client": client}).encode()


def _content_or_raise(response: HttpResponse) -> bytes:
    if response.status == 503:
        raise AnalysisQueueFull(response.body.decode(errors="replace"))
    if response.status == 422 and (failure := _parse_failure(response.body)):
        raise UnrunnableCircuit(failure)
    if response.status == 401:
        raise WorkerUnavailable(WRONG_SECRET)
    if response.status != 200:
        raise WorkerUnavailable("the worker failed to answer; its log has the reason")
    return response.body


def _parse_failure(body: bytes) -> Failure | None:
    """Return the failure of a task; None if the worker refused the request itself."""
    try:
        fields = json.loads(body)
        problems = tuple(Problem(**problem) for problem in fields["problems"])
        return Failure(fields["code"], fields["message"], problems)
    except (ValueError, TypeError, LookupError):
        return None
