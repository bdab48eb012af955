"""Tasks and the queue as JSON text.

Parameters, options, metadata, counts, memory and outputs are JSON text already: they are copied
into the text without parsing. Arrays stay in base64 if the client accepts that, and become nested
lists otherwise.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from quantumtask.api.serialization.array_json import list_pieces
from quantumtask.shared.blobs import FIELDS, PIECE_BYTES
from quantumtask.shared.queue_stats import ExpectedWait, QueueStats
from quantumtask.shared.task import QueuePosition, Result, StateChange, Task
from quantumtask.shared.task_progress import TaskProgress

ResultTexts: TypeAlias = Iterator[tuple[str, bytes]]
"""The texts of a result, in pieces, each with the name of its field."""

MAX_INLINE_CHARACTERS = 64 * 1024
"""Size up to which parameters, options, arrays and sweep results are part of a task."""


def task_json(task: Task, *, encoded: bool = False, whole: bool = False) -> bytes:
    """Return one task whose result, if any, is in memory.

    Args:
        task: The task.
        encoded: Leave arrays in base64.
        whole: Include a result of any size.
    """
    texts = None
    if task.result and (whole or is_inline(task.result)):
        texts = result_texts(task.result)
    return b"".join(task_pieces(task, texts, encoded))


def task_pieces(task: Task, texts: ResultTexts | None, encoded: bool) -> Iterator[bytes]:
    """Yield one task as JSON, in pieces.

    Args:
        task: The task.
        texts: The texts of its result; None: leave the result out.
        encoded: Leave arrays in base64.
    """
    head = {**task_summary(task), "history": [_change_fields(change) for change in task.changes]}
    if task.queue_position:
        head["queue"] = _queue_position(task.queue_position)
    if task.failure:
        head["errors"] = [asdict(problem) for problem in task.failure.problems]
    if task.result:
        head |= {"result_bytes": task.result.json_size, "result_url": _result_url(task)}
    parts = [json.dumps(head)[:-1], ', "parameters": ', _inline_or_null(task.parameters)]
    if task.options is not None:
        parts += [', "options": ', _inline_or_null(task.options)]
    if task.metadata is not None:
        parts += [', "metadata": ', task.metadata]
    if task.result and texts is None:
        parts += [', "result": null, "data": null']
    yield "".join(parts).encode()
    if task.result and texts is not None:
        yield from _result_members(task.result, texts, encoded)
    yield b"}"


def is_inline(result: Result) -> bool:
    """Return True if a result is part of its task.

    Counts without a sweep or arrays are, of any size, as in the first release.
    """
    return result.registers is None or result.json_size <= MAX_INLINE_CHARACTERS


def result_json(task: Task, encoded: bool) -> bytes:
    """Return the whole result of a task that has one in memory, without the task."""
    assert task.result
    return b"".join(result_pieces(task, result_texts(task.result), encoded))


def result_pieces(task: Task, texts: ResultTexts, encoded: bool) -> Iterator[bytes]:
    """Yield the whole result of a task that has one, without the task, in pieces of JSON."""
    assert task.result
    head = {"task_id": task.id, **_result_metadata(task.result)}
    yield json.dumps(head)[:-1].encode()
    yield from _result_members(task.result, texts, encoded)
    yield b"}"


def result_texts(result: Result) -> ResultTexts:
    """Yield the texts of a result that is in memory, as `unpack_result` does for an object."""
    for field, text in zip(FIELDS, result.texts, strict=True):
        for start in range(0, len(text or ""), PIECE_BYTES):
            yield field, (text or "")[start : start + PIECE_BYTES].encode()


def _result_members(result: Result, texts: ResultTexts, encoded: bool) -> Iterator[bytes]:
    for field, group in groupby(texts, itemgetter(0)):
        pieces = (piece for _, piece in group)
        yield f', "{_MEMBERS.get(field, field)}": '.encode()
        lists = field == "data" and not encoded
        yield from list_pieces(pieces, result.registers or ()) if lists else pieces


_MEMBERS = {"counts": "result"}
"""Names of members of a JSON object that are not the name of their field."""


def _inline_or_null(text: str | None) -> str:
    return "null" if text is None or len(text) > MAX_INLINE_CHARACTERS else text


def _result_url(task: Task) -> str:
    return f"/tasks/{task.id}/result"


def _result_metadata(result: Result) -> dict[str, Any]:
    """Return the shape, the registers and the compiled circuit, as far as the result has them."""
    compiled: dict[str, Any] = {"compiled": result.compiled} if result.compiled else {}
    if result.registers is None:
        return compiled
    registers = [{"name": name, "size": size} for name, size in result.registers]
    return {"shape": result.shape or (), "registers": registers, **compiled}


MAX_ERROR_CHARACTERS = 200


def task_submitted_json(task_id: str) -> str:
    """Return the response to a submission. The fast route has no time for `json.dumps`."""
    return f'{{"task_id": "{task_id}", "status": "submitted"}}'


def task_cancelled_json(task_id: str) -> str:
    """Return the response to a cancellation."""
    return f'{{"task_id": "{task_id}", "status": "cancelled"}}'


def status_json(task: Task) -> bytes:
    """Return the state of a task, without everything that can be large."""
    fields: dict[str, Any] = {
        "task_id": task.id,
        "status": task.state.status,
        "state": task.state.value,
        "attempt": task.attempt,
        "submitted_at": format_time(task.submitted_at),
        "started_at": format_time(task.started_at),
        "finished_at": format_time(task.finished_at),
    }
    if task.queue_position:
        fields["queue"] = _queue_position(task.queue_position)
    if task.progress:
        fields["progress"] = progress_fields(task.progress)
    if task.result:
        if task.result.registers is not None:
            fields["shape"] = task.result.shape or ()
        fields |= {"result_bytes": task.result.json_size, "result_url": _result_url(task)}
    if task.failure:
        error = task.failure.message[:MAX_ERROR_CHARACTERS]
        fields |= {"error": error, "error_code": task.failure.code}
    return json.dumps(fields).encode()


def list_json(tasks: list[Task], limit: int) -> bytes:
    """Return a page of tasks without results. The cursor is the sequence of the last one."""
    cursor = str(tasks[-1].sequence) if len(tasks) == limit else None
    return json.dumps({"tasks": [task_summary(t) for t in tasks], "next_cursor": cursor}).encode()


def queue_json(queue: QueueStats) -> bytes:
    """Return the queue, with the 100 owners that have the most waiting tasks."""
    fields = {
        "waiting": queue.waiting,
        "running": queue.running,
        "oldest_submitted_at": format_time(queue.oldest_at),
        "workers": queue.workers,
        "slots": queue.slots,
        "owners": [asdict(share) | {"owner": share.owner or None} for share in queue.owners[:100]],
    }
    return json.dumps(fields).encode()


def backends_json(backends: bytes, expected: ExpectedWait) -> bytes:
    """Return the worker's JSON object about backends with the member `queue` added."""
    wait_s = None if expected.wait_s is None else round(expected.wait_s, 3)
    queue = json.dumps({"waiting": expected.waiting, "expected_wait_s": wait_s})
    return b"".join([backends.rstrip()[:-1], b', "queue": ', queue.encode(), b"}"])


