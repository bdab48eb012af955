"""Batches as JSON text, their results as NDJSON, events as server-sent events."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from quantumtask.api.serialization.task_json import (
    ResultTexts,
    format_time,
    progress_fields,
    task_pieces,
)
from quantumtask.api.service.batches import BatchReceipt
from quantumtask.api.watch.event_streams import FinishedTask
from quantumtask.api.watch.queries import BatchEvents, TaskChanges
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.task import StateChange, TaskState

SSE_KEEPALIVE = b":\n\n"
"""A comment, which clients of server-sent events ignore."""


def batch_submitted_json(receipt: BatchReceipt) -> bytes:
    """Return the response to the submission of a batch."""
    fields = {"batch_id": receipt.id, "status": "submitted", "task_ids": receipt.task_ids}
    return json.dumps(fields).encode()


def batch_json(batch: Batch) -> bytes:
    """Return a batch, with the number of its tasks in each state."""
    fields = _batch_fields(batch)
    if batch.metadata is not None:
        fields["metadata"] = json.loads(batch.metadata)
    return json.dumps(fields).encode()


def batches_json(batches: Sequence[Batch], limit: int) -> bytes:
    """Return a page of batches. The cursor is the sequence of the last one."""
    cursor = str(batches[-1].sequence) if len(batches) == limit else None
    page = {"batches": [_batch_fields(b) for b in batches], "next_cursor": cursor}
    return json.dumps(page).encode()


def _batch_fields(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.id,
        "status": "pending" if batch.finished_at is None else "completed",
        "project": batch.project,
        "name": batch.name,
        "tags": batch.tags,
        "size": batch.size,
        "submitted_at": format_time(batch.submitted_at),
        "finished_at": format_time(batch.finished_at),
        "states": {state.value: batch.states.get(state, 0) for state in TaskState},
    }


def ndjson_pieces(line: FinishedTask, texts: ResultTexts | None, encoded: bool) -> Iterator[bytes]:
    """Yield a line of NDJSON in pieces: the offset, and the task with its whole result, if any."""
    task = task_pieces(line.task, texts, encoded)
    yield f'{{"offset": {line.offset}, '.encode() + next(task)[1:]
    yield from task
    yield b"\n"


def ndjson_error(line: FinishedTask, error: QuantumTaskError) -> bytes:
    """Return a line of NDJSON for a task whose result cannot be read: the task and the error."""
    text = b"".join(ndjson_pieces(line, None, encoded=True))
    fields = {"error": error.message, "error_code": error.code}
    return b"%b, %b\n" % (text[:-2], json.dumps(fields)[1:].encode())


def task_sse(task_id: str, answer: TaskChanges) -> bytes:
    """Return changes of a task as server-sent events with the ids 1, 2 and so on.

    An event of progress has no id: a client that reconnects does not need earlier progress.
    """
    numbered = enumerate(answer.changes, answer.after + 1)
    texts = [_change_sse(number, change, {"task_id": task_id}) for number, change in numbered]
    if answer.progress:
        data = {"task_id": task_id, "attempt": answer.version.attempt}
        data |= progress_fields(answer.progress)
        texts.append(f"event: progress\ndata: {json.dumps(data)}\n\n".encode())
    return b"".join(texts)


def batch_sse(batch_id: str, answer: BatchEvents) -> bytes:
    """Return events of a batch's tasks as server-sent events; after the last one, `end`."""
    texts = [
        _change_sse(place, change, {"task_id": task_id, "item": item})
        for place, task_id, item, change in answer.events
    ]
    if answer.last:
        texts.append(_format_sse(answer.version.events + 1, "end", {"batch_id": batch_id}))
    return b"".join(texts)


def _change_sse(event_id: int, change: StateChange, subject: dict[str, Any]) -> bytes:
    fields = {
        "state": change.state.value,
        "status": change.state.status,
        "at": format_time(change.at),
        "attempt": change.attempt,
        "move": change.move,
    }
    return _format_sse(event_id, change.state.value, subject | fields)


def _format_sse(event_id: int, event: str, data: dict[str, Any]) -> bytes:
    return f"id: {event_id}\nevent: {event}\ndata: {json.dumps(data)}\n\n".encode()
