"""Batches as JSON text, their results as NDJSON, events as server-sent events."""

import json
from collections.abc import Sequence
from typing import Any

from quantumtask.api.serialization.task_json import format_time, task_json
from quantumtask.api.service.batches import BatchReceipt
from quantumtask.api.watch.event_streams import BatchResultLine
from quantumtask.api.watch.queries import BatchEvents, TaskChanges
from quantumtask.shared.batch import Batch
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
        "name": batch.name,
        "tags": batch.tags,
        "size": batch.size,
        "submitted_at": format_time(batch.submitted_at),
        "finished_at": format_time(batch.finished_at),
        "states": {state.value: batch.states.get(state, 0) for state in TaskState},
    }


def ndjson_line(line: BatchResultLine, encoded: bool) -> bytes:
    """Return a line of NDJSON: the offset, the task with its whole result, or the error."""
    head = f'{{"offset": {line.offset}, '.encode()
    text = head + task_json(line.task, encoded=encoded, whole=not line.error)[1:]
    if line.error:
        error = {"error": line.error.message, "error_code": line.error.code}
        text = text[:-1] + b", " + json.dumps(error)[1:].encode()
    return text + b"\n"


def task_sse(task_id: str, answer: TaskChanges) -> bytes:
    """Return changes of a task as server-sent events; their ids count them from 1."""
    numbered = enumerate(answer.changes, answer.after + 1)
    return b"".join(
        _change_sse(number, change, {"task_id": task_id}) for number, change in numbered
    )


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