def _queue_position(place: QueuePosition) -> dict[str, Any]:
    starts = None if place.starts_in_s is None else time.time() + place.starts_in_s
    return {
        "position": place.position,
        "at_least": place.at_least,
        "expected_start": format_time(starts),
    }


def progress_fields(progress: TaskProgress) -> dict[str, float | None]:
    """Return the progress of a task, with the digits that it is known to."""
    fraction, remaining_s = progress.fraction, progress.remaining_s
    return {
        "fraction": None if fraction is None else round(fraction, 4),
        "remaining_s": None if remaining_s is None else round(remaining_s, 1),
    }


def task_summary(task: Task) -> dict[str, Any]:
    """Return the fields of a task in a list."""
    waiting_ms, running_ms = _durations(task)
    fields: dict[str, Any] = {
        "task_id": task.id,
        "status": task.state.status,
        "state": str(task.state),
        "name": task.name,
        "tags": task.tags,
        "project": task.project,
        "owner": task.owner or None,
        "priority": task.priority,
        "shots": task.shots,
        "attempt": task.attempt,
        "submitted_at": format_time(task.submitted_at),
        "started_at": format_time(task.started_at),
        "finished_at": format_time(task.finished_at),
        "waiting_ms": waiting_ms,
        "running_ms": running_ms,
    }
    if task.progress:
        fields["progress"] = progress_fields(task.progress)
    if task.result:
        result = task.result
        fields |= {
            "seed": result.seed,
            "engine": result.engine,
            "engine_version": result.engine_version,
            "method": result.method,
            "precision": result.precision,
            "threads": result.threads or 1,
            "reason": result.reason,
            "warnings": result.warnings,
            **_result_metadata(result),
            **_stage_times(result),
        }
    if task.batch is not None:
        fields |= {"batch_id": task.batch, "item": task.item}
    if task.failure:
        fields |= {"error": task.failure.message, "error_code": task.failure.code}
    return fields


def _stage_times(result: Result) -> dict[str, float]:
    """Return the milliseconds of compilation and of storage, as far as they were measured."""
    times = {"compile_ms": result.compile_ms, "store_ms": result.store_ms}
    return {name: value for name, value in times.items() if value is not None}


def _durations(task: Task) -> tuple[float | None, float | None]:
    """Return the milliseconds of waiting and running.

    Time in a chunk in which other tasks run counts as waiting.
    """
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


def _change_fields(change: StateChange) -> dict[str, Any]:
    return {
        "move": change.move,
        "state": str(change.state),
        "at": format_time(change.at),
        "attempt": change.attempt,
        "worker": change.worker,
    }


@lru_cache(64)  # a task has most of its times twice, in its fields and in its history
def format_time(seconds: float | None) -> str | None:
    """Return a time (seconds since 1970) in RFC 3339, UTC, to the millisecond; None stays None."""
    if seconds is None:
        return None
    second, ms = divmod(round(seconds * 1e3), 1000)
    return f"{_format_second(second)}.{ms:03d}Z"


@lru_cache(16)
def _format_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:19]
