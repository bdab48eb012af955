"""Example batches of the OpenAPI document, rendered by the code of real responses."""

import json
from dataclasses import replace
from typing import Any

from quantumtask.api.routes.batch_json import (
    batch_json,
    batch_sse,
    batch_submitted_json,
    batches_json,
    ndjson_pieces,
    task_sse,
)
from quantumtask.api.routes.task_examples import COMPLETED_TASK, ID, RUNNING_TASK, SUBMITTED_AT
from quantumtask.api.serialization.task_json import result_texts
from quantumtask.api.service.batches import BatchReceipt
from quantumtask.api.watch.event_streams import FinishedTask
from quantumtask.api.watch.queries import BatchEvents, TaskChanges
from quantumtask.shared.batch import Batch, BatchEvent, BatchVersion, TaskVersion
from quantumtask.shared.task import TaskState

BATCH_ID = "019ab0a2-6a3c-7c1e-9d0b-3a5c0c6b1f42"

_PENDING = Batch(
    id=BATCH_ID,
    sequence=7,
    name="angles",
    tags=("demo",),
    size=1000,
    submitted_at=SUBMITTED_AT,
    finished_at=None,
    states={
        TaskState.SUBMITTED: 640,
        TaskState.RUNNING: 2,
        TaskState.COMPLETED: 357,
        TaskState.FAILED: 1,
    },
)
_COMPLETED = replace(
    _PENDING,
    finished_at=SUBMITTED_AT + 6.333,
    states={TaskState.COMPLETED: 999, TaskState.FAILED: 1},
)
_CANCELLED = replace(
    _COMPLETED,
    states={TaskState.COMPLETED: 357, TaskState.FAILED: 1, TaskState.CANCELLED: 642},
)
_EVENTS = [
    BatchEvent(place, ID, 0, change) for place, change in enumerate(COMPLETED_TASK.changes, 1)
]


def _batch(batch: Batch) -> Any:
    return json.loads(batch_json(batch))


SUBMITTED = {"accepted": json.loads(batch_submitted_json(BatchReceipt(BATCH_ID, [ID])))}
BATCH = {"pending": _batch(_PENDING), "completed": _batch(_COMPLETED)}
CANCELLED = {"cancelled": _batch(_CANCELLED)}
LIST = {"page": json.loads(batches_json([_PENDING], limit=1))}
_FINISHED = FinishedTask(0, replace(COMPLETED_TASK, batch=BATCH_ID, item=12))
assert _FINISHED.task.result
RESULT_LINE = b"".join(
    ndjson_pieces(_FINISHED, result_texts(_FINISHED.task.result), encoded=False)
).decode()
TASK_EVENTS = b"".join(
    task_sse(ID, changes)
    for changes in (
        TaskChanges(
            TaskVersion(TaskState.RUNNING, 1, 41), 0, RUNNING_TASK.changes, RUNNING_TASK.progress
        ),
        TaskChanges(TaskVersion(TaskState.COMPLETED, 1, 41), 2, COMPLETED_TASK.changes[2:]),
    )
).decode()
BATCH_EVENTS = batch_sse(
    BATCH_ID, BatchEvents(BatchVersion(events=3, ended=1, size=1), _EVENTS, cursor=3)
).decode()
