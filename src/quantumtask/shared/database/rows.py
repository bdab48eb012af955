"""Rows of the database by name, and their conversion from and to tasks. No SQL.

Each row type has the columns of the queries that return it, in their order; a test compares both.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from quantumtask.shared.database.batch_rows import BatchEventRow
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
from quantumtask.shared.task_progress import TaskProgress

_COLUMNS_OF_RESULT = frozenset({"counts", "memory", "outputs", "data", "blob"})
"""Fields of a Result with columns of their own, because they can be large."""
_OPTIONAL_IN_REPORT = frozenset(
    {"shape", "registers", "compiled", "size", "threads", "compile_ms", "store_ms"}
)
"""Fields that a report contains only if they are set: the previous release does not know them."""
_IN_REPORT = tuple(field.name for field in fields(Result) if field.name not in _COLUMNS_OF_RESULT)
_ALWAYS_IN_REPORT = tuple(name for name in _IN_REPORT if name not in _OPTIONAL_IN_REPORT)

OPTIONS_ENGINE_PREFIX = "newer:"
"""Prefix of the engine of a task with options. A worker of the previous release rejects the unknown
engine instead of running the task without its options."""


class MovedRow(NamedTuple):
    """A task after a move."""

    sequence: int
    state: str
    attempt: int
    id: str


class ClaimedRow(NamedTuple):
    """A task after its claim, without its texts."""

    sequence: int
    state: str
    attempt: int
    id: str
    crashes: int
    cost_ms: float
    shots: int
    seed: int | None
    memory: int
    timeout_s: float
    engine: str | None
    method: str | None
    submitted_at: float
    started_at: float
    rank: int
    fair: float


class CircuitRow(NamedTuple):
    """The texts of a task that a worker needs."""

    sequence: int
    circuit: bytes
    parameters: str | None
    options: str | None


class AttemptRow(NamedTuple):
    """A task with the attempt that a worker holds."""

    id: str
    attempt: int


class LeaseRow(NamedTuple):
    """A lease; SQLite returns `expired` as a number."""

    worker: str
    expires_at: float
    expired: bool


class ListedTaskRow(NamedTuple):
    """A task in a list."""

    id: str
    sequence: int
    state: str
    shots: int
    name: str | None
    tags: str
    submitted_at: float
    attempt: int
    started_at: float | None
    finished_at: float | None
    project: str
    owner: str
    rank: int
    report: str | None
    failure_code: str | None
    failure: str
    batch: str | None
    item: int | None
    progress: float | None
    remaining_s: float | None


class TaskRow(NamedTuple):
    """A task with all of its columns and texts, except its circuit."""

    id: str
    sequence: int
    state: str
    shots: int
    name: str | None
    tags: str
    submitted_at: float
    attempt: int
    started_at: float | None
    finished_at: float | None
    project: str
    owner: str
    rank: int
    fair: float
    report: str | None
    failure_code: str | None
    failure: str
    batch: str | None
    item: int | None
    progress: float | None
    remaining_s: float | None
    result: str | None
    result_memory: str | None
    result_outputs: str | None
    result_data: str | None
    blob: str | None
    blob_bytes: int
    blob_sha256: str
    problems: str | None
    parameters: str | None
    options: str | None
    metadata: str | None


class ChangeRow(NamedTuple):
    """An entry of the history of a task."""

    sequence: int
    move: str
    state: str
    at: float
    attempt: int
    worker: str | None


class OwnerCountRow(NamedTuple):
    """A number of tasks of one project, owner and rank, which is the negated priority."""

    project: str
    owner: str
    rank: int
    tasks: int


class TasksAheadRow(NamedTuple):
    """The number of tasks ahead of a task, and their predicted work in ms."""

    tasks: int
    work_ms: float


class KeyRow(NamedTuple):
    """An idempotency key: the digest of the body, and the id of the task or batch."""

    digest: str
    task_id: str


class BlobRow(NamedTuple):
    """The stored object that a task names.

    `running_attempt` is the attempt that runs now: it may store another object.
    """

    id: str
    blob: str | None
    running_attempt: int | None


class DeletedTaskRow(NamedTuple):
    """A task to delete, with the object that it names."""

    sequence: int
    blob: str | None


def to_insert_row(submission: Submission, virtual_start: float) -> dict[str, Any]:
    """Return the values of the query `insert_task`."""
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
        "project": spec.project,
        "owner": spec.owner,
        "rank": -spec.priority,
        "virtual_start": virtual_start,
        "batch": submission.batch,
        "item": submission.item,
    }


def _engine(spec: TaskSpec) -> str | None:
    if spec.options is not None:
        return OPTIONS_ENGINE_PREFIX + spec.engine
    return None if spec.engine == AUTO else spec.engine


def to_completion_row(
    task_id: str, attempt: int, result: Result, store_ms: float | None = None
) -> dict[str, Any]:
    """Return the values of the query `complete`; `store_ms` becomes a part of the report."""
    return {
        "id": task_id,
        "attempt": attempt,
        "result": result.counts,
        "result_memory": result.memory,
        "result_outputs": result.outputs,
        "result_data": result.data,
        "blob": result.blob and result.blob.name,
        "blob_bytes": result.blob and result.blob.size,
        "blob_sha256": result.blob and result.blob.sha256,
        "report": json.dumps(_report(result, store_ms)),
        "processor_s": result.run_ms / 1e3 * (result.threads or 1),
        "result_bytes": result.blob.size if result.blob else result.json_size,
    }


def _report(result: Result, store_ms: float | None) -> dict[str, Any]:
    report = {name: getattr(result, name) for name in _ALWAYS_IN_REPORT}
    if store_ms is not None:
        report["store_ms"] = round(store_ms, 3)
    for name in _OPTIONAL_IN_REPORT:
        if (value := getattr(result, name)) is not None:
            report[name] = value
    return report


def assignment_from_row(row: ClaimedRow, texts: CircuitRow, worker: str) -> Assignment:
    """Return the assignment of a claimed task to a worker."""
    spec = TaskSpec(
        texts.circuit.decode(),
        row.shots,
        row.seed,
        bool(row.memory),
        row.timeout_s,
        parameters=texts.parameters,
        engine=(row.engine or AUTO).removeprefix(OPTIONS_ENGINE_PREFIX),
        method=row.method,
        options=texts.options,
    )
    return Assignment(
        id=row.id,
        attempt=row.attempt,
        worker=worker,
        crashes=row.crashes,
        cost_ms=row.cost_ms,
        spec=spec,
        submitted_at=row.submitted_at,
        claimed_at=row.started_at,
    )


def state_change_from_row(row: ChangeRow | BatchEventRow) -> StateChange:
    """Return the entry of a history."""
    return StateChange(row.move, TaskState(row.state), row.at, row.attempt, row.worker)


def task_from_listed_row(row: ListedTaskRow) -> Task:
    """Return a task for a list, without the fields that can be large."""
    result = None
    if row.report is not None:
        result = Result(counts="", memory=None, **_report_fields(row.report))
    return _task(row, result=result, failure=_failure(row, "[]"))


def task_from_row(row: TaskRow, changes: tuple[StateChange, ...]) -> Task:
    """Return a task with all of its fields except `queue_position`."""
    return _task(
        row,
        result=_result(row),
        failure=_failure(row, row.problems or "[]"),
        changes=changes,
        parameters=row.parameters,
        options=row.options,
        metadata=row.metadata,
    )


def _task(row: ListedTaskRow | TaskRow, **details: Any) -> Task:
    return Task(
        id=row.id,
        sequence=row.sequence,
        state=TaskState(row.state),
        shots=row.shots,
        name=row.name,
        tags=tuple(json.loads(row.tags)),
        submitted_at=row.submitted_at,
        attempt=row.attempt,
        started_at=row.started_at,
        finished_at=row.finished_at,
        project=row.project,
        owner=row.owner,
        priority=-row.rank,
        batch=row.batch,
        item=row.item,
        progress=_progress(row),
        **details,
    )


def _progress(row: ListedTaskRow | TaskRow) -> TaskProgress | None:
    """Return the progress of a running task; an expected end that has passed is not known."""
    remaining_s = row.remaining_s if row.remaining_s and row.remaining_s > 0 else None
    if row.state != TaskState.RUNNING or (row.progress is None and remaining_s is None):
        return None
    return TaskProgress(row.progress, remaining_s)


def _result(row: TaskRow) -> Result | None:
    if row.report is None:
        return None
    return Result(
        counts=row.result or "",
        memory=row.result_memory,
        outputs=row.result_outputs,
        data=row.result_data,
        blob=Blob(row.blob, row.blob_bytes, row.blob_sha256) if row.blob else None,
        **_report_fields(row.report),
    )


def _report_fields(report: str) -> Mapping[str, Any]:
    """Return the fields of a report; those that only a newer release knows are left out."""
    known = parse_result_fields(json.loads(report))
    return {name: value for name, value in known.items() if name in _IN_REPORT}


def _failure(row: ListedTaskRow | TaskRow, problems: str) -> Failure | None:
    if row.failure_code is None:
        return None
    problem_list = tuple(Problem(**fields) for fields in json.loads(problems))
    return Failure(row.failure_code, row.failure, problem_list)
