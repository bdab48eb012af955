"""Batches, their results and events as text."""

import json
from collections.abc import Sequence
from typing import Any

from quantumtask.api.serialization.task_json import task_json, time_text
from quantumtask.api.service.batches import Taken
from quantumtask.api.watch.event_streams import Line
from quantumtask.api.watch.queries import Events, History
from quantumtask.shared.api_store import Batch
from quantumtask.shared.task import Change, Status

BEAT = b":\n\n"
"""What a stream of events says when there is nothing to tell."""


def taken_json(taken: Taken) -> bytes:
    """What is told of a batch once it is stored."""
    view = {"batch_id": taken.id, "status": "submitted", "task_ids": taken.task_ids}
    return json.dumps(view).encode()


def batch_json(batch: Batch) -> bytes:
    """A batch, with how many of its tasks are in each state."""
    view = _view(batch)
    if batch.metadata is not None:
        view["metadata"] = json.loads(batch.metadata)
    return json.dumps(view).encode()


def batches_json(batches: Sequence[Batch], limit: int) -> bytes:
    """A page of batches. The cursor is the last one's place in the order of submission."""
    cursor = str(batches[-1].sequence) if len(batches) == limit else None
    return json.dumps({"batches": [_view(b) for b in batches], "next_cursor": cursor}).encode()


def _view(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.id,
        "status": "pending" if batch.finished_at is None else "completed",
        "name": batch.name,
        "tags": batch.tags,
        "size": batch.size,
        "submitted_at": time_text(batch.submitted_at),
        "finished_at": time_text(batch.finished_at),
        "states": {state.value: batch.states.get(state, 0) for state in Status},
    }


def line_json(line: Line, encoded: bool) -> bytes:
    """A line of NDJSON: a task of a batch, with all of its result, and its offset."""
    head = f'{{"offset": {line.offset}, '.encode()
    text = head + task_json(line.task, encoded=encoded, whole=not line.error)[1:]
    if line.error:
        why = {"error": line.error.message, "error_code": line.error.code}
        text = text[:-1] + b", " + json.dumps(why)[1:].encode()
    return text + b"\n"


def history_events(task_id: str, history: History) -> bytes:
    """Changes of a task as server-sent events; their ids count them from 1."""
    told = enumerate(history.changes, history.number + 1)
    return b"".join(_event(number, change, {"task_id": task_id}) for number, change in told)


def batch_events(batch_id: str, events: Events) -> bytes:
    """Changes of a batch's tasks as server-sent events; behind the last of them, its end."""
    told = [
        _event(place, change, {"task_id": task_id, "item": item})
        for place, task_id, item, change in events.events
    ]
    if events.last:
        told.append(_text(events.mark.events + 1, "end", {"batch_id": batch_id}))
    return b"".join(told)


def _event(number: int, change: Change, whose: dict[str, Any]) -> bytes:
    about = {
        "state": change.state.value,
        "status": change.state.wire,
        "at": time_text(change.at),
        "attempt": change.attempt,
        "move": change.move,
    }
    return _text(number, change.state.value, whose | about)


def _text(number: int, kind: str, data: dict[str, Any]) -> bytes:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()
