"""Tasks as JSON. Parameters, options, counts, memory and outputs are JSON already and pass unread.

Arrays stay in the form they are stored in for who asks for it, and become lists for who does not.
"""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from quantumtask.api.serialization.array_json import plain
from quantumtask.shared.queue_stats import Expected, Queue
from quantumtask.shared.task import Change, Place, Result, Task

MOST_INLINE = 64 * 1024
"""Characters up to which what a task was given, its arrays and those of a sweep are part of it."""


def task_json(task: Task, *, encoded: bool = False, whole: bool = False) -> bytes:
    """One task; `whole`: with its result however large that is."""
    head = {**summary(task), "history": [_change(change) for change in task.changes]}
    if task.place:
        head["queue"] = _place(task.place)
    if task.failure:
        head["errors"] = [asdict(problem) for problem in task.failure.problems]
    if task.result:
        head |= {"result_bytes": task.result.bytes, "result_url": _result_url(task)}
    parts = [json.dumps(head)[:-1], ', "parameters": ', _given(task.parameters)]
    if task.options is not None:
        parts += [', "options": ', _given(task.options)]
    if task.metadata is not None:
        parts += [', "metadata": ', task.metadata]
    if task.result and (whole or is_inline(task.result)):
        parts += _texts(task.result, encoded)
    elif task.result:
        parts += [', "result": null, "data": null']
    return "".join([*parts, "}"]).encode()


def is_inline(result: Result) -> bool:
    """Whether a result is shown with its task: what the first version had is, always."""
    return result.registers is None or result.bytes <= MOST_INLINE


def result_json(task: Task, encoded: bool) -> bytes:
    """The result alone, whole, of a task that has one."""
    assert task.result
    head = {"task_id": task.id, **_described(task.result)}
    return "".join([json.dumps(head)[:-1], *_texts(task.result, encoded), "}"]).encode()


def _texts(result: Result, encoded: bool) -> list[str]:
    parts = [', "result": ', result.counts]
    if result.memory is not None:
        parts += [', "memory": ', result.memory]
    if result.outputs is not None:
        parts += [', "outputs": ', result.outputs]
    if result.data is not None:
        data = result.data if encoded else plain(result.data, result.registers or ())
        parts += [', "data": ', data]
    return parts


def _given(text: str | None) -> str:
    return "null" if text is None or len(text) > MOST_INLINE else text


def _result_url(task: Task) -> str:
    return f"/tasks/{task.id}/result"


def _described(result: Result) -> dict[str, Any]:
    """What the arrays of a result are of, and what became of its circuit; where it has that."""
    view: dict[str, Any] = {"compiled": result.compiled} if result.compiled else {}
    if result.registers is None:
        return view
    registers = [{"name": name, "size": size} for name, size in result.registers]
    return {"shape": result.shape or (), "registers": registers, **view}


LONGEST_ERROR = 200


def status_json(task: Task) -> bytes:
    """How a task stands, and nothing that can be large."""
    view: dict[str, Any] = {
        "task_id": task.id,
        "status": task.state.wire,
        "state": task.state.value,
        "attempt": task.attempt,
        "submitted_at": time_text(task.submitted_at),
        "started_at": time_text(task.started_at),
        "finished_at": time_text(task.finished_at),
    }
    if task.place:
        view["queue"] = _place(task.place)
    if task.result:
        if task.result.registers is not None:
            view["shape"] = task.result.shape or ()
        view |= {"result_bytes": task.result.bytes, "result_url": _result_url(task)}
    if task.failure:
        error = task.failure.message[:LONGEST_ERROR]
        view |= {"error": error, "error_code": task.failure.code}
    return json.dumps(view).encode()


def list_json(tasks: list[Task], limit: int) -> bytes:
    """A page of tasks, without results. The cursor is the last one's place in the queue."""
    cursor = str(tasks[-1].sequence) if len(tasks) == limit else None
    return json.dumps({"tasks": [summary(t) for t in tasks], "next_cursor": cursor}).encode()


def queue_json(queue: Queue) -> bytes:
    """The queue, with the owners that have most waiting."""
    view = {
        "waiting": queue.waiting,
        "running": queue.running,
        "oldest_submitted_at": time_text(queue.oldest_at),
        "workers": queue.workers,
        "slots": queue.slots,
        "owners": [asdict(share) | {"owner": share.owner or None} for share in queue.shares[:100]],
    }
    return json.dumps(view).encode()


def with_queue(told: bytes, expected: Expected) -> bytes:
    """What the Worker told of backends, with what a task has to expect there."""
    wait_s = None if expected.wait_s is None else round(expected.wait_s, 3)
    queue = json.dumps({"waiting": expected.waiting, "expected_wait_s": wait_s})
    return b"".join([told.rstrip()[:-1], b', "queue": ', queue.encode(), b"}"])


def _place(place: Place) -> dict[str, Any]:
    starts = None if place.starts_in_s is None else time.time() + place.starts_in_s
    return {
        "position": place.position,
        "at_least": place.at_least,
        "expected_start": time_text(starts),
    }


def summary(task: Task) -> dict[str, Any]:
    """What the list shows of a task."""
    waiting_ms, running_ms = _durations(task)
    view: dict[str, Any] = {
        "task_id": task.id,
        "status": task.state.wire,
        "state": task.state.value,
        "name": task.name,
        "tags": task.tags,
        "owner": task.owner or None,
        "priority": task.priority,
        "shots": task.shots,
        "attempt": task.attempt,
        "submitted_at": time_text(task.submitted_at),
        "started_at": time_text(task.started_at),
        "finished_at": time_text(task.finished_at),
        "waiting_ms": waiting_ms,
        "running_ms": running_ms,
    }
    if task.result:
        result = task.result
        view |= {
            "seed": result.seed,
            "engine": result.engine,
            "engine_version": result.engine_version,
            "method": result.method,
            "precision": result.precision,
            "reason": result.reason,
            "warnings": result.warnings,
            **_described(result),
        }
    if task.batch is not None:
        view |= {"batch_id": task.batch, "item": task.item}
    if task.failure:
        view |= {"error": task.failure.message, "error_code": task.failure.code}
    return view


def _durations(task: Task) -> tuple[float | None, float | None]:
    """Milliseconds waiting and running. Time spent beside others in a chunk counts as waiting."""
    if task.finished_at is None:
        started = task.started_at
        return (None if started is None else _ms(started - task.submitted_at)), None
    running = 0.0
    if task.result:
        running = task.result.run_ms
    elif task.started_at is not None:
        running = (task.finished_at - task.started_at) * 1e3
    return max(0.0, _ms(task.finished_at - task.submitted_at - running / 1e3)), round(running, 3)


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 3)


def _change(change: Change) -> dict[str, Any]:
    return {
        "move": change.move,
        "state": change.state.value,
        "at": time_text(change.at),
        "attempt": change.attempt,
        "worker": change.worker,
    }


def time_text(seconds: float | None) -> str | None:
    """A moment in RFC 3339, UTC, to the millisecond; None stays None."""
    if seconds is None:
        return None
    whole, ms = divmod(round(seconds * 1e3), 1000)
    return f"{_second(whole)}.{ms:03d}Z"


@lru_cache(16)
def _second(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).isoformat()[:19]
