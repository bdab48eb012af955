"""Messages between the worker, the driver process and the actors of a Ray cluster.

    worker process           driver process            actor, on a node      child of the actor
    RayExecutor --Submit-->  RayDriver --run(chunk)--> SlotActor ----------> slot
                --Kill---->            --kill(...)---> (cancels a task)
                                       --estimate_memory(task)-->
                <--Outcomes--          <--RunReply--             <--JSON----
                <--ChunkEnd--          <--MemoryEstimate--
                <--AttemptProgress--   <--progress()--         <--JSON----
                <--Capacity--
                <--LogLine---

The worker sends pickles, because it is trusted. All outcomes of a slot are JSON arrays of
[task id, attempt, kind, fields], as the child of the slot writes them: the actor checks them, and
the driver passes the bytes on without parsing them. The driver therefore sends JSON, too.
The driver asks the actors of long tasks for their progress.
"""

import json
from typing import Any, NamedTuple

from quantumtask.shared.task import Assignment
from quantumtask.worker.outcome import AttemptOutcome, encode_value


class Submit(NamedTuple):
    """Worker to driver: run a chunk; `number` names the chunk in later messages."""

    number: int
    chunk: list[Assignment]


class Kill(NamedTuple):
    """Worker to driver: kill the attempt at a task; all chunks if `task_id` is None."""

    task_id: str | None
    attempt: int | None
    reason: str


class LogLine(NamedTuple):
    """Driver to worker: write a log line."""

    level: str
    event: str
    details: dict[str, Any]


class Capacity(NamedTuple):
    """Driver to worker: the number of slots, and the number of chunks that the driver can hold.

    It is also the sign of life of the driver.
    """

    size: int
    chunks: int


class AttemptProgress(NamedTuple):
    """Driver to worker: the progress of an attempt, as the actor encodes it."""

    number: int
    progress: dict[str, Any]


class Outcomes(NamedTuple):
    """Driver to worker: outcomes of a chunk, each as [task id, attempt, kind, fields]."""

    number: int
    outcomes: list[Any]


class ChunkEnd(NamedTuple):
    """Driver to worker: no more outcomes will come for a chunk, so the other tasks have none.

    `retained` is the id of a task that is exempt, because it still waits for a larger slot.
    """

    number: int
    retained: str = ""


DriverMessage = LogLine | Capacity | AttemptProgress | Outcomes | ChunkEnd

_TYPES: dict[str, type[DriverMessage]] = {
    kind.__name__: kind for kind in (LogLine, Capacity, AttemptProgress, Outcomes, ChunkEnd)
}


class RunReply(NamedTuple):
    """Actor to driver: the outcomes of a chunk. A task without an outcome has lost its slot.

    Attributes:
        outcomes: JSON arrays of outcomes.
        out_of_memory: A JSON array with the failure of the task that had too little memory, after
            which a slot ends; empty if there is none.
    """

    outcomes: list[bytes]
    out_of_memory: bytes


class MemoryEstimate(NamedTuple):
    """Actor to driver: the memory that a task needs.

    Attributes:
        memory_bytes: The memory; 0 if no node has enough.
        failure: A JSON array with the outcome of the task if no larger slot can run it.
    """

    memory_bytes: int
    failure: bytes


def encode_message(message: LogLine | Capacity | ChunkEnd) -> bytes:
    """Return a message of the driver as JSON."""
    return json.dumps([type(message).__name__, *message]).encode()


def encode_outcomes(number: int, outcomes: bytes) -> bytes:
    """Return an Outcomes message as JSON; `outcomes` is a JSON array, passed on as it is."""
    return b'["Outcomes", %d, %b]' % (number, outcomes)


def encode_progress_message(number: int, progress: bytes) -> bytes:
    """Return an AttemptProgress message as JSON; `progress` is passed on as it is."""
    return b'["AttemptProgress", %d, %b]' % (number, progress)


def decode_message(data: bytes) -> DriverMessage:
    """Return the message. Raises ValueError, TypeError or LookupError for other data."""
    kind, *fields = json.loads(data)
    return _TYPES[kind](*fields)


def encode_outcome_list(outcomes: list[AttemptOutcome]) -> bytes:
    """Return outcomes that have a value as a JSON array, as a slot writes them."""
    return json.dumps(
        [
            (outcome.assignment.id, outcome.assignment.attempt, *encode_value(outcome.value))
            for outcome in outcomes
            if outcome.value
        ]
    ).encode()
