"""The API's side of direct runs: small tasks go to the worker before they are stored."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from quantumtask.api.service.direct_run_limiter import DirectRunLimiter
from quantumtask.shared.admission import Owner
from quantumtask.shared.direct_run import DirectRun, api_address, decode_answer, encode_tasks
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, Submission

MAX_COST_MS = 3.0
"""Predicted work of a task that may run directly, in milliseconds."""
MAX_LOAD_MS = 6.0
"""Predicted work of all tasks that run directly or wait for it: more is worth several slots."""
MAX_CHARACTERS = 16 * 1024
"""Longest circuit with parameters and options: the event loop writes them into a message."""
MIN_TIMEOUT_S = 2.0
"""Tasks with a shorter time limit run alone in their slot."""
SHORTEST_WAIT_S = 0.1
"""A sender that waits for less gets its id at once."""
REPLY_LIMIT_S = 0.5
"""Time after which a worker that does not answer counts as lost."""
RETRY_S = 1.0
REFUSAL_PAUSE_S = 0.05
"""Time without direct runs after the worker has refused one, because other tasks wait."""
LOST_SLOT_S = 0.2
"""A task without a result after this time has cost a slot, which takes time to start again."""

_HEAD_BYTES = 4


class _Arrival(NamedTuple):
    submission: Submission
    submitted_at: float
    future: "asyncio.Future[DirectRun | None]"


class DirectRunClient(asyncio.Protocol):
    """The connection to the worker of this machine. Belongs to the event loop.

    One message is under way at a time; tasks that arrive meanwhile travel together in the next.
    """

    def __init__(self, settings: Settings) -> None:
        self._address = api_address(settings)
        self._transport: asyncio.Transport | None = None
        self._paused_until = 0.0
        self._limiter = DirectRunLimiter()
        self._arrivals: list[_Arrival] = []
        self._sent: list[_Arrival] = []
        self._sent_at = 0.0
        self._load_ms = 0.0
        self._received = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, submission: Submission, wait_s: float) -> DirectRun | None:
        """Return the run of a task; None if the task has to be stored first.

        Args:
            submission: The task.
            wait_s: Seconds that its sender waits.
        """
        key = submission.key
        if key and self._limiter.is_repeated(submission.project, key):
            return None  # the task of the first request is the answer
        if wait_s < SHORTEST_WAIT_S or not self._may_run(submission):
            return None
        if self._transport is None and not await self._connect():
            return None
        loop = asyncio.get_running_loop()
        arrival = _Arrival(submission, time.monotonic(), loop.create_future())
        self._load_ms += submission.cost_ms
        if not (self._arrivals or self._sent):
            loop.call_soon(self._send)
        self._arrivals.append(arrival)
        try:
            return await arrival.future
        finally:
            self._load_ms -= submission.cost_ms

    @contextlib.contextmanager
    def pause_if_refused(self, submission: Submission, run: DirectRun | None) -> Iterator[None]:
        """Return a context manager around the storing of a task.

        If the task has run but is not stored, because of a limit say, its owner is paused.
        """
        try:
            yield
        except QuantumTaskError:
            if run is not None:
                self._limiter.add_refusal(_owner_of(submission), time.monotonic())
            raise

    def stop(self) -> None:
        """Close the connection; tasks that wait for a direct run are stored."""
        self._address = None
        self._lose()

    def _may_run(self, submission: Submission) -> bool:
        spec, cost_ms = submission.spec, submission.cost_ms
        if cost_ms > MAX_COST_MS or self._load_ms + cost_ms > MAX_LOAD_MS:
            return False
        characters = len(spec.circuit) + len(spec.parameters or "") + len(spec.options or "")
        if characters > MAX_CHARACTERS or spec.timeout_s < MIN_TIMEOUT_S:
            return False
        now = time.monotonic()
        if now < self._paused_until or self._limiter.is_paused(_owner_of(submission), now):
            return False
        return self._address is not None

    async def _connect(self) -> bool:
        """Connect to the worker, which takes no time; return False if there is none."""
        self._paused_until = time.monotonic() + RETRY_S
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: self, self._address)
        except OSError:
            return False
        self._paused_until = 0.0
        return True

    def _send(self) -> None:
        self._sent, self._arrivals = self._arrivals, []
        if not self._sent:
            return
        if self._transport is None:
            self._lose()
            return
        message = encode_tasks(arrival.submission for arrival in self._sent)
        self._sent_at = time.monotonic()
        self._transport.write(len(message).to_bytes(_HEAD_BYTES) + message)
        self._timer = asyncio.get_running_loop().call_later(REPLY_LIMIT_S, self._lose)

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Use a new connection."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Read an answer, and send the tasks that have arrived meanwhile."""
        self._received += data
        size = int.from_bytes(self._received[:_HEAD_BYTES])
        if len(self._received) < _HEAD_BYTES + size:
            return
        message = bytes(self._received[_HEAD_BYTES:])
        self._received.clear()
        try:
            worker, results, refused = decode_answer(message)
        except (ValueError, TypeError, KeyError):
            self._lose()
            return
        self._pause(refused, [each for each, *_ in self._sent if each.id not in results])
        self._resolve(worker, results)
        self._send()

    def _pause(self, refused: bool, unfinished: list[Submission]) -> None:
        """Let tasks be stored first for a while, after an answer without the results of some."""
        now = time.monotonic()
        if unfinished and now - self._sent_at > LOST_SLOT_S:
            self._paused_until = now + RETRY_S
            for owner in set(map(_owner_of, unfinished)):
                self._limiter.add_long_run(owner, now)
        elif refused:
            self._paused_until = now + REFUSAL_PAUSE_S

    def connection_lost(self, _: Exception | None) -> None:
        """Hand back all tasks that have not run: they are stored before they run."""
        self._lose()

    def _lose(self) -> None:
        """Close the connection, and have all tasks stored that are not run yet."""
        transport, self._transport = self._transport, None
        if transport:
            transport.abort()
            self._paused_until = time.monotonic() + RETRY_S
        self._received.clear()
        self._sent, self._arrivals = self._sent + self._arrivals, []
        self._resolve("", {})

    def _resolve(self, worker: str, results: Mapping[str, Result]) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        sent, self._sent = self._sent, []
        now = time.monotonic()
        for task, submitted_at, future in sent:
            run = None
            if result := results.get(task.id):
                run = DirectRun(worker, result, submitted_at, self._sent_at, now)
            if not future.done():
                future.set_result(run)


def _owner_of(submission: Submission) -> Owner:
    return submission.spec.project, submission.spec.owner
