"""Tasks as rows of the database, and rows as tasks. No SQL, no decision: only what stands where."""

import json
from dataclasses import fields
from typing import Any

from quantumtask.shared.database.base import Row
from quantumtask.shared.task import (
    AUTO,
    Assignment,
    Blob,
    Failure,
    Problem,
    Result,
    StateChange,
    Submission,
    Task,
    TaskSpec,
    TaskState,
    parse_result_fields,
)

_APART = frozenset({"counts", "memory", "outputs", "data", "blob"})
"""What of a Result has columns of its own, because it can be large; the rest is its report."""
_SELDOM = frozenset({"shape", "registers", "compiled", "size"})
"""What of a report is left out where there is none: few have it, and the version before, which
shows every other task, does not know it."""
_REPORT = tuple(field.name for field in fields(Result) if field.name not in _APART | _SELDOM)

_NEWER = "newer:"
"""Before the engine of a task with options: the version before, which would run it without them,
knows no such engine, and says that."""


def to_insert_row(submission: Submission, fair: float) -> dict[str, Any]:
    """A submission as the `insert` query takes it; `fair`: where it begins on the line of work."""
    spec = submission.spec
    return {
        "id": submission.id,
        "shots": spec.shots,
        "seed": spec.seed,
        "memory": int(spec.memory),
        "timeout_s": float(spec.timeout_s),
        "engine": _engine(spec),
        "method": spec.method,
        "name": spec.name,
        "tags": json.dumps(spec.tags) if spec.tags else "[]",
        "cost_ms": float(submission.cost_ms),
        "owner": spec.owner,
        "rank": -spec.priority,
        "fair": fair,
        "batch": submission.batch,
        "item": submission.item,
    }


def _engine(spec: TaskSpec) -> str | None:
    if spec.options is not None:
        return _NEWER + spec.engine
    return None if spec.engine == AUTO else spec.engine


def to_completion_row(assignment: Assignment, result: Result) -> dict[str, Any]:
    """A result as the `complete` query takes it."""
    return {
        "id": assignment.id,
        "attempt": assignment.attempt,
        "result": result.counts,
        "result_memory": result.memory,
        "result_outputs": result.outputs,
        "result_data": result.data,
        "blob": result.blob and result.blob.name,
        "blob_bytes": result.blob and result.blob.size,
        "blob_sha256": result.blob and result.blob.sha256,
        "report": json.dumps(_report(result)),
    }


def _report(result: Result) -> dict[str, Any]:
    found = {name: getattr(result, name) for name in _REPORT}
    found |= {name: value for name in _SELDOM if (value := getattr(result, name)) is not None}
    return found


def assignment_from_row(
    row: Row, worker: str, circuit: bytes, parameters: str | None, options: str | None
) -> Assignment:
    """What the `claim` and `read_circuits` queries returned."""
    _, _, attempt, task_id, crashes, cost_ms, shots, seed, memory, timeout_s, *chosen = row
    engine, method, submitted_at, claimed_at, _, _ = chosen
    spec = TaskSpec(
        circuit.decode(), shots, seed, bool(memory), timeout_s,
        parameters=parameters, engine=(engine or AUTO).removeprefix(_NEWER), method=method,
        options=options,
    )  # fmt: skip
    return Assignment(task_id, attempt, worker, crashes, cost_ms, spec, submitted_at, claimed_at)


def state_change_from_row(
    move: str, state: str, at: float, attempt: int, worker: str | None
) -> StateChange:
    """What the `read_changes` query returned."""
    return StateChange(move, TaskState(state), at, attempt, worker)


def task_from_row(row: Row, changes: tuple[StateChange, ...] = ()) -> Task:
    """What the `read` and `list` queries returned."""
    task_id, sequence, state, shots, name, tags, submitted, attempt, started, finished = row[:10]
    owner, rank, _ = row[10:13]
    code, message, problems, batch, item, parameters, options, metadata = row[21:]
    return Task(
        id=task_id,
        sequence=sequence,
        state=TaskState(state),
        shots=shots,
        name=name,
        tags=tuple(json.loads(tags)),
        submitted_at=submitted,
        attempt=attempt,
        started_at=started,
        finished_at=finished,
        result=_result(*row[13:21]),
        failure=_failure(code, message, problems),
        changes=changes,
        parameters=parameters,
        options=options,
        owner=owner,
        priority=-rank,
        batch=batch,
        item=item,
        metadata=metadata,
    )


def _result(
    counts: str | None,
    memory: str | None,
    outputs: str | None,
    data: str | None,
    report: str | None,
    *blob: Any,
) -> Result | None:
    if report is None:
        return None
    fields = parse_result_fields(json.loads(report))
    where = Blob(*blob) if blob[0] else None
    return Result(counts or "", memory, outputs=outputs, data=data, blob=where, **fields)


def _failure(code: str | None, message: str, problems: str | None) -> Failure | None:
    if code is None:
        return None
    return Failure(code, message, tuple(Problem(**p) for p in json.loads(problems or "[]")))
